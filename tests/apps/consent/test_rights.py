"""Who may record, correct, read and bind what, role by role; and tokens for less."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import Token, User
from apps.audit.models import AuditEvent
from apps.consent.actions import record_consents
from apps.consent.ages import mark_of_age, record_minor
from apps.consent.consent_corrections import correct_consent
from apps.consent.forms import bind_form, fetch_form, find_form, register_form, release_form
from apps.consent.ledger import fetch_consent_row, list_visible_contributors
from apps.consent.models import Consent, ConsentForm, Contributor, FormReach
from apps.datasets.models import Dataset
from datasets_catalog.errors import DeniedError
from datasets_catalog.roles import Permission, Role
from tests.apps.accounts.people import coming_with_token, person_with, roles_with
from tests.apps.consent.answers import COMMERCIAL, RESEARCH, answers, only_consent, record
from tests.cast import Cast

pytestmark = pytest.mark.django_db
Work = Callable[[Cast, User, Dataset], Any]
# The SHA-256 of what shows how old somebody is.
PASSPORT = "5" * 64


def note_kim(cast: Cast, actor: User, _: Dataset) -> object:
    return record_minor(actor=actor, organisation=cast.acme, code="kim", reason="asked")


def kim_is_of_age(cast: Cast, actor: User, _: Dataset) -> object:
    Contributor.objects.create(organisation=cast.acme, code="kim", is_minor=True)
    return mark_of_age(
        actor=actor,
        organisation=cast.acme,
        code="kim",
        reason="asked",
        evidence_sha256=PASSPORT,
    )


def answer(cast: Cast, actor: User, _: Dataset) -> object:
    entries = [answers("mia", allowed=[RESEARCH])]
    return record_consents(actor=actor, organisation=cast.acme, entries=entries)


def correct(cast: Cast, actor: User, _: Dataset) -> object:
    entry = answers(denied=[RESEARCH])
    return correct_consent(actor=actor, consent=only_consent(cast), entry=entry, reason="typo")


def register(cast: Cast, actor: User, _: Dataset) -> object:
    return register_form(actor=actor, organisation=cast.acme, name="new", version="1", datasets=())


def bind_unanswered(cast: Cast, actor: User, streets: Dataset) -> object:
    form = ConsentForm.objects.create(organisation=cast.acme, name="new", version="1")
    return bind_form(actor=actor, form=form, dataset=streets)


def bind_answered(cast: Cast, actor: User, streets: Dataset) -> object:
    form = ConsentForm.objects.get(name="voices")
    return bind_form(actor=actor, form=form, dataset=streets, reason="asked about both")


def release_yes(cast: Cast, actor: User, _: Dataset) -> object:
    return release_form(actor=actor, reach=FormReach.objects.get(), reason="not asked")


def release_no(cast: Cast, actor: User, tones: Dataset) -> object:
    record(cast, answers("mia", denied=[COMMERCIAL]))
    return release_form(actor=actor, reach=FormReach.objects.get(), reason="not asked")


def read_contributors(cast: Cast, actor: User, _: Dataset) -> object:
    return list(list_visible_contributors(actor, cast.acme))


def read_consent(cast: Cast, actor: User, _: Dataset) -> object:
    return fetch_consent_row(actor, cast.acme, str(only_consent(cast).uid))


def read_form(cast: Cast, actor: User, _: Dataset) -> object:
    return find_form(actor, cast.acme, "voices", "1")


def read_form_by_id(cast: Cast, actor: User, _: Dataset) -> object:
    return fetch_form(actor, cast.acme, ConsentForm.objects.get(name="voices").uid)


RECORD, VIEW = roles_with(Permission.CONSENT_RECORD), roles_with(Permission.CONSENT_VIEW)
REVIEW = roles_with(Permission.FINDING_DECIDE) | roles_with(Permission.RIGHTS_REVIEW)
WORKS: list[tuple[Work, set[Role]]] = [
    (answer, RECORD), (correct, RECORD), (note_kim, RECORD), (kim_is_of_age, RECORD),
    (register, RECORD), (bind_unanswered, RECORD), (bind_answered, REVIEW),
    (release_yes, RECORD), (release_no, REVIEW), (read_contributors, VIEW),
    (read_consent, VIEW), (read_form, VIEW), (read_form_by_id, VIEW),
]  # fmt: skip


@pytest.fixture
def answered(cast: Cast, tones: Dataset) -> Dataset:
    record(cast, answers(allowed=[RESEARCH]), datasets=[tones])
    return tones


def ledger() -> list[object]:
    """All that the ledger holds that an action could have added or changed."""
    return [
        list(Consent.objects.values_list("pk", flat=True)),
        list(FormReach.objects.values_list("pk", "ended_at")),
        list(Contributor.objects.values_list("code", "of_age_on")),
    ]


@pytest.mark.parametrize(("work", "roles"), WORKS, ids=[work.__name__ for work, _ in WORKS])
def test_each_step_is_open_to_its_roles_alone(
    cast: Cast, answered: Dataset, streets: Dataset, work: Work, roles: set[Role]
) -> None:
    for role in Role:
        if role not in roles:
            with pytest.raises(DeniedError):
                work(cast, person_with(cast.acme, role), streets)
            Contributor.objects.filter(code="kim", consents=None).delete()
            ConsentForm.objects.filter(name="new").delete()
    for role in sorted(roles)[:1]:
        work(cast, person_with(cast.acme, role), streets)


@pytest.mark.parametrize(("work", "roles"), WORKS, ids=[work.__name__ for work, _ in WORKS])
def test_no_token_for_downloading_or_for_elsewhere_comes_near_the_ledger(
    cast: Cast, answered: Dataset, streets: Dataset, work: Work, roles: set[Role]
) -> None:
    everything = person_with(cast.acme, *Role, name="all-roles")
    for token in (
        coming_with_token(everything, scope=Token.Scope.DOWNLOAD),
        coming_with_token(everything, "umbrella/tones"),
    ):
        before = ledger()
        with pytest.raises(DeniedError):
            work(cast, token, streets)
        if work not in {kim_is_of_age, release_no}:
            assert ledger() == before
        Contributor.objects.filter(code="kim").delete()
        ConsentForm.objects.filter(name="new").delete()


def last_event() -> tuple[str, str, str, dict[str, Any]]:
    row = AuditEvent.objects.latest("sequence")
    return row.kind, row.actor, row.subject, row.detail


def test_every_step_stands_in_the_log_in_its_own_words(
    cast: Cast, answered: Dataset, streets: Dataset
) -> None:
    note_kim(cast, cast.ada, streets)
    assert last_event() == (
        "contributor.minor",
        "ada",
        "kim",
        {"of_age_on": ["", ""], "reason": "asked", "evidence_sha256": ""},
    )
    kim = Contributor.objects.get(code="kim")
    mark_of_age(
        actor=cast.ada,
        organisation=cast.acme,
        code="kim",
        reason=" birthday ",
        evidence_sha256=PASSPORT,
    )
    assert last_event() == (
        "contributor.of_age",
        "ada",
        "kim",
        {"reason": "birthday", "evidence_sha256": PASSPORT},
    )
    kim.refresh_from_db()
    assert kim.of_age_on is not None
    register(cast, cast.ada, streets)
    assert last_event()[:3] == ("form.registered", "ada", "new 1")
    bind_answered(cast, cast.cleo, streets)
    assert last_event() == (
        "form.bound",
        "cleo",
        "voices 1",
        {"reach": "acme/streets", "reason": "asked about both"},
    )
    reach = FormReach.objects.get(dataset=streets)
    release_form(actor=cast.ada, reach=reach, reason="they were not")
    assert last_event() == (
        "form.reach_ended",
        "ada",
        "voices 1",
        {"reach": "acme/streets", "reason": "they were not"},
    )


def test_what_is_said_twice_is_not_logged_twice(
    cast: Cast, answered: Dataset, streets: Dataset
) -> None:
    for work in (note_kim, register, bind_answered):
        actor = cast.cleo if work is bind_answered else cast.ada
        work(cast, actor, streets)
        count = AuditEvent.objects.count()
        work(cast, actor, streets)
        assert AuditEvent.objects.count() == count, work.__name__
