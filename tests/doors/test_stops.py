"""An emergency stop at each door: everybody is refused at once, and told whom to ask."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.tokens import create_token
from apps.datasets.models import Clip, Dataset
from apps.ingest.draft_files import compute_head
from apps.publishing.models import Target
from apps.publishing.permission import require_sendable
from apps.releases.errors import StoppedError
from apps.releases.models import Release
from apps.releases.stops import lift_stop, place_stop
from tests.cast import Cast
from tests.factories.drafts import make_draft
from tests.factories.published import keep_snapshot, make_dataset, publish_tree

pytestmark = pytest.mark.django_db
NAME = "acme/birds"


@pytest.fixture
def releases(cast: Cast) -> tuple[Release, Release]:
    """Two open releases."""
    dataset = make_dataset(cast.acme, cast.ada, access="open")
    first = publish_tree(dataset, "1.0.0", {"a.wav": b"first"})
    second = publish_tree(dataset, "1.1.0", {"a.wav": b"second"})
    for release in (first, second):
        keep_snapshot(release, {"README.md": b"card"})
    return first, second


def addresses(release: Release) -> dict[str, str]:
    table = release.clips_table
    assert table is not None
    return {
        "dvc": f"/dvc/{NAME}/files/md5/{table.oid[:2]}/{table.oid[2:]}",
        "hub": f"/datasets/{NAME}/resolve/v{release.version}/README.md",
        "hub tree": f"/api/datasets/{NAME}/tree/v{release.version}",
        "rest": f"/api/v1/datasets/{NAME}/releases/{release.version}/tables/clips.parquet",
        "rest rows": f"/api/v1/datasets/{NAME}/releases/{release.version}/clips/",
    }


def test_every_door_refuses_at_once_and_serves_the_other_version(
    cast: Cast, client: Client, releases: tuple[Release, Release]
) -> None:
    first, second = releases
    row = place_stop(actor=cast.cleo, dataset=first.dataset, reason="Mrs Brown", release=second)
    for door, address in addresses(second).items():
        response = client.get(address)
        said = str(response.headers) + response.content.decode() + response.reason_phrase
        assert response.status_code == 403, door
        assert "closed by a privacy officer of acme" in said, door
        assert "Brown" not in said, door
    for door in ("dvc", "hub", "rest"):
        assert taken(client, addresses(first)[door]), door
    lift_stop(actor=cast.ada, stop=row, reason="A bird.")
    assert taken(client, addresses(second)["dvc"]) == b"table of 1.1.0"


def taken(client: Client, address: str) -> bytes:
    response = client.get(address)
    assert response.status_code == 200
    return b"".join(response)


def test_the_hubs_clients_are_told_that_it_is_disabled(
    cast: Cast, client: Client, releases: tuple[Release, Release]
) -> None:
    place_stop(actor=cast.cleo, dataset=releases[0].dataset, reason="a voice")
    response = client.get(addresses(releases[1])["hub"])
    assert response.headers["X-Error-Message"] == "Access to this resource is disabled."
    assert "X-Error-Code" not in response.headers
    assert response.headers["X-HF-Warning"].startswith("stopped; ")


def draft_addresses(dataset: Dataset, path: str) -> dict[str, str]:
    uid = dataset.clips.get(path=path).uid
    return {
        "hub": f"/datasets/{dataset.full_name}/resolve/draft/{path}",
        "hub head": f"/datasets/{dataset.full_name}/resolve/{compute_head(dataset)}/{path}",
        "rest": f"/api/v1/datasets/{dataset.full_name}/clips/{uid}/audio/",
        "page": reverse("web:dataset_clip_audio", args=["acme", dataset.name, uid]),
        "page outline": reverse("web:dataset_clip_peaks", args=["acme", dataset.name, uid]),
    }


def as_member(user: User, door: str) -> Client:
    client = Client()
    if door.startswith("page"):
        client.force_login(user)
        return client
    token = create_token(actor=user, name=door).text
    return Client(headers={"Authorization": f"Bearer {token}"})


def told(user: User, door: str, address: str, method: str = "get") -> tuple[int, str]:
    """The status, and whatever a refusal says."""
    response = getattr(as_member(user, door), method)(address)
    body = b"".join(response)
    if response.status_code == 200:
        return 200, ""
    return response.status_code, str(response.headers) + body.decode()


@pytest.mark.parametrize("scope", ["dataset", "clip"])
def test_the_drafts_bytes_are_closed_at_each_door_but_to_reviewers(
    cast: Cast, tmp_path: Path, scope: str
) -> None:
    dataset = make_draft(cast, tmp_path)
    clip = dataset.clips.get(path="field/000.wav")
    one = clip if scope == "clip" else None
    addresses = draft_addresses(dataset, clip.path)
    assert {told(cast.rita, *each) for each in addresses.items()} == {(200, "")}
    row = place_stop(actor=cast.cleo, dataset=dataset, reason="Mrs Brown", clip=one)
    for door, address in addresses.items():
        for method in ("get", "head"):
            status, said = told(cast.rita, door, address, method)
            assert (status, "Brown" in said) == (403, False), (door, method)
        assert told(cast.cleo, door, address)[0] == 200, door
    left = 403 if scope == "dataset" else 200
    for door, address in draft_addresses(dataset, "field/001.wav").items():
        assert told(cast.rita, door, address)[0] == left, door
    lift_stop(actor=cast.ada, stop=row, reason="A bird.")
    assert {told(cast.rita, *each) for each in addresses.items()} == {(200, "")}


def test_the_bytes_of_a_stopped_clip_are_closed_under_another_name_too(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_draft(cast, tmp_path)
    clip, other = dataset.clips.order_by("path")[:2]
    Clip.objects.filter(pk=other.pk).update(blob=clip.blob_id)
    place_stop(actor=cast.cleo, dataset=dataset, reason="a voice", clip=clip)
    status, said = told(cast.rita, "hub", draft_addresses(dataset, other.path)["hub"])
    assert (status, "ask the privacy reviewers of acme" in said) == (403, True)


def test_git_hides_a_stopped_version_and_refuses_when_all_are(
    cast: Cast, client: Client, releases: tuple[Release, Release]
) -> None:
    address = f"/git/{NAME}.git/info/refs?service=git-upload-pack"
    place_stop(actor=cast.cleo, dataset=releases[0].dataset, reason="a voice", release=releases[1])
    shown = b"".join(client.get(address))
    assert b"refs/tags/v1.0.0" in shown
    assert b"v1.1.0" not in shown
    assert f"{releases[0].dvc_commit} refs/heads/main\n".encode() in shown
    place_stop(actor=cast.cleo, dataset=releases[0].dataset, reason="a voice")
    response = client.get(address)
    assert response.status_code == 403
    assert b"closed by a privacy officer" in response.content


def test_nothing_stopped_is_sent_to_a_target(cast: Cast, releases: tuple[Release, Release]) -> None:
    place_stop(actor=cast.cleo, dataset=releases[0].dataset, reason="a voice", release=releases[1])
    with pytest.raises(StoppedError):
        require_sendable(releases[1], Target(organisation=cast.acme, gate="manual"))
