"""The Hub's protocol, request by request."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.http import HttpResponseBase
from django.test import Client

from apps.access.actions import grant_access
from apps.accounts.models import User
from apps.accounts.tokens import create_token
from apps.datasets.models import Dataset
from apps.jobs.models import Job
from apps.packaging.models import Snapshot
from apps.releases.models import Release
from datasets_catalog.release_states import ReleaseState
from tests.cast import Cast
from tests.factories.published import keep_snapshot, make_dataset, make_release, set_access, walk

pytestmark = pytest.mark.django_db

TREE = {
    ".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n",
    "README.md": b"# Birds\n",
    "LICENSES/CC0-1.0.txt": b"Free.\n",
    "LICENSES.md": b"# Licences\n",
    "data/test-00000-of-00001.parquet": b"PAR1test",
    "data/train-00000-of-00001.parquet": b"PAR1train",
}
COMMIT = "ab" * 20
API = "/api/datasets/acme/birds"
FILE = "/datasets/acme/birds/resolve/v1.0.0/README.md"
SHARD = "/datasets/acme/birds/resolve/v1.0.0/data/train-00000-of-00001.parquet"


@pytest.fixture
def release(cast: Cast) -> Release:
    dataset = make_dataset(cast.acme, cast.ada)
    release = make_release(dataset, commit=COMMIT)
    grant_access(
        actor=cast.ada, dataset=dataset, holder=cast.dan, purposes=["research.noncommercial"]
    )
    keep_snapshot(release, TREE)
    return release


@pytest.fixture
def opened(release: Release) -> Release:
    set_access(Dataset.Access.OPEN)
    return release


def bearer(user: User | None) -> dict[str, str]:
    if user is None:
        return {}
    return {"Authorization": f"Bearer {create_token(actor=user, name='x').text}"}


def content(response: HttpResponseBase) -> bytes:
    return b"".join(response)


@pytest.mark.parametrize(
    ("access", "path", "expected"),
    [
        ("open", f"{API}/revision/v1.0.0", "200 200 200 200"),
        ("open", f"{API}/tree/main", "200 200 200 200"),
        ("open", FILE, "200 200 200 200"),
        ("request", f"{API}/revision/v1.0.0", "200 200 200 200"),
        ("request", f"{API}/refs", "200 200 200 200"),
        ("request", f"{API}/commits/main", "200 200 200 200"),
        ("request", f"{API}/tree/{COMMIT}", "200 200 200 401"),
        ("request", f"{API}/auth-check", "200 200 403 401"),
        ("request", FILE, "200 200 403 401"),
        ("request", FILE.replace("v1.0.0", COMMIT), "200 200 403 401"),
        ("organisation", API, "200 200 404 401"),
        ("organisation", f"{API}/refs", "200 200 404 401"),
        ("organisation", f"{API}/commits/main", "200 200 404 401"),
        ("organisation", f"{API}/tree/main", "200 200 404 401"),
        ("organisation", FILE, "200 200 404 401"),
        ("organisation", "/api/datasets/acme/nothing", "404 404 404 401"),
    ],
)
def test_the_cast_at_every_address(
    release: Release, cast: Cast, client: Client, access: str, path: str, expected: str
) -> None:
    set_access(access)
    statuses = []
    for user in (cast.olga, cast.dan, cast.eve, None):
        response = client.get(path, headers=bearer(user))
        content(response)
        statuses.append(str(response.status_code))
        if response.status_code == 404 or (access == "organisation" and user is None):
            assert response.headers["X-Error-Code"] == "RepoNotFound"
        elif response.status_code in {401, 403}:
            assert response.headers["X-Error-Code"] == "GatedRepo"
    assert " ".join(statuses) == expected


def test_a_small_file_is_named_as_git_names_it(opened: Release, client: Client) -> None:
    response = client.head(FILE)
    oid = _git("hash-object", "--stdin", given=TREE["README.md"])
    assert response.headers["ETag"] == f'"{oid}"'
    assert response.headers["X-Repo-Commit"] == COMMIT
    assert response.headers["Content-Length"] == str(len(TREE["README.md"]))
    assert "X-Linked-ETag" not in response.headers
    again = client.get(FILE, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.headers["X-Repo-Commit"]) == (304, COMMIT)


def test_a_large_file_is_named_by_its_sha256(opened: Release, client: Client) -> None:
    response = client.head(SHARD)
    assert response.headers["X-Linked-ETag"] == response.headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{64}"', response.headers["ETag"])
    assert response.headers["X-Linked-Size"] == "9"
    part = client.get(SHARD, headers={"Range": "bytes=4-"})
    assert (part.status_code, content(part)) == (206, b"train")
    assert client.get(SHARD, headers={"Range": "bytes=9-"}).status_code == 416


def test_folders_are_named_as_git_names_them(
    opened: Release, client: Client, tmp_path: Path
) -> None:
    """The judge is git itself, given the files and the pointers of the large ones."""
    _git("init", "-q", ".", folder=tmp_path)
    rows = json.loads(content(client.get(f"{API}/tree/main?recursive=true")))
    lines = [f"100644 {row['oid']}\t{row['path']}" for row in rows if row["type"] == "file"]
    _git("update-index", "--add", "--index-info", folder=tmp_path, given="\n".join(lines).encode())
    _git("write-tree", "--missing-ok", folder=tmp_path)
    for row in rows:
        if row["type"] == "directory":
            prefix = f"--prefix={row['path']}/"
            assert row["oid"] == _git("write-tree", "--missing-ok", prefix, folder=tmp_path)


def _git(*command: str, folder: Path | None = None, given: bytes = b"") -> str:
    done = subprocess.run(
        ["git", *command], cwd=folder, input=given, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def test_a_listing_comes_in_pages(opened: Release, client: Client) -> None:
    paths: list[str] = []
    address = f"{API}/tree/main?recursive=true&limit=3"
    while address:
        response = client.get(address)
        rows = json.loads(content(response))
        assert len(rows) <= 3
        paths += [row["path"] for row in rows]
        found = re.fullmatch(
            r'<http://testserver(.*)>; rel="next"', response.headers.get("Link", "")
        )
        address = found[1] if found else ""
    assert paths == sorted([*TREE, "LICENSES", "data"])


@pytest.mark.parametrize("limit", ["0", "99999999", "x", "-1", "9" * 5000])
def test_any_limit_is_survived(opened: Release, client: Client, limit: str) -> None:
    for address in (f"{API}/tree/main", "/api/datasets"):
        assert client.get(f"{address}?limit={limit}").status_code in {200, 400}


@pytest.mark.parametrize(
    "cursor", ["x", "äöü", "AAAA", "W10=", "WzFd", "WyJhXHUwMDAwIiwiYiJd", "W" * 5000]
)
def test_a_damaged_cursor_is_refused_with_what_to_do(
    opened: Release, client: Client, cast: Cast, cursor: str
) -> None:
    requests = client.get(
        f"{API}/user-access-request/pending?cursor={cursor}", headers=bearer(cast.ada)
    )
    refusals = [client.get(f"/api/datasets?cursor={cursor}")]
    # A list of one number is a cursor of requests, if not one that was given out.
    refusals += [requests] if cursor != "WzFd" else []
    for refusal in refusals:
        assert refusal.status_code == 400
        assert "start without one" in refusal.headers["X-Error-Message"]
    assert client.get(f"{API}/tree/main?cursor={cursor}").status_code == 200


def test_paths_are_asked_for_by_form_or_by_json(opened: Release, client: Client) -> None:
    address = f"{API}/paths-info/v1.0.0"
    by_form = client.post(address, {"paths": ["README.md", "data", "no"], "expand": "true"})
    by_json = client.post(
        address,
        {"paths": ["README.md", "data", "no"], "expand": True},
        content_type="application/json",
    )
    assert json.loads(content(by_form)) == json.loads(content(by_json))
    assert [row["path"] for row in json.loads(content(by_form))] == ["README.md", "data"]
    for body in (b" ", b"{", b"[]", b'{"paths": 1}', b'{"paths": [1]}', b"\xff"):
        bad = client.post(address, body, content_type="application/json")
        assert bad.status_code == 400, body
    many = client.post(address, {"paths": ["x"] * 1001}, content_type="application/json")
    assert many.status_code == 400


def test_a_version_is_served_as_soon_as_its_files_are_ready(
    opened: Release, client: Client
) -> None:
    newer = make_release(opened.dataset, "2.0.0", commit="cd" * 20)
    response = client.get(f"{API}/revision/v2.0.0")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "20")
    client.get(f"{API}/revision/v2.0.0")
    assert Job.objects.filter(kind="publishing.build_snapshot").count() == 1
    assert json.loads(content(client.get(API)))["sha"] == COMMIT
    Snapshot.objects.filter(release=newer).delete()
    keep_snapshot(newer, TREE)
    assert json.loads(content(client.get(API)))["sha"] == "cd" * 20


def test_unpublished_releases_are_unknown_to_members_too(
    release: Release, cast: Cast, client: Client
) -> None:
    make_release(release.dataset, "2.0.0", state=ReleaseState.APPROVED, commit="cd" * 20)
    for revision in ("v2.0.0", "cd" * 20):
        response = client.get(f"{API}/revision/{revision}", headers=bearer(cast.ada))
        assert response.status_code == 404
        assert response.headers["X-Error-Code"] == "RevisionNotFound"


def test_a_withdrawn_release_is_disabled_with_a_warning_that_says_why(
    opened: Release, client: Client
) -> None:
    walk(opened, ReleaseState.WITHDRAWN)
    make_release(opened.dataset, "1.0.1")
    response = client.get(FILE)
    assert response.status_code == 403
    assert response.headers["X-Error-Message"] == "Access to this resource is disabled."
    assert "use version 1.0.1" in response.headers["X-HF-Warning"]


def test_a_bad_token_is_said_to_be_one(opened: Release, client: Client) -> None:
    response = client.get(API, headers={"Authorization": "Bearer hf_abc"})
    assert response.status_code == 401
    assert response.headers["X-Error-Message"] == "Invalid credentials in Authorization header"
    assert "X-Error-Code" not in response.headers


@pytest.mark.parametrize(
    "path",
    [
        "/api/models/acme/birds",
        "/api/spaces",
        "/api/datasets/acme/birds/nonsense/x",
        "/api/datasets/acme",
        "/api/quicksearch",
    ],
)
def test_the_rest_of_the_hub_is_not_here(opened: Release, client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 401
    assert "error" in json.loads(content(response))


@pytest.mark.parametrize(
    "path",
    ["/api/repos/create", f"{API}/commit/main", f"{API}/preupload/main", f"{API}/tag/v1"],
)
def test_nothing_is_written_through_this_door(
    release: Release, cast: Cast, client: Client, path: str
) -> None:
    response = client.post(path, {}, content_type="application/json", headers=bearer(cast.ada))
    assert response.status_code == 403


def test_small_questions_of_the_client_are_answered(client: Client) -> None:
    assert client.get("/api/agent-harnesses").status_code == 200
    assert client.head("/api/telemetry/hf_hub/x").status_code == 200


def test_a_file_name_cannot_leave_the_release(opened: Release, client: Client) -> None:
    for path in ("../README.md", "..%2F..%2Fsettings.py", "data/../README.md", "data"):
        response = client.get(f"/datasets/acme/birds/resolve/main/{path}")
        assert response.status_code == 404, path
    for path in (f"{API}/tree/main/%00", "/api/datasets?search=%00", "/git/a%00/b.git/info/refs"):
        assert client.get(path).status_code == 400, path


def test_a_refused_head_says_its_length_and_has_no_body(release: Release, client: Client) -> None:
    refused = client.head(FILE)
    assert (refused.status_code, content(refused)) == (401, b"")
    assert refused.headers["Content-Length"] == client.get(FILE).headers["Content-Length"]


def test_a_session_reads_too(release: Release, cast: Cast, client: Client) -> None:
    client.force_login(cast.dan)
    assert content(client.get(FILE)) == TREE["README.md"]
