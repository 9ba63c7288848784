"""Who may have which dataset and clip: fetching is the permission check."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone

from apps.accounts.access import Principal
from apps.accounts.models import Token
from apps.datasets import access
from apps.datasets.access import (
    ClipUnknownError,
    DatasetUnknownError,
    add_knower,
    fetch_clip,
    fetch_dataset,
    fetch_dataset_to_edit,
    fetch_draft,
    list_visible_datasets,
    may_see_draft,
)
from apps.datasets.models import Dataset
from datasets_catalog.errors import DeniedError
from datasets_catalog.roles import Permission, Role
from tests.apps.accounts.people import (
    coming_with_token,
    other_organisation,
    person_with,
    roles_with,
)
from tests.apps.datasets.rows import add_clip
from tests.cast import Cast
from tests.factories.drafts import make_dataset
from tests.factories.published import set_access

pytestmark = pytest.mark.django_db
NOBODY = AnonymousUser()


@pytest.fixture
def house(cast: Cast) -> dict[str, Dataset]:
    """One dataset of each width, each released but for `draft`."""
    rows = {name: make_dataset(cast, name) for name in ("draft", "open", "request", "inner")}
    Dataset.objects.exclude(name="draft").update(released_at=timezone.now())
    set_access("open", dataset=rows["open"])
    set_access("organisation", dataset=rows["inner"])
    return {name: Dataset.objects.get(pk=row.pk) for name, row in rows.items()}


def names(user: Principal) -> list[str]:
    return [row.name for row in list_visible_datasets(user)]


def test_members_know_of_all_and_others_of_what_was_released_and_is_not_internal(
    cast: Cast, house: dict[str, Dataset]
) -> None:
    for member in (cast.ada, cast.cleo, cast.rita, cast.olga):
        assert names(member) == ["draft", "inner", "open", "request"]
    for stranger in (cast.eve, NOBODY):
        assert names(stranger) == ["open", "request"]
    cast.olga.is_active = False
    assert names(cast.olga) == ["open", "request"]


@pytest.mark.parametrize("role", Role)
def test_every_role_that_works_on_datasets_sees_drafts(
    cast: Cast, house: dict[str, Dataset], role: Role
) -> None:
    somebody = person_with(cast.acme, role)
    works = role in roles_with(Permission.DATASET_VIEW)
    assert ("draft" in names(somebody)) is works
    assert may_see_draft(somebody, house["open"]) is works


def test_tokens_narrow_what_is_seen(cast: Cast, house: dict[str, Dataset]) -> None:
    limited = coming_with_token(cast.ada, "acme/draft", "acme/open")
    assert names(limited) == ["draft", "open"]
    assert may_see_draft(limited, house["draft"])
    assert not may_see_draft(limited, house["request"])
    downloading = coming_with_token(cast.ada, scope=Token.Scope.DOWNLOAD)
    # What was released inside the organisation is there for its members to take.
    assert names(downloading) == ["inner", "open", "request"]
    assert not may_see_draft(downloading, house["draft"])
    assert names(coming_with_token(cast.eve, "acme/inner")) == []


def test_what_is_not_there_and_what_is_not_yours_sound_alike(
    cast: Cast, house: dict[str, Dataset]
) -> None:
    said = set()
    for name in ("acme/draft", "acme/inner", "acme/none", "none/draft", "draft", "", "acme/"):
        with pytest.raises(DatasetUnknownError) as refusal:
            fetch_dataset(cast.eve, name)
        said.add((refusal.value.code, refusal.value.message.replace(name, "…", 1)))
    assert len({code for code, _ in said}) == 1
    assert fetch_dataset(cast.eve, "acme/open") == house["open"]
    assert fetch_dataset(cast.ada, "acme/draft") == house["draft"]


def test_of_two_datasets_of_one_name_the_organisation_decides(cast: Cast) -> None:
    make_dataset(cast, "birds")
    umbrella = other_organisation(cast.eve)
    theirs = Dataset.objects.create(
        organisation=umbrella, name="birds", vertical="sfx", created_by=cast.eve
    )
    assert fetch_dataset(cast.eve, "umbrella/birds") == theirs
    with pytest.raises(DatasetUnknownError):
        fetch_dataset(cast.eve, "acme/birds")


def test_whoever_may_know_of_it_is_told_which_role_they_lack(
    cast: Cast, house: dict[str, Dataset]
) -> None:
    with pytest.raises(DeniedError, match="dataset:edit, which comes with the role owner or"):
        fetch_dataset_to_edit(cast.eve, "acme/open", Permission.DATASET_EDIT)
    with pytest.raises(DatasetUnknownError):
        fetch_dataset_to_edit(cast.eve, "acme/draft", Permission.DATASET_EDIT)
    assert fetch_dataset_to_edit(cast.ada, "acme/draft", Permission.DATASET_EDIT) == house["draft"]
    with pytest.raises(DeniedError, match="dataset:view"):
        fetch_draft(cast.eve, "acme/open")
    assert fetch_draft(cast.olga, "acme/open") == house["open"]


def test_a_clip_is_found_in_its_own_draft_by_those_who_work_on_it(
    cast: Cast, house: dict[str, Dataset]
) -> None:
    clip = add_clip(house["open"], recording="monday")
    assert fetch_clip(cast.olga, "acme/open", clip.uid) == clip
    with pytest.raises(DeniedError):
        fetch_clip(cast.eve, "acme/open", clip.uid)
    for name, uid in (("acme/draft", clip.uid), ("acme/open", uuid.UUID(int=7))):
        with pytest.raises(ClipUnknownError, match=f"{name} has no clip {uid}"):
            fetch_clip(cast.ada, name, uid)


def test_a_room_above_can_let_people_know_of_what_is_released(
    cast: Cast, house: dict[str, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    def let_eve_in(user: Principal) -> Q:
        return Q(organisation__name="acme") if user == cast.eve else Q(pk__in=[])

    monkeypatch.setattr(access, "_KNOWERS", list(access._KNOWERS))
    for _ in range(2):
        add_knower(let_eve_in)
    assert access._KNOWERS.count(let_eve_in) == 1
    assert names(cast.eve) == ["inner", "open", "request"]
    assert names(cast.dan) == ["open", "request"]


def test_listing_is_one_query_whatever_is_in_it(
    cast: Cast,
    house: dict[str, Dataset],
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert {str(row) for row in list_visible_datasets(cast.ada)} == {
            "acme/draft",
            "acme/inner",
            "acme/open",
            "acme/request",
        }


def test_a_token_that_ended_since_is_not_asked_again_here(
    cast: Cast, house: dict[str, Dataset]
) -> None:
    """Ending is noticed where the token comes in (`token_for`); a request at work goes on."""
    limited = coming_with_token(cast.ada, "acme/draft")
    Token.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert names(limited) == ["draft"]
