"""Pushes that lie, spy or come from the wrong person."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import lz4.frame
import pytest
from django.test import Client

from apps.accounts.models import Token
from apps.datasets.models import Dataset
from apps.ingest.models import Upload, Xorb
from apps.ingest.xet_format import format_hash, hash_chunk
from apps.storage.models import Blob
from tests.cast import Cast, assemble
from tests.doors.hub.pushing import write_token
from tests.factories.drafts import make_dataset

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "acme/tones"
CONTENT = b"bytes of a sound that only one dataset holds" * 50
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Writer:
    """A raw client with somebody's token."""

    def __init__(self, token: str) -> None:
        self.client, self.headers = Client(), {"Authorization": f"Bearer {token}"}

    def post(self, address: str, body: object, **more: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {**self.headers, **more}
        return self.client.post(address, content, content_type="application/json", headers=headers)

    def batch(self, name: str = NAME) -> Any:
        body = {"operation": "upload", "objects": [{"oid": SHA256, "size": len(CONTENT)}]}
        return self.post(f"/datasets/{name}.git/info/lfs/objects/batch", body)

    def chunks(self, name: str = NAME) -> tuple[str, dict[str, str]]:
        answer = self.client.get(f"/api/datasets/{name}/xet-write-token/main", headers=self.headers)
        assert answer.status_code == 200
        address = answer["X-Xet-Cas-Url"].removeprefix("http://testserver")
        return address, {"Authorization": f"Bearer {answer['X-Xet-Access-Token']}"}


@pytest.fixture
def cast() -> Cast:
    return assemble()


@pytest.fixture
def dataset(cast: Cast) -> Dataset:
    return make_dataset(cast)


@pytest.fixture
def ada(cast: Cast) -> Writer:
    return Writer(write_token(cast.ada))


def xorb(*chunks: bytes) -> bytes:
    packed = b""
    for chunk in chunks:
        packed += bytes([0]) + len(chunk).to_bytes(3, "little") + bytes([0])
        packed += len(chunk).to_bytes(3, "little") + chunk
    return packed


def shard(sha256: str, name: str, chunks: int, size: int) -> bytes:
    def raw(text: str) -> bytes:
        data = bytes.fromhex(text)
        return b"".join(data[at : at + 8][::-1] for at in range(0, 32, 8))

    head = bytes(48)
    file = bytes(32) + (1 << 30).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes(8)
    numbers = (0, size, 0, chunks)
    segment = raw(name) + b"".join(number.to_bytes(4, "little") for number in numbers)
    end = b"\xff" * 32 + bytes(16)
    return head + file + segment + raw(sha256) + bytes(16) + end


def test_only_those_who_bring_clips_in_may_push(cast: Cast, dataset: Dataset) -> None:
    commit = b'{"key":"header","value":{"summary":"x"}}\n'
    for person in (cast.cleo, cast.rita, cast.olga):
        assert Writer(write_token(person)).batch().status_code == 403
    for person in (cast.dan, cast.eve):
        outsider = Writer(write_token(person))
        for answer in (
            outsider.batch(),
            outsider.batch("acme/nothing"),
            outsider.post(f"/api/datasets/{NAME}/commit/main", commit),
            outsider.post(f"/api/datasets/{NAME}/preupload/main", {"files": []}),
            outsider.post(f"/api/datasets/{NAME}/tag/main", {"tag": "v1.0.0"}),
        ):
            assert (answer.status_code, answer["X-Error-Code"]) == (404, "RepoNotFound")
    for scope in (Token.Scope.READ, Token.Scope.DOWNLOAD):
        assert Writer(write_token(cast.ada, scope)).batch().status_code == 403
    anonymous = Client()
    assert anonymous.post(f"/api/datasets/{NAME}/commit/main").status_code == 401
    anonymous.force_login(cast.ada)
    assert anonymous.post(f"/api/datasets/{NAME}/commit/main").status_code == 401


def test_signed_addresses_take_the_announced_bytes_alone(
    cast: Cast, dataset: Dataset, ada: Writer
) -> None:
    (wanted,) = ada.batch().json()["objects"]
    address = wanted["actions"]["upload"]["href"].removeprefix("http://testserver")
    nobody = Client()
    assert nobody.put(address, b"other bytes", "application/octet-stream").status_code == 400
    longer = nobody.put(address, CONTENT + b"!", "application/octet-stream")
    assert longer.status_code == 400
    changed = address[:-1] + ("A" if address[-1] != "A" else "B")
    assert nobody.put(changed, CONTENT, "application/octet-stream").status_code == 403
    Token.objects.update(revoked_at="2026-01-01T00:00Z")
    assert nobody.put(address, CONTENT, "application/octet-stream").status_code == 403
    assert not Blob.objects.filter(sha256=SHA256).exists()
    Token.objects.update(revoked_at=None)
    assert nobody.put(address, CONTENT, "application/octet-stream").status_code == 200
    assert Blob.objects.get(sha256=SHA256).store == dataset.uid


def test_nobody_learns_what_another_dataset_holds(
    cast: Cast, dataset: Dataset, ada: Writer
) -> None:
    make_dataset(cast, "other")
    (wanted,) = ada.batch().json()["objects"]
    address = wanted["actions"]["upload"]["href"].removeprefix("http://testserver")
    assert ada.client.put(address, CONTENT, "application/octet-stream").status_code == 200
    assert "actions" not in ada.batch().json()["objects"][0]
    assert "actions" in ada.batch("acme/other").json()["objects"][0]
    line = {"key": "lfsFile", "value": {"path": "a.wav", "algo": "sha256", "oid": SHA256}}
    body = b'{"key":"header","value":{"summary":"x"}}\n' + json.dumps(line).encode()
    claimed = ada.post("/api/datasets/acme/other/commit/main", body)
    assert claimed.status_code == 400
    assert "did not arrive for this dataset" in claimed.json()["error"]


def test_xorbs_are_taken_under_the_hash_of_their_chunks_alone(
    cast: Cast, dataset: Dataset, ada: Writer
) -> None:
    make_dataset(cast, "other")
    address, token = ada.chunks()
    name = format_hash(hash_chunk(CONTENT))
    wrong = ada.post(f"{address}/v1/xorbs/default/{'0' * 64}", xorb(CONTENT), **token)
    assert (wrong.status_code, Xorb.objects.count()) == (400, 0)
    for body in (b"", b"nonsense", xorb(CONTENT)[:-5], xorb(CONTENT) + b"\x07"):
        assert ada.post(f"{address}/v1/xorbs/default/{name}", body, **token).status_code == 400
    elsewhere, _ = ada.chunks("acme/other")
    stolen = ada.post(f"{elsewhere}/v1/xorbs/default/{name}", xorb(CONTENT), **token)
    assert stolen.status_code == 403
    first = ada.post(f"{address}/v1/xorbs/default/{name}", xorb(CONTENT), **token)
    again = ada.post(f"{address}/v1/xorbs/default/{name}", xorb(CONTENT), **token)
    assert [each.json()["was_inserted"] for each in (first, again)] == [True, False]
    assert ada.client.get(f"{address}/v1/chunks/default/{name}", headers=token).status_code == 404
    # Chunks of one dataset are unknown in the other.
    whole = shard(SHA256, name, 1, len(CONTENT))
    other_token = ada.chunks("acme/other")[1]
    assert ada.post(f"{elsewhere}/v1/shards", whole, **other_token).status_code == 404
    assert ada.post(f"{address}/v1/shards", whole, **token).status_code == 200
    assert Blob.objects.get(sha256=SHA256).store == dataset.uid


def test_shards_that_lie_make_no_file(dataset: Dataset, ada: Writer) -> None:
    address, token = ada.chunks()
    name = format_hash(hash_chunk(CONTENT))
    ada.post(f"{address}/v1/xorbs/default/{name}", xorb(CONTENT), **token)
    size = len(CONTENT)
    lies = [shard("a" * 64, name, 1, size), shard(SHA256, name, 2, size)]
    lies += [shard(SHA256, name, 1, size + 1), shard(SHA256, name, 1, size)[:100], b"", b"x" * 500]
    for lie in lies:
        assert ada.post(f"{address}/v1/shards", lie, **token).status_code == 400
    assert (
        ada.post(f"{address}/v1/shards", shard(SHA256, "b" * 64, 1, size), **token).status_code
        == 404
    )
    assert not Blob.objects.exists()


def test_a_chunk_never_unpacks_to_more_than_it_says(dataset: Dataset, ada: Writer) -> None:
    address, token = ada.chunks()
    bomb = lz4.frame.compress(bytes(200_000_000))
    body = bytes([0]) + len(bomb).to_bytes(3, "little") + bytes([1])
    body += (1000).to_bytes(3, "little") + bomb
    refused = ada.post(f"{address}/v1/xorbs/default/{'0' * 64}", body, **token)
    assert refused.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b'{"key":"file","value":{"path":"a","content":""}}',
        b'{"key":"header","value":{"summary":"x"}}\n{"key":"what","value":{}}',
        b'{"key":"header","value":{"summary":"x"}}\n{"key":"file","value":{"path":"a"}}',
        b'{"key":"header","value":{"summary":"x"}}\n[]',
        b'{"key":"header","value":{"summary":"x"}}\n{"key":"lfsFile","value":{"path":"a","oid":"z"}}',
        b'{"key":"header","value":{"summary":7}}',
    ],
)
def test_broken_commits_are_refused(dataset: Dataset, ada: Writer, body: bytes) -> None:
    assert ada.post(f"/api/datasets/{NAME}/commit/main", body).status_code == 400


def test_an_upload_session_is_used_again(dataset: Dataset, ada: Writer) -> None:
    ada.batch()
    ada.batch()
    assert Upload.objects.count() == 1
