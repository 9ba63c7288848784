"""What roles and tokens reach: one table, asked everywhere."""

import pytest
from django.contrib.auth.models import AnonymousUser

from apps.accounts.access import (
    OrganisationUnknownError,
    TokenLimitedError,
    fetch_organisation,
    find_holder,
    find_token_reach,
    has_permission,
    list_organisations_where,
    list_visible_organisations,
    load_roles,
    match_within_reach,
    may_reach_dataset,
    require_permission,
    require_unlimited,
    sees_releases_only,
)
from apps.accounts.models import Membership, Token
from apps.datasets.models import Dataset
from datasets_catalog.errors import DeniedError, NotFoundError
from datasets_catalog.roles import ROLE_PERMISSIONS, Permission, Role
from tests.apps.accounts.people import coming_with_token, other_organisation, person_with
from tests.cast import Cast
from tests.factories.drafts import make_dataset

pytestmark = pytest.mark.django_db
NOBODY = AnonymousUser()
# What no token that is limited to some datasets carries.
WIDE = {
    Permission.ORGANISATION_MANAGE,
    Permission.DATASET_CREATE,
    Permission.TARGET_MANAGE,
    Permission.AUDIT_READ,
    Permission.SEAT_GIVE,
}


@pytest.mark.parametrize("role", Role)
def test_a_role_carries_what_the_table_says_there_and_nothing_elsewhere(
    cast: Cast, role: Role
) -> None:
    umbrella, somebody = other_organisation(cast.eve), person_with(cast.acme, role)
    assert load_roles(somebody, cast.acme) == {role}
    assert load_roles(somebody, umbrella) == frozenset()
    for permission in Permission:
        granted = permission in ROLE_PERMISSIONS[role]
        assert has_permission(somebody, permission, cast.acme) is granted
        assert not has_permission(somebody, permission, umbrella)
        here = {cast.acme.pk} if granted else set()
        assert set(list_organisations_where(somebody, permission)) == here


@pytest.mark.parametrize("permission", Permission)
def test_a_limited_token_carries_what_is_of_its_dataset_alone(
    cast: Cast, permission: Permission
) -> None:
    everything = person_with(cast.acme, *Role, name="all-roles")
    limited = coming_with_token(everything, "acme/tones")
    assert has_permission(limited, permission, cast.acme) is (permission not in WIDE)
    assert bool(list_organisations_where(limited, permission)) is (permission not in WIDE)
    elsewhere = coming_with_token(everything, "umbrella/tones", name="elsewhere")
    assert not has_permission(elsewhere, permission, cast.acme)
    downloading = coming_with_token(everything, scope=Token.Scope.DOWNLOAD)
    assert not has_permission(downloading, permission, cast.acme)
    assert not list_organisations_where(downloading, permission)


def test_a_refusal_names_what_is_missing(cast: Cast) -> None:
    with pytest.raises(DeniedError, match="eve may not do this in acme") as refusal:
        require_permission(cast.eve, Permission.RIGHTS_REVIEW, cast.acme)
    assert refusal.value.detail == {"permission": "rights:review", "roles": ["rights_reviewer"]}
    limited = coming_with_token(cast.ada, "acme/tones")
    with pytest.raises(TokenLimitedError, match="use one that is not"):
        require_permission(limited, Permission.DATASET_CREATE, cast.acme)
    require_permission(limited, Permission.DATASET_EDIT, cast.acme)


def test_a_token_narrows_the_account_and_never_widens_it(cast: Cast) -> None:
    limited = coming_with_token(cast.eve, "acme/tones")
    assert find_token_reach(limited) == frozenset({"acme/tones"})
    assert may_reach_dataset(limited, "acme/tones")
    assert not may_reach_dataset(limited, "acme/tones2")
    assert not has_permission(limited, Permission.DATASET_VIEW, cast.acme)
    assert find_token_reach(cast.eve) is find_token_reach(NOBODY) is None
    assert may_reach_dataset(NOBODY, "acme/tones")
    assert not sees_releases_only(limited)
    assert sees_releases_only(coming_with_token(cast.ada, scope=Token.Scope.DOWNLOAD))
    assert not sees_releases_only(NOBODY)


def test_only_an_account_without_a_limit_is_unlimited(cast: Cast) -> None:
    for whole in (cast.ada, coming_with_token(cast.ada), NOBODY):
        require_unlimited(whole)
    for less in (
        coming_with_token(cast.ada, "acme/tones"),
        coming_with_token(cast.ada, scope=Token.Scope.DOWNLOAD),
    ):
        with pytest.raises(TokenLimitedError):
            require_unlimited(less)


def test_rows_within_reach_are_those_of_the_datasets_named(cast: Cast) -> None:
    for name in ("birds", "owls", "tones"):
        make_dataset(cast, name)
    limited = coming_with_token(cast.ada, "acme/birds", "acme/owls", "umbrella/tones")
    found = Dataset.objects.filter(match_within_reach(limited))
    assert sorted(row.name for row in found) == ["birds", "owls"]
    assert Dataset.objects.filter(match_within_reach(cast.ada)).count() == 3
    none = coming_with_token(cast.ada, "umbrella/tones", name="none")
    assert not Dataset.objects.filter(match_within_reach(none)).exists()


def test_somebody_switched_off_has_no_roles_and_no_organisations(cast: Cast) -> None:
    cast.ada.is_active = False
    for user in (cast.ada, NOBODY):
        assert load_roles(user, cast.acme) == frozenset()
        assert not list_visible_organisations(user).exists()
        assert not list_organisations_where(user, Permission.DATASET_VIEW)


def test_an_organisation_is_known_to_its_members_with_any_role(cast: Cast) -> None:
    member = person_with(cast.acme, Role.MEMBER)
    assert fetch_organisation(member, "acme") == cast.acme
    said = set()
    for user, name in ((cast.eve, "acme"), (cast.eve, "none"), (NOBODY, "acme")):
        with pytest.raises(OrganisationUnknownError) as refusal:
            fetch_organisation(user, name)
        said.add(refusal.value.message.replace(name, "…"))
    assert len(said) == 1
    limited = coming_with_token(cast.ada, "acme/tones")
    with pytest.raises(OrganisationUnknownError):
        fetch_organisation(limited, "acme")


def test_two_roles_make_one_membership_of_an_organisation(cast: Cast) -> None:
    assert Membership.objects.filter(user=cast.ada).count() == 2
    assert list(list_visible_organisations(cast.ada)) == [cast.acme]
    assert list(list_organisations_where(cast.ada, Permission.DATASET_VIEW)) == [cast.acme.pk]


def test_whom_something_is_granted_to_has_to_be_there(cast: Cast) -> None:
    assert find_holder(username="eve") == cast.eve
    assert find_holder(organisation="acme") == cast.acme
    type(cast.eve).objects.filter(pk=cast.eve.pk).update(is_active=False)
    for named in ({"username": "eve"}, {"username": "acme"}, {"organisation": "none"}):
        with pytest.raises(NotFoundError, match="to let in"):
            find_holder(**named)
