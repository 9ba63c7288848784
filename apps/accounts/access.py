"""The one answer to who may do what in an organisation."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from apps.accounts.models import Membership, Organisation, User
from datasets_catalog.errors import DeniedError, NotFoundError
from datasets_catalog.roles import ROLE_PERMISSIONS, Permission, Role, permits

Principal = User | AnonymousUser


class OrganisationUnknownError(NotFoundError):
    """There is no such organisation, or the user is not a member: the answer is the same."""

    code = "organisation.unknown"


def roles_of(user: Principal, organisation: Organisation) -> frozenset[Role]:
    """The user's roles there; empty for anyone who is not signed in or was switched off."""
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    rows = Membership.objects.filter(user=user, organisation=organisation)
    return frozenset(Role(role) for role in rows.values_list("role", flat=True))


def can(user: Principal, permission: Permission, organisation: Organisation) -> bool:
    """Whether one of the user's roles there carries the permission."""
    return permits(roles_of(user, organisation), permission)


def require(user: Principal, permission: Permission, organisation: Organisation) -> None:
    """`DeniedError` that names the roles which would do, unless the user may."""
    if can(user, permission, organisation):
        return
    roles = sorted(role for role, granted in ROLE_PERMISSIONS.items() if permission in granted)
    raise DeniedError(
        f"{user} may not do this in {organisation}: it needs {permission},"
        f" which comes with the role {' or '.join(roles)}.",
        permission=str(permission),
        roles=[str(role) for role in roles],
    )


def organisations_where(user: Principal, permission: Permission) -> list[int]:
    """Ids of the organisations in which the user has the permission."""
    if not isinstance(user, User) or not user.is_active:
        return []
    roles = [role for role, granted in ROLE_PERMISSIONS.items() if permission in granted]
    rows = Membership.objects.filter(user=user, role__in=roles)
    return list(rows.values_list("organisation_id", flat=True).distinct())


def organisations_for(user: Principal) -> QuerySet[Organisation]:
    """The organisations in which the user has a role."""
    if not isinstance(user, User) or not user.is_active:
        return Organisation.objects.none()
    return Organisation.objects.filter(
        pk__in=Membership.objects.filter(user=user).values("organisation_id")
    )


def organisation_for(user: Principal, name: str) -> Organisation:
    """The organisation, if the user has a role in it."""
    row = organisations_for(user).filter(name=name).first()
    if row is None:
        raise OrganisationUnknownError(
            f"There is no organisation {name}, or you are not a member of it."
        )
    return row


def holder_named(
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
