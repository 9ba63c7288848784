"""git over HTTP, request by request."""

from __future__ import annotations

import gzip
import threading
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.access.actions import grant_access
from apps.datasets.models import Dataset
from apps.doors.dvc import upload_pack
from apps.releases.models import Release
from datasets_catalog.release_states import ReleaseState
from tests.cast import Cast
from tests.doors.dvc.test_objects import bearer, content
from tests.factories.published import make_dataset, publish_tree, set_access

pytestmark = pytest.mark.django_db

REFS = "/git/acme/birds.git/info/refs?service=git-upload-pack"
PACK = "/git/acme/birds.git/git-upload-pack"
V2 = {"Git-Protocol": "version=2"}
LIST_REFS = b"0014command=ls-refs\n00010009peel\n0000"


@pytest.fixture
def release(cast: Cast) -> Release:
    dataset = make_dataset(cast.acme, cast.ada)
    row = publish_tree(dataset, "1.0.0", {"audio/wren.wav": b"wren"})
    grant_access(
        actor=cast.ada, dataset=dataset, holder=cast.dan, purposes=["research.noncommercial"]
    )
    return row


@pytest.fixture
def opened(release: Release) -> Release:
    set_access(Dataset.Access.OPEN)
    return release


def ask(client: Client, body: bytes, **headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = client.post(
        PACK, body, content_type="application/x-git-upload-pack-request", headers=V2 | named
    )
    assert response.status_code == 200, response.content
    return content(response)


def test_the_cast_at_the_repository(release: Release, cast: Cast, client: Client) -> None:
    expected = {
        Dataset.Access.OPEN: {"olga": 200, "dan": 200, "eve": 200, "": 200},
        Dataset.Access.REQUEST: {"olga": 200, "dan": 200, "eve": 200, "": 401},
        Dataset.Access.ORGANISATION: {"olga": 200, "dan": 200, "eve": 404, "": 401},
    }
    for access, statuses in expected.items():
        set_access(access)
        for name, status in statuses.items():
            headers = bearer(getattr(cast, name)) if name else {}
            for response in (
                client.get(REFS, headers=headers),
                client.post(PACK, LIST_REFS, content_type="text/plain", headers=V2 | headers),
            ):
                content(response)
                assert response.status_code == status, (access, name)


def test_what_is_missing_and_what_is_hidden_look_alike(
    release: Release, cast: Cast, client: Client
) -> None:
    set_access(Dataset.Access.ORGANISATION)
    missing = REFS.replace("birds", "nothing")
    for headers in ({}, bearer(cast.eve)):
        one, two = client.get(REFS, headers=headers), client.get(missing, headers=headers)
        assert (one.status_code, one.content) == (two.status_code, two.content)
        assert one.headers.get("WWW-Authenticate") == two.headers.get("WWW-Authenticate")


def test_only_reading_is_served(opened: Release, cast: Cast, client: Client) -> None:
    headers = bearer(cast.ada)
    for path in (
        "/git/acme/birds.git/info/refs?service=git-receive-pack",
        "/git/acme/birds.git/info/refs",
        "/git/acme/birds.git/HEAD",
        "/git/acme/birds.git/config",
        "/git/acme/birds.git/objects/info/packs",
        "/git/acme/birds.git",
    ):
        response = client.get(path, headers=headers)
        assert response.status_code == 403, path
        assert "read-only" in response.reason_phrase
    push = client.post("/git/acme/birds.git/git-receive-pack", b"", content_type="x/y")
    assert push.status_code == 403
    assert client.get(PACK).status_code == 405


def test_a_compressed_question_is_answered_like_a_plain_one(
    opened: Release, client: Client
) -> None:
    plain = ask(client, LIST_REFS)
    assert b"refs/tags/v1.0.0" in plain
    assert ask(client, gzip.compress(LIST_REFS), content_encoding="gzip") == plain


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(LIST_REFS)[:-9], gzip.compress(b"0" * 20_000_000)],
    ids=["wrong", "cut", "bomb"],
)
def test_bad_compression_is_refused(opened: Release, client: Client, body: bytes) -> None:
    response = client.post(
        PACK, body, content_type="text/plain", headers={**V2, "Content-Encoding": "gzip"}
    )
    assert response.status_code == 400


def test_a_question_that_is_too_long_is_refused(opened: Release, client: Client) -> None:
    body = b"0" * (upload_pack.REQUEST_BYTES + 1)
    assert client.post(PACK, body, content_type="text/plain").status_code == 400


def test_nonsense_is_answered_in_gits_words_or_refused(opened: Release, client: Client) -> None:
    for body in (b"", b"zzzz", b"0014command=nothing\n0000", b"\x00" * 100):
        response = client.post(PACK, body, content_type="text/plain", headers=V2)
        content(response)
        assert response.status_code in {200, 400}


def test_an_odd_protocol_header_does_not_reach_git(opened: Release, client: Client) -> None:
    for value in ("version=2; rm -rf /", "version=2:" + "x" * 5000, "GIT_DIR=/"):
        answer = content(client.get(REFS, headers={"Git-Protocol": value}))
        assert answer.startswith(upload_pack.BANNER)


def test_only_what_was_given_out_is_named(opened: Release, client: Client) -> None:
    publish_tree(opened.dataset, "2.0.0", {"audio/x.wav": b"x"}, state=ReleaseState.APPROVED)
    answer = ask(client, LIST_REFS)
    assert b"v1.0.0" in answer
    assert b"v2.0.0" not in answer
    assert f"{opened.dvc_commit} refs/heads/main\n".encode() in answer


def line(text: str) -> bytes:
    return f"{len(text) + 5:04x}{text}\n".encode()


def fetch_of(oid: str) -> bytes:
    return line("command=fetch") + b"0001" + line(f"want {oid}") + line("done") + b"0000"


def test_no_commit_is_given_for_its_id_that_is_not_open_to_the_reader(
    opened: Release, cast: Cast, client: Client
) -> None:
    """In version 2 of the protocol git itself gives whatever it is asked for."""
    hidden = publish_tree(opened.dataset, "2.0.0", {"audio/x.wav": b"x"})
    end = timezone.now() + timedelta(days=9)
    set_access("open", dataset=opened.dataset, embargoes={"2.0.0": end.isoformat()})
    assert b"PACK" in ask(client, fetch_of(opened.dvc_commit))
    for odd in (hidden.dvc_commit, "0" * 40, ""):
        response = client.post(PACK, fetch_of(odd), content_type="text/plain", headers=V2)
        assert response.status_code == 400
        assert b"PACK" not in content(response)
    member = {"Authorization": bearer(cast.ada)["Authorization"]}
    assert b"PACK" in ask(client, fetch_of(hidden.dvc_commit), **member)


def test_too_many_clones_wait_and_then_are_told(
    opened: Release, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_pack, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(upload_pack, "PATIENCE", 0.01)
    with upload_pack._take_place():
        response = client.get(REFS)
        assert response.status_code == 503
        assert "try again" in response.reason_phrase
    assert content(client.get(REFS))
