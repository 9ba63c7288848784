"""Asking every door of a release for everything it would give, as anybody."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Collection, Iterator

from django.test import Client

from apps.accounts.models import Token, User
from apps.accounts.tokens import create_token
from apps.datasets.models import Clip
from apps.releases.models import Release


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
    client: Client, release: Release, sounds: Collection[str]
) -> Iterator[tuple[str, bytes]]:
    """Everything that the doors give of one release, each with the name of its door.

    `sounds` are the md5 of all that might be asked for, in the release or not.
    """
    name, version = release.dataset.full_name, release.version
    api = f"/api/v1/datasets/{name}/releases/{version}"
    for oid in sounds:
        yield "dvc", read(client, f"/dvc/{name}/files/md5/{oid[:2]}/{oid[2:]}")
    archive = read(client, f"{api}/archive/")
    if archive:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for member in tar:
                file = tar.extractfile(member)
                yield "archive", file.read() if file else b""
    for clip in Clip.objects.filter(dataset=release.dataset):
        yield "rest", read(client, f"{api}/clips/{clip.uid}/audio/")
        yield "draft", read(client, f"/api/v1/datasets/{name}/clips/{clip.uid}/audio/")
        yield "page", read(client, f"/datasets/{name}/clips/{clip.uid}/audio")
        hub = f"/datasets/{name}/resolve"
        for revision in (f"v{version}", "main", "draft"):
            yield "hub", read(client, f"{hub}/{revision}/{clip.path}")
