"""Bytes, ranges and conditions as RFC 9110 has them, by every back end."""

import hashlib
import http.client
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from apps.doors.blob_responses import Offer, serve_blob
from apps.doors.ranges import RangeUnsatisfiableError, choose_span
from apps.storage.errors import BlobMissingError
from apps.storage.models import Blob
from tests.doors.web_server import gunicorn, write_file

ROOT = Path(__file__).parents[2]
CONTENT = bytes(range(256)) * 10
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ETAG = f'"{SHA256}"'
OFFER = Offer(name="wren.wav", media_type="audio/wav")


@pytest.fixture
def blob(settings: Settings) -> Blob:
    row = Blob(store=uuid4(), oid="0" * 32, sha256=SHA256, size=len(CONTENT))
    path = Path(settings.BLOBS_ROOT) / row.key
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return row


def get(
    blob: Blob, offer: Offer = OFFER, *, method: str = "GET", **headers: str
) -> HttpResponseBase:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return serve_blob(RequestFactory().generic(method, "/", headers=named), blob, offer)


def close(response: HttpResponseBase) -> None:
    """Close the file alone: the end of a request would close the test's database connection."""
    for closer in vars(response)["_resource_closers"]:
        closer()


def body(response: HttpResponseBase) -> bytes:
    if isinstance(response, FileResponse):
        content = b"".join(response)
        close(response)
        return content
    assert isinstance(response, HttpResponse)
    return response.content


def status(blob: Blob, **headers: str) -> int:
    response = get(blob, OFFER, **headers)
    close(response)
    return response.status_code


def test_a_whole_file_says_what_it_is(blob: Blob) -> None:
    response = get(blob)
    assert response.status_code == 200
    assert body(response) == CONTENT
    expected = {
        "Content-Length": "2560",
        "ETag": ETAG,
        "Accept-Ranges": "bytes",
        "Content-Type": "audio/wav",
        "Content-Disposition": 'attachment; filename="wren.wav"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    assert {name: response.headers[name] for name in expected} == expected


def test_what_everyone_may_have_may_be_kept_by_caches(blob: Blob) -> None:
    response = get(blob, Offer(name="a", public=True), method="HEAD")
    assert response.headers["Cache-Control"] == "public, max-age=300, must-revalidate"


def test_a_head_has_the_headers_and_no_body(blob: Blob) -> None:
    response = get(blob, method="HEAD", range="bytes=0-9")
    assert (response.status_code, response.headers["Content-Length"]) == (200, "2560")
    assert body(response) == b""


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=2550-", 2550, 2560),
        ("bytes=-10", 2550, 2560),
        ("bytes=-99999", 0, 2560),
        ("bytes=2559-99999999", 2559, 2560),
    ],
)
def test_one_range_is_sent_as_such(blob: Blob, asked: str, start: int, stop: int) -> None:
    response = get(blob, range=asked)
    assert response.status_code == 206
    assert body(response) == CONTENT[start:stop]
    assert response.headers["Content-Length"] == str(stop - start)
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/2560"


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-6",
        "bytes=",
        "bytes=-",
        "bytes=5-1",
        "items=0-1",
        "bytes=a-b",
        "bytes=1-" + "9" * 5000,
    ],
)
def test_what_is_no_single_range_gives_the_whole_file(blob: Blob, asked: str) -> None:
    response = get(blob, range=asked)
    assert response.status_code == 200
    assert body(response) == CONTENT


@pytest.mark.parametrize("asked", ["bytes=2560-", "bytes=99999-100000", "bytes=-0"])
def test_a_range_outside_is_refused_with_the_size(blob: Blob, asked: str) -> None:
    response = get(blob, range=asked)
    assert response.status_code == 416
    assert response.headers["Content-Range"] == "bytes */2560"


def test_a_range_of_another_state_gives_the_whole_file(blob: Blob) -> None:
    assert status(blob, range="bytes=0-9", if_range=ETAG) == 206
    for other in ('"other"', f"W/{ETAG}", "Wed, 21 Oct 2026 07:28:00 GMT"):
        assert status(blob, range="bytes=0-9", if_range=other) == 200


def test_who_has_the_file_is_told_so(blob: Blob) -> None:
    for match in (ETAG, f'"x", {ETAG}', f"W/{ETAG}", "*"):
        response = get(blob, if_none_match=match, range="bytes=0-9")
        assert (response.status_code, response.headers["ETag"]) == (304, ETAG)
    assert status(blob, if_none_match='"x"') == 200
    assert status(blob, if_match='"x"') == 412


def test_lost_bytes_are_an_error_that_says_so(blob: Blob, settings: Settings) -> None:
    (Path(settings.BLOBS_ROOT) / blob.key).unlink()
    with pytest.raises(BlobMissingError):
        get(blob)


def test_nginx_is_told_the_file_and_nobody_else(blob: Blob, settings: Settings) -> None:
    settings.SERVE_BACKEND = "accel"
    response = get(blob, range="bytes=0-9")
    assert response.headers["X-Accel-Redirect"] == f"/_blobs/{blob.key}"
    assert body(response) == b""
    assert get(blob, if_none_match=ETAG).status_code == 304
    assert "X-Accel-Redirect" not in get(blob, method="HEAD").headers


def test_an_odd_file_name_cannot_break_the_headers(blob: Blob) -> None:
    response = get(blob, Offer(name='a"\r\nSet-Cookie: x=1\r\n\u306d\u3053.wav'))
    assert "\r" not in response.headers["Content-Disposition"]
    assert "\n" not in response.headers["Content-Disposition"]
    close(response)


@given(
    first=st.text("0123456789", max_size=6),
    last=st.text("0123456789", max_size=6),
    size=st.integers(0, 2000),
)
def test_any_range_stays_inside_the_file(first: str, last: str, size: int) -> None:
    request = RequestFactory().get("/", headers={"Range": f"bytes={first}-{last}"})
    try:
        span = choose_span(request, size, ETAG)
    except RangeUnsatisfiableError:
        return
    if span is not None:
        assert span.length > 0
        assert span.start >= 0
        assert span.start + span.length <= size


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real gunicorn that serves 4 MiB."""
    root = tmp_path_factory.mktemp("blobs")
    write_file(root, CONTENT * 1639)
    with gunicorn(root, threads=4) as there:
        yield there


def test_ranges_on_one_kept_connection_are_right_by_sendfile(port: int) -> None:
    content = CONTENT * 1639
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for start, stop in ((0, 10), (100_000, 3_000_000), (7, 8), (len(content) - 5, len(content))):
        connection.request("GET", "/file", headers={"Range": f"bytes={start}-{stop - 1}"})
        answer = connection.getresponse()
        assert answer.status == 206
        assert answer.read() == content[start:stop]
    connection.request("HEAD", "/file")
    answer = connection.getresponse()
    assert (answer.read(), answer.getheader("Content-Length")) == (b"", str(len(content)))
    connection.request("GET", "/file")
    assert connection.getresponse().read() == content
    connection.close()
