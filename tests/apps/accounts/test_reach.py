"""What roles and tokens reach: one table, asked everywhere."""

import pytest
from django.contrib.auth.models import AnonymousUser

from apps.accounts.access import (
    OrganisationUnknownError,
    TokenLimitedError,
    can,
    holder_named,
    organisation_for,
    organisations_for,
    organisations_where,
    reach,
    reaches,
    releases_only,
    require,
    require_unlimited,
    roles_of,
    within_reach,
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
    assert roles_of(somebody, cast.acme) == {role}
    assert roles_of(somebody, umbrella) == frozenset()
    for permission in Permission:
        granted = permission in ROLE_PERMISSIONS[role]
        assert can(somebody, permission, cast.acme) is granted
        assert not can(somebody, permission, umbrella)
        here = {cast.acme.pk} if granted else set()
        assert set(organisations_where(somebody, permission)) == here


@pytest.mark.parametrize("permission", Permission)
def test_a_limited_token_carries_what_is_of_its_dataset_alone(
    cast: Cast, permission: Permission
) -> None:
    everything = person_with(cast.acme, *Role, name="all-roles")
    limited = coming_with_token(everything, "acme/tones")
    assert can(limited, permission, cast.acme) is (permission not in WIDE)
    assert bool(organisations_where(limited, permission)) is (permission not in WIDE)
    elsewhere = coming_with_token(everything, "umbrella/tones", name="elsewhere")
    assert not can(elsewhere, permission, cast.acme)
    downloading = coming_with_token(everything, scope=Token.Scope.DOWNLOAD)
    assert not can(downloading, permission, cast.acme)
    assert not organisations_where(downloading, permission)


def test_a_refusal_names_what_is_missing(cast: Cast) -> None:
    with pytest.raises(DeniedError, match="eve may not do this in acme") as refusal:
        require(cast.eve, Permission.RIGHTS_REVIEW, cast.acme)
    assert refusal.value.detail == {"permission": "rights:review", "roles": ["rights_reviewer"]}
    limited = coming_with_token(cast.ada, "acme/tones")
    with pytest.raises(TokenLimitedError, match="use one that is not"):
        require(limited, Permission.DATASET_CREATE, cast.acme)
    require(limited, Permission.DATASET_EDIT, cast.acme)


def test_a_token_narrows_the_account_and_never_widens_it(cast: Cast) -> None:
    limited = coming_with_token(cast.eve, "acme/tones")
    assert reach(limited) == frozenset({"acme/tones"})
    assert reaches(limited, "acme/tones")
    assert not reaches(limited, "acme/tones2")
    assert not can(limited, Permission.DATASET_VIEW, cast.acme)
    assert reach(cast.eve) is reach(NOBODY) is None
    assert reaches(NOBODY, "acme/tones")
    assert not releases_only(limited)
    assert releases_only(coming_with_token(cast.ada, scope=Token.Scope.DOWNLOAD))
    assert not releases_only(NOBODY)


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
    found = Dataset.objects.filter(within_reach(limited))
    assert sorted(row.name for row in found) == ["birds", "owls"]
    assert Dataset.objects.filter(within_reach(cast.ada)).count() == 3
    none = coming_with_token(cast.ada, "umbrella/tones", name="none")
    assert not Dataset.objects.filter(within_reach(none)).exists()


def test_somebody_switched_off_has_no_roles_and_no_organisations(cast: Cast) -> None:
    cast.ada.is_active = False
    for user in (cast.ada, NOBODY):
        assert roles_of(user, cast.acme) == frozenset()
        assert not organisations_for(user).exists()
        assert not organisations_where(user, Permission.DATASET_VIEW)


def test_an_organisation_is_known_to_its_members_with_any_role(cast: Cast) -> None:
    member = person_with(cast.acme, Role.MEMBER)
    assert organisation_for(member, "acme") == cast.acme
    said = set()
    for user, name in ((cast.eve, "acme"), (cast.eve, "none"), (NOBODY, "acme")):
        with pytest.raises(OrganisationUnknownError) as refusal:
            organisation_for(user, name)
        said.add(refusal.value.message.replace(name, "…"))
    assert len(said) == 1
    limited = coming_with_token(cast.ada, "acme/tones")
    with pytest.raises(OrganisationUnknownError):
        organisation_for(limited, "acme")


def test_two_roles_make_one_membership_of_an_organisation(cast: Cast) -> None:
    assert Membership.objects.filter(user=cast.ada).count() == 2
    assert list(organisations_for(cast.ada)) == [cast.acme]
    assert list(organisations_where(cast.ada, Permission.DATASET_VIEW)) == [cast.acme.pk]


def test_whom_something_is_granted_to_has_to_be_there(cast: Cast) -> None:
    assert holder_named(username="eve") == cast.eve
    assert holder_named(organisation="acme") == cast.acme
    type(cast.eve).objects.filter(pk=cast.eve.pk).update(is_active=False)
    for named in ({"username": "eve"}, {"username": "acme"}, {"organisation": "none"}):
        with pytest.raises(NotFoundError, match="to let in"):
            holder_named(**named)
