"""Who is in which clip, what was said of it before, and who is told of a change."""

from collections.abc import Collection

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.consent import answer_changes
from apps.consent.answer_changes import announce_answers, follow_answers, spread_answers
from apps.consent.models import Contributor, Participation, PeopleStatement
from apps.consent.participations import (
    PeopleChange,
    find_other_spellings,
    keep_people,
    load_recorded_people,
    register_contributors,
    set_participations,
)
from apps.consent.recognition import find_unwilling_contents
from apps.datasets.models import Dataset
from datasets_catalog.purposes import Purpose
from tests.apps.accounts.people import other_organisation
from tests.apps.consent.answers import RESEARCH, answers, put_in_clip, record
from tests.apps.datasets.rows import add_clip, touched
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def say(cast: Cast, *added: int, **people: list[str]) -> list[PeopleChange]:
    """Say who is in clips, which are named `clip_<id>`."""
    by_id = {int(name.removeprefix("clip_")): codes for name, codes in people.items()}
    return set_participations(actor=cast.ada, organisation=cast.acme, people=by_id, added=added)


def test_people_are_set_and_what_was_before_stays_on_record(cast: Cast, tones: Dataset) -> None:
    first, second = (add_clip(tones, path) for path in ("a.wav", "b.wav"))
    people = {first.pk: ["mia", "ben", "mia"], second.pk: []}
    changes = set_participations(
        actor=cast.ada, organisation=cast.acme, people=people, added=people
    )
    assert changes == [PeopleChange(first.pk, (), ("ben", "mia"))]
    # Of clips that have just come in there is nothing that was before.
    assert not PeopleStatement.objects.exists()
    assert say(cast, **{f"clip_{first.pk}": ["mia", "kim"], f"clip_{second.pk}": ["ben"]}) == [
        PeopleChange(first.pk, ("ben", "mia"), ("kim", "mia")),
        PeopleChange(second.pk, (), ("ben",)),
    ]
    assert load_recorded_people([first.pk, second.pk]) == {
        first.pk: ("kim", "mia"),
        second.pk: ("ben",),
    }
    said = PeopleStatement.objects.get(clip=first)
    assert (said.before, said.after, said.kept) == (["ben", "mia"], ["kim", "mia"], False)
    assert (said.content_sha256, said.said_by) == (first.blob.sha256, cast.ada)


def test_the_same_people_in_another_order_are_no_change(cast: Cast, tones: Dataset) -> None:
    clip = add_clip(tones)
    say(cast, **{f"clip_{clip.pk}": ["ben", "mia"]})
    count = PeopleStatement.objects.count()
    assert say(cast, **{f"clip_{clip.pk}": ["mia", "ben", "ben"]}) == []
    assert PeopleStatement.objects.count() == count


def test_who_was_there_is_kept_before_the_bytes_go(cast: Cast, tones: Dataset) -> None:
    clip, empty = put_in_clip(tones), add_clip(tones, "b.wav")
    keep_people(actor=cast.cleo, clips=[clip.pk, empty.pk])
    rows = PeopleStatement.objects.values_list("clip", "before", "after", "kept")
    assert set(map(str, rows)) == {
        str((clip.pk, ["ben"], ["ben"], True)),
        str((empty.pk, [], [], True)),
    }
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PeopleStatement.objects.update(after=[])
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PeopleStatement.objects.all().delete()


def test_a_person_is_in_a_clip_once(tones: Dataset) -> None:
    clip = put_in_clip(tones)
    with pytest.raises(IntegrityError), transaction.atomic():
        Participation.objects.create(clip=clip, contributor=Contributor.objects.get())


def test_codes_that_nobody_knew_become_contributors_of_the_organisation(cast: Cast) -> None:
    umbrella = other_organisation(cast.eve)
    Contributor.objects.create(organisation=umbrella, code="ben")
    found, fresh = register_contributors(cast.acme, ["ben", "mia", "ben"])
    assert (sorted(found), fresh) == (["ben", "mia"], 2)
    again, fresh = register_contributors(cast.acme, ["mia", "kim"])
    assert (again["mia"], fresh) == (found["mia"], 1)
    assert {row.organisation for row in found.values()} == {cast.acme}


def test_a_code_in_other_letters_is_named_with_the_one_it_may_mean(cast: Cast) -> None:
    register_contributors(cast.acme, ["ben", "Mia"])
    assert find_other_spellings(cast.acme, ["BEN", "mia", "Mia", "kim", "KIM"]) == {
        "BEN": "ben",
        "mia": "Mia",
        "KIM": "kim",
    }
    assert find_other_spellings(cast.acme, ["ben"]) == find_other_spellings(cast.acme, []) == {}
    assert find_other_spellings(other_organisation(cast.eve), ["BEN"]) == {}


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """Of whom followers were told."""
    calls: list[set[int]] = []

    def follow(contributors: Collection[int]) -> None:
        calls.append(set(contributors))

    monkeypatch.setattr(answer_changes, "_FOLLOWERS", [])
    for _ in range(2):
        follow_answers(follow)
    return calls


def test_rooms_above_are_told_of_whom_an_answer_concerns(
    cast: Cast, tones: Dataset, followed: list[set[int]]
) -> None:
    announce_answers([])
    assert followed == []
    record(cast, answers("ben", allowed=[RESEARCH]))
    ben = Contributor.objects.get(code="ben")
    assert followed == [{ben.pk}]
    clip = add_clip(tones)
    say(cast, **{f"clip_{clip.pk}": ["ben", "mia"]})
    mia = Contributor.objects.get(code="mia")
    assert followed[-1] == {ben.pk, mia.pk}
    say(cast, **{f"clip_{clip.pk}": ["mia"]})
    assert followed[-1] == {ben.pk}


def test_what_changes_of_a_guardian_concerns_whom_they_answered_for(
    cast: Cast, tones: Dataset, followed: list[set[int]]
) -> None:
    record(cast, answers("kim", allowed=[RESEARCH], guardian="G1"), answers("ben"))
    guardian, _ = Contributor.objects.get_or_create(organisation=cast.acme, code="g1")
    kim = Contributor.objects.get(code="kim")
    followed.clear()
    spread_answers(cast.acme, {guardian.pk})
    assert followed == [{guardian.pk, kim.pk}]


def test_an_answer_touches_the_clips_of_the_person_in_every_draft_and_no_others(
    cast: Cast, tones: Dataset, streets: Dataset
) -> None:
    for dataset in (tones, streets):
        put_in_clip(dataset, "ben", "ben.wav")
        put_in_clip(dataset, "mia", "mia.wav")
    record(cast, answers("ben", allowed=[RESEARCH]), datasets=[tones])
    for dataset in (tones, streets):
        serial = Dataset.objects.get(pk=dataset.pk).draft_serial
        assert touched(dataset) == {"ben.wav": serial, "mia.wav": 0}
        assert serial > 0


def test_contents_are_not_to_be_recognised_while_one_in_them_did_not_allow_it(
    cast: Cast, tones: Dataset
) -> None:
    clips = {path: add_clip(tones, path) for path in ("ben.wav", "mia.wav", "both.wav")}
    people = {"ben.wav": ["ben"], "mia.wav": ["mia"], "both.wav": ["ben", "mia"]}
    say(cast, **{f"clip_{clips[path].pk}": codes for path, codes in people.items()})

    def unwilling(of: Collection[int] | None = None) -> set[str]:
        hashes = {clip.blob.sha256: path for path, clip in clips.items()}
        return {hashes[each] for each in find_unwilling_contents(tones, of)}

    assert unwilling() == set(clips)
    record(cast, answers("ben", allowed=[Purpose.IDENTIFY_SPEAKER]))
    assert unwilling() == {"mia.wav", "both.wav"}
    ben = Contributor.objects.get(code="ben")
    assert unwilling([ben.pk]) == set()
    assert unwilling([]) == set()
