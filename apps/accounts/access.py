"""The one answer to who may do what in an organisation."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from apps.accounts.models import Membership, Organisation, Token, User
from datasets_catalog.errors import DeniedError, NotFoundError
from datasets_catalog.roles import ROLE_PERMISSIONS, Permission, Role, any_role_permits

Principal = User | AnonymousUser
# What reaches beyond a dataset: a token limited to some datasets does not carry it.
_ORGANISATION_WIDE = {
    Permission.ORGANISATION_MANAGE,
    Permission.DATASET_CREATE,
    Permission.TARGET_MANAGE,
    Permission.AUDIT_READ,
    Permission.SEAT_GIVE,
}


class OrganisationUnknownError(NotFoundError):
    """There is no such organisation, or the user is not a member: the answer is the same."""

    code = "organisation.unknown"


class TokenLimitedError(DeniedError):
    """The token was made for some datasets or for downloading, and this is beyond that."""

    code = "access.token_limited"


def find_token_reach(user: Principal) -> frozenset[str] | None:
    """Names (`organisation/name`) of the only datasets the user's token reaches; None: all."""
    token = user.token if isinstance(user, User) else None
    return frozenset(token.datasets) if token is not None and token.datasets else None


def may_reach_dataset(user: Principal, full_name: str) -> bool:
    """Whether the user's token reaches the dataset; what it may do there is another question."""
    names = find_token_reach(user)
    return names is None or full_name in names


def match_within_reach(user: Principal, dataset: str = "") -> Q:
    """The same as a condition on rows; `dataset` is the path to their dataset (`clip__dataset`)."""
    names = find_token_reach(user)
    if names is None:
        return Q()
    prefix = f"{dataset}__" if dataset else ""
    condition = Q(pk__in=[])
    for organisation, _, name in (full.partition("/") for full in sorted(names)):
        condition |= Q(**{f"{prefix}organisation__name": organisation, f"{prefix}name": name})
    return condition


def sees_releases_only(user: Principal) -> bool:
    """Whether the user came with a token for downloading, which sees what was released alone."""
    token = user.token if isinstance(user, User) else None
    return token is not None and token.scope == Token.Scope.DOWNLOAD


def require_unlimited(user: Principal) -> None:
    """`TokenLimitedError` for a token that was made for less than the whole account."""
    if find_token_reach(user) is not None or sees_releases_only(user):
        raise TokenLimitedError(
            "This token is limited to some datasets or to downloading: use one that is not."
        )


def load_roles(user: Principal, organisation: Organisation) -> frozenset[Role]:
    """The user's roles there; empty for anyone who is not signed in or was switched off.

    Empty too for tokens that do not reach any dataset of the organisation, or only download.
    """
    if not isinstance(user, User) or not user.is_active or sees_releases_only(user):
        return frozenset()
    names = find_token_reach(user)
    if names is not None and organisation.name not in _name_organisations(names):
        return frozenset()
    rows = Membership.objects.filter(user=user, organisation=organisation)
    return frozenset(Role(role) for role in rows.values_list("role", flat=True))


def has_permission(user: Principal, permission: Permission, organisation: Organisation) -> bool:
    """Whether one of the user's roles there carries the permission, and the token lets it."""
    if permission in _ORGANISATION_WIDE and find_token_reach(user) is not None:
        return False
    return any_role_permits(load_roles(user, organisation), permission)


def require_permission(user: Principal, permission: Permission, organisation: Organisation) -> None:
    """`DeniedError` that names the roles which would do, unless the user may."""
    if has_permission(user, permission, organisation):
        return
    if permission in _ORGANISATION_WIDE:
        require_unlimited(user)
    roles = sorted(role for role, granted in ROLE_PERMISSIONS.items() if permission in granted)
    raise DeniedError(
        f"{user} may not do this in {organisation}: it needs {permission},"
        f" which comes with the role {' or '.join(roles)}.",
        permission=str(permission),
        roles=[str(role) for role in roles],
    )


def list_organisations_where(user: Principal, permission: Permission) -> QuerySet[Membership, int]:
    """Ids of the organisations in which the user has the permission; part of a query it costs none.

    Rows of one dataset need `match_within_reach` besides: a token may reach one dataset of several.
    """
    nowhere = Membership.objects.none().values_list("organisation_id", flat=True)
    if not isinstance(user, User) or not user.is_active or sees_releases_only(user):
        return nowhere
    names = find_token_reach(user)
    if names is not None and permission in _ORGANISATION_WIDE:
        return nowhere
    roles = [role for role, granted in ROLE_PERMISSIONS.items() if permission in granted]
    rows = Membership.objects.filter(user=user, role__in=roles)
    if names is not None:
        rows = rows.filter(organisation__name__in=_name_organisations(names))
    return rows.values_list("organisation_id", flat=True).distinct()


def list_visible_organisations(user: Principal) -> QuerySet[Organisation]:
    """The organisations in which the user has a role; none for a limited token."""
    limited = find_token_reach(user) is not None or sees_releases_only(user)
    if not isinstance(user, User) or not user.is_active or limited:
        return Organisation.objects.none()
    return Organisation.objects.filter(
        pk__in=Membership.objects.filter(user=user).values("organisation_id")
    )


def fetch_organisation(user: Principal, name: str) -> Organisation:
    """The organisation, if the user has a role in it."""
    row = list_visible_organisations(user).filter(name=name).first()
    if row is None:
        raise OrganisationUnknownError(
            f"There is no organisation {name}, or you are not a member of it."
        )
    return row


def find_holder(
    *, username: str | None = None, organisation: str | None = None
) -> User | Organisation:
    """The person or the organisation that something is granted to; `NotFoundError` otherwise."""
    holder: User | Organisation | None
    if username is not None:
        holder = User.objects.filter(username=username, is_active=True).first()
    else:
        holder = Organisation.objects.filter(name=organisation).first()
    if holder is None:
        raise NotFoundError(f"There is no {username or organisation!r} to let in.")
    return holder


def _name_organisations(names: frozenset[str]) -> set[str]:
    return {name.partition("/")[0] for name in names}
