"""The remote's answers, request by request."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as configured
from django.core.cache import cache
from django.http import HttpResponseBase
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from apps.access.actions import grant_access
from apps.access.models import Receipt
from apps.accounts.models import User
from apps.accounts.tokens import create_token, revoke_token
from apps.datasets.models import Dataset
from apps.storage.blobs import destroy_blob
from apps.storage.models import Blob
from datasets_catalog.release_states import ReleaseState
from tests.cast import Cast
from tests.doors.dvc.conftest import token_of
from tests.factories.published import keep, make_dataset, make_release, set_access

pytestmark = pytest.mark.django_db


@pytest.fixture
def birds(cast: Cast) -> Dataset:
    return make_dataset(cast.acme, cast.ada)


@pytest.fixture
def wren(birds: Dataset, cast: Cast) -> Blob:
    """The bytes of a published clip, which Dan may have."""
    blob = keep(birds, b"wren")
    make_release(birds, holding=[blob])
    grant_access(
        actor=cast.ada, dataset=birds, holder=cast.dan, purposes=["research.noncommercial"]
    )
    return blob


def address(blob: Blob, dataset: str = "acme/birds") -> str:
    return f"/dvc/{dataset}/files/md5/{blob.oid[:2]}/{blob.oid[2:]}"


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


def bearer(user: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(user)}"}


def content(response: HttpResponseBase) -> bytes:
    """The body, read to its end; the file behind it is closed then."""
    return b"".join(response)


def reason(response: HttpResponseBase) -> str:
    return response.reason_phrase


def test_every_way_to_sign_in_gives_the_same_bytes(wren: Blob, cast: Cast, client: Client) -> None:
    token = token_of(cast.dan)
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"bearer {token}"},
        basic("dan", token),
        basic("whoever", token),
        basic(token, ""),
    ):
        assert content(client.get(address(wren), headers=headers)) == b"wren"
    client.force_login(cast.dan)
    assert content(client.get(address(wren))) == b"wren"


def test_the_cast_at_the_door(wren: Blob, cast: Cast, client: Client) -> None:
    expected = {
        Dataset.Access.OPEN: {"olga": 200, "dan": 200, "eve": 200, "": 200},
        Dataset.Access.REQUEST: {"olga": 200, "dan": 200, "eve": 403, "": 401},
        Dataset.Access.ORGANISATION: {"olga": 200, "dan": 200, "eve": 404, "": 401},
    }
    for access, statuses in expected.items():
        set_access(access)
        for name, status in statuses.items():
            headers = bearer(getattr(cast, name)) if name else {}
            for method in (client.get, client.head):
                response = method(address(wren), headers=headers)
                content(response)
                assert response.status_code == status, (access, name)


def test_two_queries_are_enough(
    wren: Blob, cast: Cast, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    headers = bearer(cast.dan)
    content(client.get(address(wren), headers=headers))
    with django_assert_num_queries(2):
        content(client.get(address(wren), headers=headers))
    set_access(Dataset.Access.OPEN)
    content(client.get(address(wren)))
    with django_assert_num_queries(1):
        content(client.get(address(wren)))


def test_refusals_say_what_to_do_in_the_reason_phrase(
    wren: Blob, cast: Cast, client: Client
) -> None:
    nobody = client.get(address(wren))
    assert reason(nobody).startswith("acme/birds is given on request: sign in")
    assert nobody.headers["WWW-Authenticate"].startswith('Basic realm="Earmark"')
    outsider = client.get(address(wren), headers=bearer(cast.eve))
    assert reason(outsider).endswith("ask for access on its page /datasets/acme/birds")
    assert outsider.content.decode().strip() == reason(outsider)
    assert outsider.headers["Cache-Control"] == "private, no-store"


def test_a_bad_token_is_refused_and_never_read_as_nobody(
    wren: Blob, cast: Cast, client: Client
) -> None:
    set_access(Dataset.Access.OPEN)
    revoked = create_token(actor=cast.dan, name="old")
    revoke_token(actor=cast.dan, token_id=revoked.row.pk)
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC)):
        until = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=1)
        expired = create_token(actor=cast.dan, name="older", expires_at=until)
    for headers in (
        {"Authorization": f"Bearer {revoked.text}"},
        basic("dan", expired.text),
        basic("dan", "pw"),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic /w=="},
        {"Authorization": "Digest x"},
        {"Authorization": "Bearer"},
    ):
        response = client.get(address(wren), headers=headers)
        assert response.status_code == 401, headers
        assert "make a new one" in reason(response)


def test_heads_ranges_and_conditions_work_here_too(wren: Blob, cast: Cast, client: Client) -> None:
    headers = bearer(cast.dan)
    head = client.head(address(wren), headers=headers)
    assert (head.headers["Content-Length"], head.headers["ETag"]) == ("4", f'"{wren.sha256}"')
    part = client.get(address(wren), headers={**headers, "Range": "bytes=1-2"})
    assert (part.status_code, content(part)) == (206, b"re")
    same = client.get(address(wren), headers={**headers, "If-None-Match": head.headers["ETag"]})
    assert same.status_code == 304


def test_gated_bytes_are_kept_by_no_cache(wren: Blob, cast: Cast, client: Client) -> None:
    response = client.head(address(wren), headers=bearer(cast.dan))
    assert response.headers["Cache-Control"] == "private, no-store"
    set_access(Dataset.Access.OPEN)
    assert "public" in client.head(address(wren)).headers["Cache-Control"]


def test_what_is_not_published_is_not_there(
    wren: Blob, birds: Dataset, cast: Cast, client: Client
) -> None:
    draft, frozen = keep(birds, b"draft"), keep(birds, b"frozen")
    make_release(birds, "2.0.0", state=ReleaseState.FROZEN, holding=[frozen])
    set_access(Dataset.Access.OPEN)
    for headers in ({}, bearer(cast.ada)):
        for blob in (draft, frozen):
            assert client.get(address(blob), headers=headers).status_code == 404


def test_another_datasets_address_gives_nothing(wren: Blob, cast: Cast, client: Client) -> None:
    bats = make_dataset(cast.acme, cast.ada, name="bats", access=Dataset.Access.OPEN)
    make_release(bats)
    assert client.get(address(wren, "acme/bats")).status_code == 404


def test_a_destroyed_object_is_gone_for_those_who_could_have_it(
    wren: Blob, birds: Dataset, cast: Cast, client: Client
) -> None:
    destroy_blob(wren)
    make_release(birds, "1.0.1")
    response = client.get(address(wren), headers=bearer(cast.dan))
    assert response.status_code == 410
    assert reason(response) == "Withdrawn and destroyed; use version 1.0.1 of acme/birds"
    assert client.get(address(wren), headers=bearer(cast.eve)).status_code == 403


def test_lost_bytes_are_our_fault_and_may_be_tried_again(
    wren: Blob, cast: Cast, client: Client
) -> None:
    (Path(configured.BLOBS_ROOT) / wren.key).unlink()
    assert client.get(address(wren), headers=bearer(cast.dan)).status_code == 503


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_is_written_here(wren: Blob, client: Client, method: str) -> None:
    response = getattr(client, method)(address(wren), b"x", content_type="text/plain")
    assert response.status_code == 405
    assert "read-only" in reason(response)


@pytest.mark.parametrize(
    "tail",
    ["../../../etc/passwd", "AB/" + "0" * 30, "ab/" + "0" * 29, "ab/" + "0" * 30 + ".dirx", "ab/"],
)
def test_what_is_no_object_address_has_no_answer(wren: Blob, client: Client, tail: str) -> None:
    assert client.get(f"/dvc/acme/birds/files/md5/{tail}").status_code == 404


def test_a_download_leaves_one_receipt_and_a_look_none(
    wren: Blob, cast: Cast, client: Client
) -> None:
    cache.clear()
    headers = bearer(cast.dan)
    client.head(address(wren), headers=headers)
    assert not Receipt.objects.exists()
    for _ in range(3):
        content(client.get(address(wren), headers=headers))
    receipt = Receipt.objects.get()
    assert (receipt.holder, receipt.door, receipt.release.version) == ("dan", "dvc", "1.0.0")


def test_nginx_may_send_them(wren: Blob, cast: Cast, client: Client, settings: Settings) -> None:
    settings.SERVE_BACKEND = "accel"
    response = client.get(address(wren), headers=bearer(cast.dan))
    assert response.headers["X-Accel-Redirect"] == f"/_blobs/{wren.key}"
