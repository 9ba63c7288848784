"""The exact commands with which a user gets a release through each door."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from apps.accounts.access import Principal
from apps.datasets.models import Dataset
from apps.releases.models import Release

TOKEN_VARIABLE = "EARMARK_TOKEN"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class Command:
    """One command to copy, and what it does."""

    title: str
    text: str


def sign_in_command(principal: Principal) -> Command:
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
    return Command("Sign in once on this machine", " && ".join(steps))


def dvc_commands(principal: Principal, release: Release) -> list[Command]:
    """How to get this release by DVC and git; a sign-in first where one is needed."""
    dataset = release.dataset
    address = f"{settings.BASE_URL.rstrip('/')}/git/{dataset}.git"
    commands = [
        Command("Download all of it", f"dvc get {address} data --rev {release.tag}"),
        Command(
            "Download the table of clips",
            f"dvc get {address} data/clips.parquet --rev {release.tag}",
        ),
        Command("Look at what is there", f"dvc list {address} data/audio --rev {release.tag}"),
        Command("Use it in your own DVC project", f"dvc import {address} data --rev {release.tag}"),
        Command(
            "Clone the repository and pull",
            f"git clone -b {release.tag} {address} && cd {dataset.name} && dvc pull",
        ),
    ]
    if dataset.access != Dataset.Access.OPEN:
        commands.insert(0, sign_in_command(principal))
    return commands
