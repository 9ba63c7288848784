"""The people of the tests, each with fixed rights in the consortium `acme`."""

from dataclasses import dataclass

from apps.accounts.models import Membership, Organisation, User
from datasets_catalog.roles import Role


@dataclass(frozen=True, slots=True)
class Cast:
    """Ada keeps the dataset, Cleo reviews, Rita publishes; Dan licenses, Eve has no rights."""

    acme: Organisation
    ada: User
    cleo: User
    rita: User
    olga: User
    dan: User
    eve: User


def assemble() -> Cast:
    """The cast in the database. Ben, the contributor, has no account."""
    acme = Organisation.objects.create(name="acme", title="Acme Consortium")
    roles = {
        "ada": [Role.OWNER, Role.STEWARD],
        "cleo": [Role.PRIVACY_REVIEWER, Role.RIGHTS_REVIEWER],
        "rita": [Role.RELEASE_MANAGER],
        "olga": [Role.AUDITOR],
        "dan": [],
        "eve": [],
    }
    people = {name: User.objects.create_user(name, f"{name}@example.org", "pw") for name in roles}
    for name, held in roles.items():
        for role in held:
            Membership.objects.create(user=people[name], organisation=acme, role=role)
    return Cast(acme=acme, **people)
