"""Blobs in an object store: signed addresses, and bytes passed on where those would leak."""

import io
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.http import HttpResponseBase
from django.test import Client, RequestFactory
from pytest_django import Settings

from apps.accounts.tokens import create_token
from apps.doors.blob_responses import Offer, serve_blob
from apps.storage.blobs import put_blob
from apps.storage.errors import BlobMissingError
from apps.storage.models import Blob
from tests.cast import Cast
from tests.factories.published import keep, make_dataset, make_release

pytestmark = pytest.mark.django_db
CONTENT = bytes(range(256)) * 10
SIGNED = Offer(name="wren.wav", media_type="audio/wav")
PASSED_ON = Offer(name="wren.wav", media_type="audio/wav", may_redirect=False)


@pytest.fixture
def object_store(s3: dict[str, Any], settings: Settings) -> None:
    backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": s3}
    settings.STORAGES = {**settings.STORAGES, "blobs": backend}
    settings.SERVE_BACKEND = "redirect"


@pytest.fixture
def blob(object_store: None) -> Blob:
    return put_blob(uuid4(), io.BytesIO(CONTENT))


def get(blob: Blob, offer: Offer, **headers: str) -> HttpResponseBase:
    return serve_blob(RequestFactory().get("/", headers=headers), blob, offer)


def content(response: HttpResponseBase) -> bytes:
    body = b"".join(response)
    for closer in vars(response)["_resource_closers"]:
        closer()
    return body


def test_a_signed_address_gives_the_bytes_without_our_credentials(blob: Blob) -> None:
    response = get(blob, SIGNED)
    assert response.status_code == 302
    assert response.headers["Cache-Control"] == "private, no-store"
    asked = parse_qs(urlsplit(response.headers["Location"]).query)
    assert asked["response-content-type"] == ["audio/wav"]
    assert asked["response-content-disposition"] == ['attachment; filename="wren.wav"']
    request = urllib.request.Request(response.headers["Location"], headers={"Range": "bytes=5-9"})
    with urllib.request.urlopen(request) as answer:
        assert (answer.status, answer.read()) == (206, CONTENT[5:10])


def test_a_signed_address_is_for_this_object_alone(blob: Blob) -> None:
    address = get(blob, SIGNED).headers["Location"]
    other = put_blob(blob.store, io.BytesIO(b"another"))
    forged = address.replace(f"{blob.oid[:2]}/{blob.oid[2:]}", f"{other.oid[:2]}/{other.oid[2:]}")
    assert forged != address
    with pytest.raises(urllib.error.HTTPError, match="403") as refusal:
        urllib.request.urlopen(forged)
    refusal.value.close()


def test_heads_and_conditions_need_no_object_store(blob: Blob) -> None:
    head = serve_blob(RequestFactory().head("/"), blob, SIGNED)
    assert (head.status_code, head.headers["Content-Length"]) == (200, "2560")
    assert get(blob, SIGNED, **{"If-None-Match": head.headers["ETag"]}).status_code == 304
    assert get(blob, SIGNED, Range="bytes=2560-").status_code == 416


def test_bytes_are_passed_on_where_a_redirect_would_leak_credentials(blob: Blob) -> None:
    whole = get(blob, PASSED_ON)
    assert (whole.status_code, content(whole)) == (200, CONTENT)
    part = get(blob, PASSED_ON, Range="bytes=100-199")
    assert (part.status_code, content(part)) == (206, CONTENT[100:200])
    empty = put_blob(blob.store, io.BytesIO(b""))
    assert content(get(empty, PASSED_ON)) == b""


def test_lost_objects_are_said_to_be_lost(blob: Blob) -> None:
    storages["blobs"].delete(blob.key)
    with pytest.raises(BlobMissingError):
        get(blob, PASSED_ON)


def test_the_dvc_door_never_redirects(object_store: None, cast: Cast, client: Client) -> None:
    dataset = make_dataset(cast.acme, cast.ada)
    wren = keep(dataset, b"wren")
    make_release(dataset, holding=[wren])
    token = create_token(actor=cast.ada, name="x").text
    response = client.get(
        f"/dvc/acme/birds/files/md5/{wren.oid[:2]}/{wren.oid[2:]}",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (response.status_code, b"".join(response)) == (200, b"wren")
