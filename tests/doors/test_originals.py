"""What a reviewer took out is behind no door, whoever asks."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse

from apps.access.actions import grant_access
from apps.accounts.models import User
from apps.datasets.models import Clip
from apps.doors.signed_addresses import sign_object
from apps.publishing.release_publication import publish_release_here
from apps.releases.models import Release, ReleaseBlob
from apps.review.actions import decide_finding
from apps.storage.blobs import open_local_copy
from apps.storage.models import Blob
from apps.storage.version_writing import build_git_path
from tests.apps.review.reviewing import clip_at, found_in
from tests.cast import Cast
from tests.doors.dvc.conftest import token_of
from tests.factories.drafts import approve, make_draft, make_release
from tests.factories.jobs import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def redacted(cast: Cast, tmp_path: Path) -> Clip:
    """A clip of a published release; dan may take the release."""
    dataset = make_draft(cast, tmp_path)
    clip = clip_at(dataset, 2)
    decide_finding(actor=cast.cleo, finding=found_in(clip), verdict="redact", reason="a name")
    dataset.refresh_from_db()
    publish_release_here(actor=cast.rita, release=approve(cast, make_release(cast, dataset)))
    work_off()
    grant_access(
        actor=cast.ada, dataset=dataset, holder=cast.dan, purposes=["research.noncommercial"]
    )
    return Clip.objects.select_related("blob", "original", "dataset").get(pk=clip.pk)


def old_of(clip: Clip) -> Blob:
    assert clip.original is not None
    return clip.original


def bearer(user: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(user)}"}


def content(blob: Blob) -> bytes:
    with open_local_copy(blob) as path:
        return path.read_bytes()


def body(response: HttpResponseBase) -> bytes:
    return b"".join(response)


@pytest.mark.parametrize("who", ["ada", "cleo", "rita", "olga", "dan"])
def test_no_address_of_bytes_gives_the_original(
    cast: Cast, redacted: Clip, client: Client, who: str
) -> None:
    user, old, new = getattr(cast, who), old_of(redacted), redacted.blob
    headers = bearer(user)

    def got(address: str) -> tuple[int, str]:
        response = client.get(address, headers=headers)
        return response.status_code, hashlib.sha256(body(response)).hexdigest()

    api = "/api/v1/datasets/acme/tones"
    for address in (
        f"{api}/releases/1.0.0/clips/{redacted.uid}/audio/",
        f"{api}/clips/{redacted.uid}/audio/",
    ):
        status, digest = got(address)
        assert digest != old.sha256
        assert (digest == new.sha256) == (status == 200)
    md5 = "/dvc/acme/tones/files/md5"
    assert got(f"{md5}/{new.oid[:2]}/{new.oid[2:]}") == (200, new.sha256)
    assert got(f"{md5}/{old.oid[:2]}/{old.oid[2:]}")[0] == 404


def test_pages_play_the_new_bytes(cast: Cast, redacted: Clip, client: Client) -> None:
    for user in (cast.ada, cast.cleo):
        client.force_login(user)
        address = reverse("web:dataset_clip_audio", args=["acme", "tones", redacted.uid])
        heard = client.get(address)
        assert hashlib.sha256(body(heard)).hexdigest() == redacted.blob.sha256


def test_nothing_that_is_released_names_the_original(cast: Cast, redacted: Clip) -> None:
    """Tables, listings, documents, the Hub's files: no hash of it, in text or in bytes."""
    old = old_of(redacted)
    held = ReleaseBlob.objects.filter(release__dataset=redacted.dataset).select_related("blob")
    assert held.exists()
    assert old.pk not in {row.blob_id for row in held}
    names = (old.oid, old.sha256)
    for row in held:
        with open_local_copy(row.blob) as path:
            content = path.read_bytes()
        for name in names:
            assert name.encode() not in content
            assert bytes.fromhex(name) not in content


@pytest.mark.parametrize("who", ["ada", "cleo", "dan"])
def test_no_signature_opens_the_original(
    cast: Cast, redacted: Clip, client: Client, who: str
) -> None:
    user, old, new = getattr(cast, who), old_of(redacted), redacted.blob
    release = Release.objects.get(dataset=redacted.dataset)
    opened = client.get("/api/v1/signed/", {"key": sign_object(user, release, new)})
    assert hashlib.sha256(body(opened)).hexdigest() == new.sha256
    refused = client.get("/api/v1/signed/", {"key": sign_object(user, release, old)})
    assert (refused.status_code, refused.json()["code"]) == (404, "object.unknown")


@pytest.mark.parametrize(
    ("who", "revision"), [("dan", "v1.0.0"), ("ada", "main"), ("ada", "draft")]
)
def test_no_file_of_the_hub_holds_the_original(
    cast: Cast, redacted: Clip, client: Client, who: str, revision: str
) -> None:
    old, new, headers = old_of(redacted), redacted.blob, bearer(getattr(cast, who))
    old_sound, new_sound = content(old), content(new)
    listing = f"/api/datasets/acme/tones/tree/{revision}?recursive=true"
    entries = client.get(listing, headers=headers).json()
    files = [each["path"] for each in entries if each["type"] == "file"]
    seen = b""
    for path in files:
        response = client.get(f"/datasets/acme/tones/resolve/{revision}/{path}", headers=headers)
        assert response.status_code == 200, path
        seen += body(response)
    assert new_sound in seen
    assert old_sound not in seen
    for name in (old.sha256, old.oid):
        assert name.encode() not in seen
        gone = client.get(f"/datasets/acme/tones/resolve/{revision}/{name}", headers=headers)
        assert gone.status_code == 404


@pytest.mark.parametrize("who", ["ada", "cleo", "dan"])
def test_lfs_gives_nothing_out(cast: Cast, redacted: Clip, client: Client, who: str) -> None:
    old = old_of(redacted)
    asked = {"operation": "download", "objects": [{"oid": old.sha256, "size": old.size}]}
    response = client.post(
        "/datasets/acme/tones.git/info/lfs/objects/batch",
        json.dumps(asked),
        content_type="application/vnd.git-lfs+json",
        headers=bearer(getattr(cast, who)),
    )
    assert response.status_code == 403
    assert b"href" not in body(response)


def test_the_repository_of_versions_does_not_name_the_original(
    cast: Cast, redacted: Clip, client: Client
) -> None:
    """Whatever git would send of it, and the listing by which DVC fetches."""
    old, new = old_of(redacted), redacted.blob
    folder = build_git_path(redacted.dataset.uid)
    command = ["git", "-C", str(folder), "cat-file", "--batch-all-objects", "--batch"]
    sent = subprocess.run(command, check=True, capture_output=True).stdout
    listings = {
        line.split()[-1] for line in sent.decode(errors="replace").splitlines() if ".dir" in line
    }
    assert listings
    for listing in listings:
        address = f"/dvc/acme/tones/files/md5/{listing[:2]}/{listing[2:]}"
        listed = client.get(address, headers=bearer(cast.dan))
        assert listed.status_code == 200
        sent += body(listed)
    assert new.oid.encode() in sent
    for name in (old.oid, old.sha256):
        assert name.encode() not in sent
        assert bytes.fromhex(name) not in sent
