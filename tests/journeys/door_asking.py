"""Asking every door of a release for everything it would give, as anybody."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from urllib.parse import urlsplit

import numpy as np
import pyarrow.parquet as pq
import soundfile
from django.test import Client

from apps.accounts.models import Token, User
from apps.accounts.tokens import create_token
from apps.datasets.models import Clip, Dataset
from apps.releases.models import Release

# The form in which sounds are asked for beside their own; tests that want it have it made.
FLAVOUR = "16000-mono-wav"


def client_of(user: User | None) -> Client:
    """A client with a token of the person that may do all they may; nobody's without one."""
    if user is None:
        return Client()
    text = create_token(actor=user, name="test", scope=Token.Scope.ADMIN).text
    return Client(headers={"Authorization": f"Bearer {text}"})


def md5_of(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def read(client: Client, address: str) -> bytes:
    """What an address gives, followed once to where it sends; nothing where it refuses."""
    answer = client.get(address)
    if answer.status_code in {302, 307}:
        answer = client.get(answer.headers["Location"])
    body = b"".join(answer) if answer.streaming else answer.content
    # 503: files of a release that are still being written.
    assert answer.status_code < 500 or answer.status_code == 503, (address, body[:300])
    return bytes(body) if answer.status_code == 200 else b""


def given_by_doors(
    client: Client, release: Release, objects: Collection[str]
) -> Iterator[tuple[str, bytes]]:
    """Everything that the doors give of a release and its dataset, each with its door's name.

    `objects` are the md5 of all that might be asked for at the DVC door, in the release or not.
    """
    yield from given_of_dataset(client, release.dataset, objects)
    yield from given_of_release(client, release)


def given_of_dataset(
    client: Client, dataset: Dataset, objects: Collection[str]
) -> Iterator[tuple[str, bytes]]:
    """What is asked for without naming a release: objects, the draft, and `main` at the Hub's."""
    name = dataset.full_name
    for oid in objects:
        yield "dvc", read(client, f"/dvc/{name}/files/md5/{oid[:2]}/{oid[2:]}")
    for clip in Clip.objects.filter(dataset=dataset):
        yield "draft", read(client, f"/api/v1/datasets/{name}/clips/{clip.uid}/audio/")
        yield "page", read(client, f"/datasets/{name}/clips/{clip.uid}/audio")
        yield "hub draft", read(client, f"/datasets/{name}/resolve/draft/{clip.path}")
    yield from given_by_hub(client, dataset, "main")


def given_of_release(client: Client, release: Release) -> Iterator[tuple[str, bytes]]:
    """Single clips, parts in their own form and in a flavour, tables, and the files at its tag."""
    api = f"/api/v1/datasets/{release.dataset.full_name}/releases/{release.version}"
    for clip in Clip.objects.filter(dataset=release.dataset):
        yield "rest", read(client, f"{api}/clips/{clip.uid}/audio/")
    for table in ("clips", "events"):
        yield "rest", read(client, f"{api}/tables/{table}.parquet")
    yield "archive", read(client, f"{api}/archive/")
    yield "flavour", read(client, f"{api}/archive/?flavour={FLAVOUR}")
    for address in signed_addresses(client, release):
        yield "signed", read(Client(), address)
    yield from given_by_hub(client, release.dataset, f"v{release.version}")


def signed_addresses(client: Client, release: Release) -> list[str]:
    """The addresses, good for minutes and without a token, that manifests name."""
    api = f"/api/v1/datasets/{release.dataset.full_name}/releases/{release.version}"
    lines = [
        json.loads(line)
        for query in ("", f"?flavour={FLAVOUR}")
        for line in read(client, f"{api}/manifest/{query}").splitlines()
    ]
    named = [row["url"] for row in lines if "url" in row]
    named += [address for row in lines for address in row.get("tables", {}).values()]
    return [f"{(at := urlsplit(address)).path}?{at.query}" for address in named]


def given_by_hub(client: Client, dataset: Dataset, revision: str) -> Iterator[tuple[str, bytes]]:
    """The tables at a revision, with and without sound in them."""
    name = dataset.full_name
    for path in files_at_hub(client, f"/api/datasets/{name}/tree/{revision}"):
        if path.endswith(".parquet"):
            yield f"hub {revision}", read(client, f"/datasets/{name}/resolve/{revision}/{path}")


def files_at_hub(client: Client, tree: str) -> list[str]:
    """The paths of all files that the Hub's protocol lists at a revision."""
    listed = read(client, f"{tree}?recursive=true")
    rows = json.loads(listed) if listed else []
    return [row["path"] for row in rows if row["type"] == "file"]


def sounds_in(content: bytes) -> Iterator[bytes]:
    """Every sound in what a door gave: itself, in a tar, or in a column of a table."""
    if content.startswith(b"PAR1"):
        table = pq.read_table(io.BytesIO(content))
        if "audio" in table.column_names:
            yield from (row["bytes"] for row in table["audio"].to_pylist())
    elif content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            files = (tar.extractfile(member) for member in tar if member.isfile())
            yield from (file.read() for file in files if file)
    else:
        yield content


def named_in(content: bytes) -> set[str]:
    """The md5 of the sounds that a table of clips names."""
    if not content.startswith(b"PAR1"):
        return set()
    table = pq.read_table(io.BytesIO(content))
    return set(table["md5"].to_pylist()) if "md5" in table.column_names else set()


@cache
def hertz_of(content: bytes) -> float | None:
    """The pitch of a tone in whatever coding, in hertz; None for what is no sound."""
    if content[:4] not in {b"RIFF", b"fLaC", b"OggS"}:
        return None
    samples, rate = soundfile.read(io.BytesIO(content), always_2d=True)
    wave = samples.mean(axis=1)
    strengths = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 17))
    return float(np.argmax(strengths) * rate / (1 << 17))


def heard_sounds(given: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Each sound that came out, with its door."""
    for door, content in given:
        for sound in sounds_in(content) if content else ():
            yield door, sound
