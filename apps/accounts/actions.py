"""Every write to organisations and their members."""

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.access import require_permission, require_unlimited
from apps.accounts.models import SLUG, Membership, Organisation, User
from apps.audit import record
from datasets_catalog.errors import ConflictError, InvalidError, NotFoundError
from datasets_catalog.roles import Permission, Role


class LastOwnerError(ConflictError):
    """An organisation keeps at least one owner."""

    code = "organisation.last_owner"


def check_slug(text: str, what: str) -> str:
    """The text if it can be a name in addresses; `InvalidError` otherwise."""
    try:
        SLUG(text)
    except ValidationError as problem:
        raise InvalidError(f"{text!r} cannot be {what}. {problem.message}") from problem
    return text


@transaction.atomic
def create_organisation(
    *, actor: User, name: str, title: str = "", kind: str = Organisation.Kind.CONSORTIUM
) -> Organisation:
    """A new organisation with the actor as its owner and steward."""
    require_unlimited(actor)
    check_slug(name, "an organisation's name")
    if kind not in Organisation.Kind.values:
        raise InvalidError(f"The kind is one of {', '.join(Organisation.Kind.values)}.")
    # Whoever chooses the name at the same time waits here, and is told that it is taken.
    organisation, is_new = Organisation.objects.get_or_create(
        name=name, defaults={"title": title or name, "kind": kind}
    )
    if not is_new:
        raise ConflictError(f"There is an organisation {name} already: choose another name.")
    for role in (Role.OWNER, Role.STEWARD):
        Membership.objects.create(user=actor, organisation=organisation, role=role)
    record.organisation_created(actor=actor.username, organisation=name)
    return organisation


@transaction.atomic
def add_member(*, actor: User, organisation: Organisation, username: str, role: str) -> Membership:
    """Give a person a role; giving it twice changes nothing."""
    require_permission(actor, Permission.ORGANISATION_MANAGE, organisation)
    if role not in set(Role):
        raise InvalidError(f"{role!r} is no role. Roles: {', '.join(Role)}.")
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise NotFoundError(f"There is no user {username!r}.")
    membership, created = Membership.objects.get_or_create(
        user=user, organisation=organisation, role=role
    )
    if created:
        record.member_added(
            actor=actor.username, organisation=organisation.name, user=username, role=role
        )
    return membership


@transaction.atomic
def remove_member(*, actor: User, organisation: Organisation, username: str, role: str) -> None:
    """Take a role away; an organisation keeps at least one owner."""
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    require_permission(actor, Permission.ORGANISATION_MANAGE, organisation)
    rows = Membership.objects.filter(organisation=organisation, role=role)
    mine = rows.filter(user__username=username)
    if not mine.exists():
        raise NotFoundError(f"{username} is not {role} of {organisation}.")
    if role == Role.OWNER and rows.count() == 1:
        raise LastOwnerError("This is the last owner: make somebody else an owner first.")
    mine.delete()
    record.member_removed(
        actor=actor.username, organisation=organisation.name, user=username, role=role
    )
