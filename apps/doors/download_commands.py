"""The exact commands with which a user gets a release through each door."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from apps.access.authorize import find_access_policy
from apps.accounts.access import Principal
from apps.datasets.models import Dataset
from apps.releases.models import Release

TOKEN_VARIABLE = "EARMARK_TOKEN"  # noqa: S105 - the name of a variable
LINK = "Browser"


@dataclass(frozen=True, slots=True)
class Command:
    """One way to take a release; `label` ends the sentence "Copy …"."""

    door: str
    label: str
    text: str
    note: str

    @property
    def is_link(self) -> bool:
        return self.door == LINK


def list_commands(principal: Principal, release: Release) -> list[Command]:
    """Every way to get this release; signing in comes first where it is needed."""
    gated = find_access_policy(release) != Dataset.Access.OPEN
    first = [build_sign_in_command(principal)] if gated else []
    return [
        *list_web_commands(release, gated=gated),
        *first,
        *list_dvc_commands(release),
        *list_hub_commands(release, gated=gated),
        build_croissant_command(release, gated=gated),
    ]


def list_web_commands(release: Release, *, gated: bool) -> list[Command]:
    """Over the web and REST: by the browser, by curl, and by a command of our own."""
    dataset, version = release.dataset, release.version
    archive = f"{_read_base_url()}/api/v1/datasets/{dataset}/releases/{version}/archive/"
    file = f"{dataset.name}-{version}.tar"
    header = f'-H "Authorization: Bearer ${TOKEN_VARIABLE}" ' if gated else ""
    token = f"with a token of yours in {TOKEN_VARIABLE}" if gated else "without a token"
    return [
        Command(
            LINK,
            "the link",
            archive,
            "All clips, tables, licences and the proof of the root, as one tar.",
        ),
        Command(
            "REST",
            "the curl command",
            f"curl -fsS -C - -o {file} {header}{archive}",
            f"The same tar, {token}; called again, it goes on where it was cut off.",
        ),
        Command(
            "earmark",
            "the earmark command",
            f"EARMARK_URL={_read_base_url()} earmark pull {dataset}@{version}",
            f"By Earmark's own client, {token}: in parallel, every byte checked up to the root.",
        ),
    ]


def build_sign_in_command(principal: Principal) -> Command:
    """One line that keeps `$EARMARK_TOKEN` where git and DVC look for it.

    DVC clones by git, which asks its credential helper, and fetches objects by HTTP, which reads
    ~/.netrc: both are needed. A helper that is set already stays.
    """
    address = urlsplit(settings.BASE_URL)
    name = shlex.quote(principal.get_username() or "token")
    host = f"{address.hostname}:{address.port}" if address.port else address.hostname
    token = f'"${TOKEN_VARIABLE}"'
    line = f"machine %s login %s password %s\\n' {address.hostname} {name} {token}"
    fields = r"protocol=%s\nhost=%s\nusername=%s\npassword=%s\n\n"
    helper = "git config --global credential.helper"
    steps = (
        f"printf '{line} >> ~/.netrc",
        "chmod 600 ~/.netrc",
        f"{{ {helper} >/dev/null || {helper} store; }}",
        f"printf '{fields}' {address.scheme} {host} {name} {token} | git credential approve",
    )
    return Command(
        "Sign in",
        "the line that signs this machine in",
        " && ".join(steps),
        f"Once on each machine, with a token of yours in {TOKEN_VARIABLE}.",
    )


def list_dvc_commands(release: Release) -> list[Command]:
    dataset, tag = release.dataset, release.tag
    folder = dataset.name
    git = f"{_read_base_url()}/git/{dataset}.git"
    return [
        Command(
            "DVC",
            "the DVC command",
            f"dvc get {git} data --rev {tag} -o {folder}",
            "The whole tree of this version, each file checked by its hash.",
        ),
        Command(
            "DVC, one file",
            "the DVC command for the table of clips",
            f"dvc get {git} data/clips.parquet --rev {tag}",
            "Any file of the tree by itself; this one is the table of clips.",
        ),
        Command(
            "DVC project",
            "the DVC import command",
            f"dvc import {git} data --rev {tag}",
            "Into a DVC project of your own, which remembers the version.",
        ),
        Command(
            "git and DVC",
            "the git and DVC commands",
            f"git clone --branch {tag} {git}\ncd {folder} && dvc pull",
            "A working copy that can move on to the next version.",
        ),
    ]


def list_hub_commands(release: Release, *, gated: bool) -> list[Command]:
    """For the Hub's own tools, which read the token from a variable of theirs."""
    dataset, tag = release.dataset, release.tag
    token = f'HF_TOKEN="${TOKEN_VARIABLE}" ' if gated else ""
    setting = f"HF_ENDPOINT={_read_base_url()} {token}"
    snapshot = (
        "from huggingface_hub import snapshot_download;"
        f' print(snapshot_download("{dataset}", repo_type="dataset", revision="{tag}"))'
    )
    program = (
        f'from datasets import load_dataset; print(load_dataset("{dataset}", revision="{tag}"))'
    )
    return [
        Command(
            "Hugging Face Hub",
            "the command of the Hub's client",
            f"{setting}hf download {dataset} --repo-type dataset --revision {tag}",
            "Parquet files with the audio inside, by the Hub's own client.",
        ),
        Command(
            "huggingface_hub",
            "the command that downloads it in Python",
            f"{setting}python -c '{snapshot}'",
            "The same from a program; it prints the folder.",
        ),
        Command(
            "datasets",
            "the command that loads it in Python",
            f"{setting}python -c '{program}'",
            "Rows in Python, by the datasets library.",
        ),
    ]


def build_croissant_command(release: Release, *, gated: bool) -> Command:
    """For mlcroissant, which sends a name and a password for files, but none for the description.

    Given on request, the description is fetched first, as the person it names the files for.
    """
    address = build_croissant_address(release)
    source = address
    first = ""
    if gated:
        source = f"{release.dataset.name}-{release.version}.croissant.json"
        first = (
            f'curl -fsS -H "Authorization: Bearer ${TOKEN_VARIABLE}" -o {source} "{address}"\n'
            "export CROISSANT_BASIC_AUTH_USERNAME=token"
            f' CROISSANT_BASIC_AUTH_PASSWORD="${TOKEN_VARIABLE}"\n'
        )
    program = (
        "import mlcroissant;"
        f' clips = mlcroissant.Dataset("{source}").records("clips");'
        " print(sum(1 for clip in clips))"
    )
    return Command(
        "Croissant",
        "the commands of mlcroissant",
        f"{first}python -c '{program}'",
        "Records of clips (or of events) in Python, by mlcroissant.",
    )


def build_croissant_address(release: Release) -> str:
    """Where the web door describes this version in Croissant."""
    return f"{_read_base_url()}/datasets/{release.dataset}/croissant.json?revision={release.tag}"


def _read_base_url() -> str:
    return str(settings.BASE_URL).rstrip("/")
