"""The page on which a release is sent to a Hub abroad."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from apps.publishing.actions import TargetSettings, save_target
from apps.publishing.models import Publication
from tests.cast import Cast
from tests.factories.drafts import make_published
from tests.factories.jobs import work_off
from tests.stand_ins.hub.handle import HubHandle, running_hub

pytestmark = pytest.mark.django_db
RELEASE = "/datasets/acme/tones/releases/1.0.0/"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubHandle]:
    with running_hub(tmp_path / "hub") as handle:
        yield handle


def test_a_release_is_planned_and_sent_from_its_page(
    cast: Cast, tmp_path: Path, hub: HubHandle
) -> None:
    make_published(cast, tmp_path)
    place = TargetSettings("acme/earmark-tones", endpoint=hub.address, token=hub.token)
    save_target(actor=cast.rita, organisation=cast.acme, name="hub", settings=place)
    rita, dan = Client(), Client()
    rita.force_login(cast.rita)
    dan.force_login(cast.dan)
    assert f'href="{RELEASE}to/hub/"' in rita.get(RELEASE).content.decode()
    assert "to/hub/" not in dan.get(RELEASE).content.decode()
    plan = rita.get(f"{RELEASE}to/hub/")
    assert plan.status_code == 200
    assert "acme/earmark-tones" in plan.content.decode()
    assert dan.post(f"{RELEASE}to/hub/").status_code == 403
    assert not Publication.objects.exists()
    rita.post(f"{RELEASE}to/hub/")
    work_off()
    assert Publication.objects.get().state == Publication.State.PUBLISHED
    assert "published" in rita.get(RELEASE).content.decode()
