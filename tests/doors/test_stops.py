"""An emergency stop at each door: everybody is refused at once, and told whom to ask."""

import pytest
from django.test import Client

from apps.publishing.models import Target
from apps.publishing.permission import require_sendable
from apps.releases.errors import StoppedError
from apps.releases.models import Release
from apps.releases.stops import lift_stop, stop
from tests.cast import Cast
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
    row = stop(actor=cast.cleo, dataset=first.dataset, reason="Mrs Brown", release=second)
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
    stop(actor=cast.cleo, dataset=releases[0].dataset, reason="a voice")
    response = client.get(addresses(releases[1])["hub"])
    assert response.headers["X-Error-Message"] == "Access to this resource is disabled."
    assert "X-Error-Code" not in response.headers
    assert response.headers["X-HF-Warning"].startswith("stopped; ")


def test_git_hides_a_stopped_version_and_refuses_when_all_are(
    cast: Cast, client: Client, releases: tuple[Release, Release]
) -> None:
    address = f"/git/{NAME}.git/info/refs?service=git-upload-pack"
    stop(actor=cast.cleo, dataset=releases[0].dataset, reason="a voice", release=releases[1])
    shown = b"".join(client.get(address))
    assert b"refs/tags/v1.0.0" in shown
    assert b"v1.1.0" not in shown
    assert b" refs/heads/main\n" not in shown
    stop(actor=cast.cleo, dataset=releases[0].dataset, reason="a voice")
    response = client.get(address)
    assert response.status_code == 403
    assert b"closed by a privacy officer" in response.content


def test_nothing_stopped_is_sent_to_a_target(cast: Cast, releases: tuple[Release, Release]) -> None:
    stop(actor=cast.cleo, dataset=releases[0].dataset, reason="a voice", release=releases[1])
    with pytest.raises(StoppedError):
        require_sendable(releases[1], Target(organisation=cast.acme, gate="manual"))
