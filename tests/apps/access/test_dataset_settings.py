"""Settings are saved at once as far as one person may, and proposed beyond that: all or nothing."""

from datetime import UTC, datetime

import pytest

from apps.access.access_changes import AccessChangeWaitsError
from apps.access.dataset_settings import save_settings
from apps.access.models import AccessChange
from apps.datasets.models import Dataset
from apps.releases.models import Release
from datasets_catalog.errors import DeniedError, InvalidError
from tests.cast import Cast
from tests.factories.published import make_dataset, make_release

pytestmark = pytest.mark.django_db
LATER = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def release(cast: Cast) -> Release:
    return make_release(make_dataset(cast.acme, cast.ada))


def test_what_one_may_not_change_alone_is_proposed_and_the_rest_saved(
    release: Release, cast: Cast
) -> None:
    changes = {"title": "Owls", "access": "open"}
    saved = save_settings(
        actor=cast.ada, dataset=release.dataset, changes=changes, reason="A challenge begins."
    )
    row = Dataset.objects.get(pk=release.dataset_id)
    assert (row.title, row.access) == ("Owls", "request")
    assert saved.access_change == AccessChange.objects.get()
    assert saved.access_change.access == "open"
    assert saved.lowering is None
    assert changes == {"title": "Owls", "access": "open"}


def test_what_narrows_is_saved_without_a_reason(release: Release, cast: Cast) -> None:
    changes = {"access": "organisation", "embargo_until": LATER}
    saved = save_settings(actor=cast.ada, dataset=release.dataset, changes=changes, reason="")
    assert (saved.access_change, saved.lowering) == (None, None)
    assert Dataset.objects.get(pk=release.dataset_id).embargo_until == LATER


def test_where_the_proposal_is_refused_nothing_is_saved(release: Release, cast: Cast) -> None:
    changes = {"title": "Owls", "access": "open"}
    with pytest.raises(InvalidError, match="Give a reason"):
        save_settings(actor=cast.ada, dataset=release.dataset, changes=changes, reason=" ")
    save_settings(actor=cast.ada, dataset=release.dataset, changes={"access": "open"}, reason="A.")
    with pytest.raises(AccessChangeWaitsError):
        save_settings(actor=cast.ada, dataset=release.dataset, changes=changes, reason="Again.")
    assert Dataset.objects.get(pk=release.dataset_id).title != "Owls"
    assert AccessChange.objects.count() == 1


def test_who_may_not_edit_the_dataset_saves_and_proposes_nothing(
    release: Release, cast: Cast
) -> None:
    for changes in ({"title": "Owls"}, {"access": "open"}):
        with pytest.raises(DeniedError):
            save_settings(actor=cast.olga, dataset=release.dataset, changes=changes, reason="A.")
    assert not AccessChange.objects.exists()
