"""Reading the ledger, several people at once, and a process that dies while it records."""

import uuid
from datetime import timedelta
from operator import attrgetter

import pytest
from django.db import connection
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.consent import actions
from apps.consent.actions import record_consents
from apps.consent.consent_corrections import correct_consent
from apps.consent.entries import ConsentEntry
from apps.consent.errors import (
    ConsentsRefusedError,
    ConsentUnknownError,
    FormUnknownError,
    SupersededError,
)
from apps.consent.forms import fetch_form, find_form, find_reach
from apps.consent.ledger import (
    fetch_consent_row,
    find_ledger_coverage_end,
    list_consents_given,
    list_datasets_about,
    list_visible_contributors,
    load_organisation_consents,
    load_people,
    load_recording_names,
)
from apps.consent.models import Consent, ConsentAnswer, ConsentForm, Contributor
from apps.datasets.models import Dataset
from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.errors import InvalidError
from tests.apps.accounts.people import other_organisation
from tests.apps.consent.answers import (
    GATED,
    RESEARCH,
    answers,
    day,
    only_consent,
    put_in_clip,
    record,
)
from tests.apps.datasets.rows import add_clip
from tests.cast import Cast, assemble
from tests.factories.drafts import make_dataset
from tests.kills import killed_at_line, lines_of, spread
from tests.side_by_side import run_at_once

pytestmark = pytest.mark.django_db
ONE_WRITER = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")


def test_contributors_are_counted_with_their_clips_and_records(cast: Cast, tones: Dataset) -> None:
    for path in ("a.wav", "b.wav", "c.wav"):
        put_in_clip(tones, "ben", path)
    record(cast, answers("ben"), answers("ben", given_at=day(2)), answers("mia"))
    Contributor.objects.create(organisation=other_organisation(cast.eve), code="eve")
    rows = list_visible_contributors(cast.olga, cast.acme)
    counted = attrgetter("code", "clips", "given")
    assert [counted(row) for row in rows] == [("ben", 3, 2), ("mia", 0, 1)]


@pytest.mark.parametrize("uid", ["", "seven", "'; --", str(uuid.UUID(int=7))])
def test_an_id_of_no_consent_is_answered_as_such(cast: Cast, uid: str) -> None:
    with pytest.raises(ConsentUnknownError):
        fetch_consent_row(cast.ada, cast.acme, uid)


def test_nobody_reads_the_consent_of_another_organisation(cast: Cast, tones: Dataset) -> None:
    record(cast, answers())
    umbrella = other_organisation(cast.ada)
    with pytest.raises(ConsentUnknownError, match="umbrella has no consent"):
        fetch_consent_row(cast.ada, umbrella, str(only_consent(cast).uid))
    with pytest.raises(FormUnknownError):
        fetch_form(cast.ada, umbrella, ConsentForm.objects.get().uid)


def test_a_form_is_named_with_its_language_where_there_are_several(
    cast: Cast, tones: Dataset
) -> None:
    record(cast, answers(language="de"))
    assert find_form(cast.ada, cast.acme, "voices", "1").language == "de"
    record(cast, answers("mia", language="fr"))
    with pytest.raises(InvalidError, match="in several languages: say which of de, fr"):
        find_form(cast.ada, cast.acme, "voices", "1")
    french = find_form(cast.ada, cast.acme, "voices", "1", "fr")
    assert french.language == "fr"
    with pytest.raises(FormUnknownError, match=r"acme has no form voices 1 en$"):
        find_form(cast.ada, cast.acme, "voices", "1", "en")
    assert find_reach(french, tones).dataset == tones
    with pytest.raises(FormUnknownError, match=r"does not ask about acme/tones monday$"):
        find_reach(french, tones, "monday")


def test_every_record_of_a_person_is_shown_the_corrected_ones_too(
    cast: Cast, tones: Dataset
) -> None:
    record(cast, answers(allowed=[RESEARCH]), answers(given_at=day(5)))
    wrong = Consent.objects.get(given_at=day(1))
    right = correct_consent(
        actor=cast.ada, consent=wrong, entry=answers(denied=[RESEARCH]), reason="typo"
    )
    ben = Contributor.objects.get(code="ben")
    assert [row.pk for row in list_consents_given(ben)][1:] == [right.pk, wrong.pk]
    assert [row.given_at for row in load_organisation_consents(cast.acme)] == [day(1), day(5)]
    assert load_organisation_consents(cast.acme, ["mia"]) == []


def test_the_datasets_of_a_person_are_where_they_are_or_were_asked_about(
    cast: Cast, tones: Dataset, streets: Dataset
) -> None:
    make_dataset(cast, "others")
    record(cast, answers("ben"), answers("mia"), datasets=[tones])
    put_in_clip(streets, "ben")
    found = {row.code: list_datasets_about(row) for row in Contributor.objects.all()}
    assert found == {"ben": [streets, tones], "mia": [tones]}


def test_people_and_recordings_are_listed_by_clip(cast: Cast, tones: Dataset) -> None:
    named = put_in_clip(tones, "ben")
    bare = add_clip(tones, "b.wav", recording="monday")
    assert load_people(tones) == {named.pk: ("ben",)}
    assert load_recording_names(tones) == {}
    named.recording = bare.recording
    named.save()
    assert load_recording_names(tones) == {named.pk: "monday"}


def test_coverage_ends_with_the_first_answer_that_runs_out(cast: Cast, tones: Dataset) -> None:
    now = timezone.now()
    soon, later = now + timedelta(days=10), now + timedelta(days=20)
    record(
        cast,
        answers("ben", allowed=[RESEARCH, GATED], valid_until=later),
        answers("mia", allowed=[RESEARCH], valid_until=soon),
        answers("kim", allowed=[RESEARCH]),
    )

    def ends(*codes: str) -> object:
        people = [ClipPeople(code, f"{code}.wav", (code,), 1.0) for code in codes]
        return find_ledger_coverage_end(
            dataset=tones,
            clip_people=people,
            purposes=[RESEARCH],
            territories=frozenset({"DE"}),
            at=now,
        )

    assert ends("ben", "mia", "kim") == soon
    assert ends("ben", "kim") == later
    assert ends("kim") is None
    assert ends("kim", "nobody") == now


@pytest.mark.django_db(transaction=True)
@ONE_WRITER
def test_one_table_sent_twice_at_once_is_recorded_once() -> None:
    cast = assemble()
    dataset = make_dataset(cast)
    entries = [answers(code, allowed=[RESEARCH]) for code in ("ben", "mia")]
    problems = run_at_once(*[lambda: record(cast, *entries, datasets=[dataset])] * 3)
    assert problems == []
    assert (Consent.objects.count(), ConsentAnswer.objects.count()) == (2, 2)
    assert ConsentForm.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@ONE_WRITER
def test_of_two_who_say_otherwise_at_once_one_is_refused() -> None:
    cast = assemble()
    dataset = make_dataset(cast)
    problems = run_at_once(
        lambda: record(cast, answers(allowed=[RESEARCH]), datasets=[dataset]),
        lambda: record(cast, answers(denied=[RESEARCH]), datasets=[dataset]),
    )
    assert [type(problem) for problem in problems] == [ConsentsRefusedError]
    assert Consent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@ONE_WRITER
def test_of_two_corrections_of_one_record_one_is_made() -> None:
    cast = assemble()
    make_dataset(cast)
    record(cast, answers(allowed=[RESEARCH, GATED]))
    row = only_consent(cast)

    def correct(entry: ConsentEntry) -> Consent:
        return correct_consent(actor=cast.ada, consent=row, entry=entry, reason="typo")

    problems = run_at_once(
        lambda: correct(answers(allowed=[RESEARCH], denied=[GATED])),
        lambda: correct(answers(allowed=[GATED], denied=[RESEARCH])),
    )
    assert [type(problem) for problem in problems] == [SupersededError]
    assert Consent.objects.filter(supersedes=row).count() == 1


@pytest.mark.django_db(transaction=True)
@ONE_WRITER
def test_killed_midway_a_table_is_recorded_whole_or_not_at_all() -> None:
    cast = assemble()
    dataset = make_dataset(cast)
    put_in_clip(dataset)
    here = actions.__file__

    def work(number: int) -> None:
        record_consents(
            actor=cast.ada,
            organisation=cast.acme,
            entries=[answers(f"p{number}-{each}", allowed=[RESEARCH]) for each in range(3)],
        )

    total = lines_of(lambda: work(0), within=here)
    for at, line in enumerate(spread(total, points=6), start=1):
        before = Consent.objects.count(), Contributor.objects.count(), AuditEvent.objects.count()
        assert killed_at_line(line, lambda number=at: work(number), within=here)  # type: ignore[misc]
        after = Consent.objects.count(), Contributor.objects.count(), AuditEvent.objects.count()
        assert after == before
        assert ConsentAnswer.objects.count() == Consent.objects.count()
