"""Bytes by nginx: the application decides, nginx sends, and nobody gets round the application."""

import http.client
from collections.abc import Iterator
from hashlib import sha256

import pytest

from tests.doors.web_server import STORE, gunicorn, nginx, write_file

CONTENT = bytes(range(256)) * 8192
ETAG = f'"{sha256(CONTENT).hexdigest()}"'


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    root, work = tmp_path_factory.mktemp("blobs"), tmp_path_factory.mktemp("nginx")
    write_file(root, CONTENT)
    with gunicorn(root, threads=4, backend="accel") as app, nginx(work, root, app) as front:
        yield front


def get(port: int, *, method: str = "GET", path: str = "/file", **asked: str) -> tuple[int, bytes]:
    answer, content = whole(port, method=method, path=path, **asked)
    return answer.status, content


def whole(
    port: int, *, method: str = "GET", path: str = "/file", **asked: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers={k.replace("_", "-"): v for k, v in asked.items()})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def test_the_whole_file_comes_with_the_applications_headers(port: int) -> None:
    answer, content = whole(port)
    assert content == CONTENT
    assert answer.getheader("ETag") == ETAG
    assert answer.getheader("Content-Disposition") == 'attachment; filename="file.bin"'
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Cache-Control") == "private, no-store"
    assert answer.getheader("X-Accel-Redirect") is None


@pytest.mark.parametrize("span", [(0, 9), (1_000_000, 2_000_000), (len(CONTENT) - 3, 0)])
def test_a_range_is_cut_by_nginx(port: int, span: tuple[int, int]) -> None:
    first, last = span[0], span[1] or len(CONTENT) - 1
    answer, content = whole(port, range=f"bytes={first}-{last}")
    assert (answer.status, content) == (206, CONTENT[first : last + 1])
    assert answer.getheader("Content-Range") == f"bytes {first}-{last}/{len(CONTENT)}"


def test_a_range_outside_a_condition_and_a_head_are_answered(port: int) -> None:
    assert get(port, range=f"bytes={len(CONTENT)}-")[0] == 416
    assert get(port, if_none_match=ETAG) == (304, b"")
    assert get(port, range="bytes=0-9", if_range=ETAG) == (206, CONTENT[:10])
    assert get(port, range="bytes=0-9", if_range='"older"') == (200, CONTENT)
    answer, content = whole(port, method="HEAD")
    assert (answer.status, content) == (200, b"")
    assert answer.getheader("Content-Length") == str(len(CONTENT))


@pytest.mark.parametrize("path", ["/_blobs/", "/_blobs//", "/%5fblobs/", "/page/../_blobs/"])
def test_nobody_reaches_the_files_past_the_application(port: int, path: str) -> None:
    name = f"{STORE}/files/md5/00/{'0' * 30}"
    status, content = get(port, path=f"{path}{name}")
    assert status == 404
    assert CONTENT[:1000] not in content
