"""People with one role or none, and with tokens for less than their account."""

from apps.accounts.models import Membership, Organisation, Token, User
from apps.accounts.tokens import create_token, fetch_token
from datasets_catalog.roles import ROLE_PERMISSIONS, Permission, Role


def person_with(organisation: Organisation, *roles: Role, name: str = "") -> User:
    """Somebody who has these roles there and no others."""
    user = User.objects.create_user(name or "-".join(roles) or "nobody")
    for role in roles:
        Membership.objects.create(user=user, organisation=organisation, role=role)
    return user


def coming_with_token(
    user: User, *datasets: str, scope: str = Token.Scope.ADMIN, name: str = "test"
) -> User:
    """The user as they come with a new token; `datasets` are the only ones it reaches."""
    made = create_token(actor=user, name=name, scope=scope, datasets=datasets)
    found = fetch_token(made.text)
    assert found is not None
    return found.user


def roles_with(permission: Permission) -> set[Role]:
    return {role for role, granted in ROLE_PERMISSIONS.items() if permission in granted}


def other_organisation(owner: User) -> Organisation:
    """A second organisation, of which the user is owner and steward."""
    row = Organisation.objects.create(name="umbrella", title="Umbrella")
    for role in (Role.OWNER, Role.STEWARD):
        Membership.objects.create(user=owner, organisation=row, role=role)
    return row
