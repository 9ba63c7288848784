"""The upload protocol over a real connection, with clients that come and go."""

import hashlib
import io
import socket
import tarfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings as django_settings

from apps.accounts.tokens import create_token
from apps.datasets.models import Clip
from apps.storage.models import Blob
from tests.cast import Cast, assemble
from tests.factories.drafts import make_dataset
from tests.factories.jobs import work_off
from tests.factories.sounds import sha256_of, sound_bytes

pytestmark = pytest.mark.django_db(transaction=True)


class Steward(requests.Session):
    """Ada's program: knows its token and its upload."""

    def __init__(self, base: str, cast: Cast) -> None:
        super().__init__()
        token = create_token(actor=cast.ada, name="uploader", scope="write").text
        self.headers["Authorization"] = f"Bearer {token}"
        make_dataset(cast)
        uploads = f"{base}/api/v1/datasets/acme/tones/uploads/"
        self.upload = f"{uploads}{self.post(uploads).json()['uid']}/"

    def check(self, files: dict[str, bytes]) -> dict[str, dict[str, Any]]:
        asked: list[Any] = [
            {"path": path, "sha256": sha256_of(content), "size": len(content)}
            for path, content in files.items()
        ]
        answer = self.post(f"{self.upload}check/", json={"files": asked})
        assert answer.status_code == 200, answer.text
        return {file["path"]: file for file in answer.json()["files"]}

    def pack(self, *contents: bytes) -> requests.Response:
        return self.post(f"{self.upload}pack/", data=tar_of(*contents))

    def commit(self, files: dict[str, bytes], key: str = "") -> requests.Response:
        rows = [
            {"path": path, "sha256": sha256_of(content), "licence": "CC0-1.0"}
            for path, content in files.items()
        ]
        headers = {"Idempotency-Key": key} if key else {}
        return self.post(f"{self.upload}commit/", json={"rows": rows}, headers=headers)

    def finish(self) -> dict[str, Any]:
        answer = self.post(f"{self.upload}finish/", json={})
        assert answer.status_code == 202, answer.text
        work_off()
        base = self.upload.partition("/api/")[0]
        job = self.get(f"{base}/api/v1/jobs/{answer.json()['uid']}/").json()
        assert job["state"] == "done", job
        return dict(job["result"])


def tar_of(*contents: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for content in contents:
            info = tarfile.TarInfo(sha256_of(content))
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return target.getvalue()


@pytest.fixture
def steward(live_server: Any) -> Steward:
    return Steward(live_server.url, assemble())


def test_files_go_up_and_come_out_as_clips(steward: Steward) -> None:
    files = {f"field/{number}.wav": sound_bytes(300 + number) for number in range(5)}
    files["field/long.wav"] = sound_bytes(440, seconds=40)
    ways = {path: file["way"] for path, file in steward.check(files).items()}
    assert ways == dict.fromkeys(files, "pack") | {"field/long.wav": "put"}
    packed = steward.pack(*(files[path] for path, way in ways.items() if way == "pack"))
    assert packed.json()["stopped"] is None
    assert all(entry["kept"] for entry in packed.json()["entries"])
    url = steward.check(files)["field/long.wav"]["url"]
    kept = steward.put(url, data=files["field/long.wav"]).json()
    assert kept["md5"] == hashlib.md5(files["field/long.wav"]).hexdigest()
    assert all(file["way"] == "have" for file in steward.check(files).values())
    assert steward.commit(files).json() == {"waiting": 6}
    assert not Clip.objects.exists()
    assert steward.finish()["added"] == 6
    assert set(Clip.objects.values_list("path", flat=True)) == files.keys()


def test_a_large_file_goes_up_in_parts(steward: Steward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.ingest.uploads.PUT_FILE_BYTES", 2 * 1024 * 1024)
    content = sound_bytes(440, seconds=100)
    file = steward.check({"long.wav": content})["long.wav"]
    assert file["way"] == "parts"
    size = 1_000_000
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    for number, piece in reversed(list(enumerate(pieces, start=1))):
        if number != 2:
            assert steward.put(f"{file['url']}{number}/", data=piece).status_code == 200
    early = steward.post(f"{file['url']}complete/", json={"size": len(content)})
    assert early.json()["code"] == "upload.parts_incomplete"
    there = {part["number"] for part in steward.get(file["url"]).json()}
    assert set(range(1, len(pieces) + 1)) - there == {2}
    steward.put(f"{file['url']}2/", data=pieces[1])
    done = steward.post(f"{file['url']}complete/", json={"size": len(content)})
    assert done.json()["sha256"] == sha256_of(content)
    assert steward.get(file["url"]).json() == []
    assert steward.check({"long.wav": content})["long.wav"]["way"] == "have"


def begin_and_die(steward: Steward, method: str, url: str, body: bytes, sent: int) -> None:
    """Announce the whole body, send `sent` bytes of it and go away without a word."""
    parts = urlsplit(url)
    head = (
        f"{method} {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Authorization: {steward.headers['Authorization']!s}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((str(parts.hostname), parts.port or 80)) as connection:
        connection.sendall(head.encode() + body[:sent])
        # Closing at once would throw away what is still in flight.
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def test_a_client_killed_in_the_middle_resumes(steward: Steward) -> None:
    small = {f"{number}.wav": sound_bytes(300 + number) for number in range(6)}
    long = sound_bytes(440, seconds=40)
    files = {**small, "long.wav": long}
    pack = tar_of(*small.values())
    begin_and_die(steward, "POST", f"{steward.upload}pack/", pack, len(pack) // 2)
    url = steward.check(files)["long.wav"]["url"]
    begin_and_die(steward, "PUT", url, long, len(long) // 2)
    ways = {path: file["way"] for path, file in steward.check(files).items()}
    assert ways["long.wav"] == "put"
    assert 0 < list(ways.values()).count("have") < len(small)
    assert not staged()
    missing = [files[path] for path, way in ways.items() if way == "pack"]
    assert steward.pack(*missing).json()["stopped"] is None
    assert steward.put(url, data=long).status_code == 200
    steward.commit(files)
    assert steward.finish()["added"] == len(files)
    assert Blob.objects.filter(size=len(long)).count() == 1


def staged() -> list[Path]:
    """What is left lying about where bytes are on their way in."""
    folder = Path(django_settings.BLOBS_ROOT) / "tmp"
    deadline = time.monotonic() + 5
    while (found := list(folder.glob("*"))) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_other_bytes_than_announced_are_refused(steward: Steward) -> None:
    url = f"{steward.upload}blobs/{sha256_of(b'what was announced')}/"
    answer = steward.put(url, data=b"something else")
    assert (answer.status_code, answer.json()["code"]) == (400, "storage.blob_mismatch")
    assert not Blob.objects.exists()
    assert not staged()


def test_a_huge_declared_size_is_refused_at_once(steward: Steward) -> None:
    url = f"{steward.upload}blobs/{'0' * 64}/"
    parts = urlsplit(url)
    head = (
        f"PUT {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Authorization: {steward.headers['Authorization']!s}\r\nContent-Length: {2**50}\r\n\r\n"
    )
    with socket.create_connection((str(parts.hostname), parts.port or 80), 10) as connection:
        connection.sendall(head.encode())
        answer = b""
        while b"\r\n\r\n{" not in answer or not answer.endswith(b"}"):
            answer += connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"upload.file_too_large" in answer


def test_a_body_without_an_end_is_refused(steward: Steward) -> None:
    url = f"{steward.upload}blobs/{'0' * 64}/"
    answer = steward.put(url, data=iter([b"chunk"]))
    assert (answer.status_code, answer.json()["code"]) == (411, "request.length_required")


def test_a_commit_repeated_under_its_key_is_one_commit(steward: Steward) -> None:
    files = {f"{number}.wav": sound_bytes(300 + number) for number in range(3)}
    first = steward.commit(files, key="batch-1")
    again = steward.commit(files, key="batch-1")
    assert first.json() == again.json() == {"waiting": 3}
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    other = steward.commit({"other.wav": b"x"}, key="batch-1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.key_reused")


def test_a_refused_row_says_which(steward: Steward) -> None:
    answer = steward.commit({"good.wav": b"1", "../evil.wav": b"2"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "upload.row_refused"
    assert answer.json()["context"] == {"row": 2}
