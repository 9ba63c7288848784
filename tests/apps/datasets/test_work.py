"""Whose work a content is, in whatever clip of the organisation it stands or stood."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset, EarlierWork
from apps.datasets.work import (
    find_clips_worked_on,
    map_clip_contents,
    note_earlier_work,
    select_organisation,
)
from tests.apps.accounts.people import other_organisation
from tests.apps.datasets.rows import add_clip, add_event, add_weak_label, find_empty
from tests.cast import Cast
from tests.factories.drafts import make_dataset
from tests.factories.published import keep
from tests.factories.sounds import sound_bytes

pytestmark = pytest.mark.django_db


def works_of(user: User, *clips: Clip) -> set[str]:
    found = find_clips_worked_on(user, map_clip_contents([clip.pk for clip in clips]))
    return {clip.path for clip in clips if clip.pk in found}


def bring_others(clip: Clip, by: User) -> None:
    """Other bytes in the same clip, as an import by somebody else leaves it."""
    note_earlier_work([clip.pk])
    clip.blob, clip.added_by = keep(clip.dataset, sound_bytes(999)), by
    clip.save()


def test_the_contents_of_a_clip_are_its_bytes_and_those_that_came_in(tones: Dataset) -> None:
    whole, cut = keep(tones, sound_bytes(400)), keep(tones, sound_bytes(500))
    plain = add_clip(tones, "a.wav", blob=whole)
    redacted = add_clip(tones, "b.wav", blob=cut, original=whole)
    assert map_clip_contents([plain.pk, redacted.pk]) == {
        plain.pk: {whole.sha256},
        redacted.pk: {whole.sha256, cut.sha256},
    }
    assert map_clip_contents([]) == {}


def test_a_clip_is_the_work_of_who_brought_it_in(cast: Cast, tones: Dataset) -> None:
    mine, hers = add_clip(tones, "a.wav"), add_clip(tones, "b.wav", added_by=cast.rita)
    assert works_of(cast.ada, mine, hers) == {"a.wav"}
    assert works_of(cast.rita, mine, hers) == {"b.wav"}
    assert works_of(cast.cleo, mine, hers) == works_of(cast.cleo) == set()


@pytest.mark.parametrize(
    "label",
    [
        lambda clip, user: add_event(clip, created_by=user),
        lambda clip, user: add_weak_label(clip, created_by=user),
        lambda clip, user: find_empty(clip, created_by=user),
        lambda clip, user: add_event(clip, annotator=user.username),
        lambda clip, user: add_weak_label(clip, annotator=user.username),
        lambda clip, user: find_empty(clip, annotator=user.username),
    ],
)
def test_a_label_of_any_kind_is_work_on_its_clip(
    cast: Cast, tones: Dataset, label: Callable[[Clip, User], Any]
) -> None:
    clips = [add_clip(tones, path) for path in ("a.wav", "b.wav")]
    label(clips[0], cast.rita)
    assert works_of(cast.rita, *clips) == {"a.wav"}
    assert works_of(cast.cleo, *clips) == set()


@pytest.mark.parametrize("state", Clip.State.values)
def test_the_same_bytes_elsewhere_in_the_organisation_are_the_same_work(
    cast: Cast, tones: Dataset, state: str
) -> None:
    """Whatever has become of the clip in which it was done."""
    content = sound_bytes(400)
    other = make_dataset(cast, "other")
    add_clip(other, "first.wav", blob=keep(other, content), added_by=cast.rita, state=state)
    again = add_clip(tones, "again.wav", blob=keep(tones, content))
    assert works_of(cast.rita, again) == works_of(cast.ada, again) == {"again.wav"}


def test_who_labelled_the_sound_before_a_redaction_knows_what_is_left_of_it(
    cast: Cast, tones: Dataset
) -> None:
    whole = keep(tones, sound_bytes(400))
    first = add_clip(tones, "first.wav", blob=whole)
    add_event(first, created_by=cast.rita)
    cut = add_clip(tones, "cut.wav", blob=keep(tones, sound_bytes(500)), original=whole)
    assert works_of(cast.rita, cut) == {"cut.wav"}


def test_the_same_bytes_in_another_organisation_are_somebody_elses(
    cast: Cast, tones: Dataset
) -> None:
    umbrella = other_organisation(cast.eve)
    theirs = Dataset.objects.create(
        organisation=umbrella, name="tones", vertical="sfx", created_by=cast.eve
    )
    content = sound_bytes(400)
    foreign = add_clip(theirs, "theirs.wav", blob=keep(theirs, content), added_by=cast.cleo)
    note_earlier_work([foreign.pk])
    own = add_clip(tones, "ours.wav", blob=keep(tones, content))
    assert works_of(cast.cleo, own) == set()
    assert works_of(cast.cleo, foreign) == {"theirs.wav"}


def test_work_is_kept_before_another_takes_its_place(cast: Cast, tones: Dataset) -> None:
    clip = add_clip(tones, "a.wav")
    before = clip.blob.sha256
    event = add_event(clip, created_by=cast.rita, annotator="dan")
    bring_others(clip, cast.cleo)
    event.delete()
    assert {
        (row.user.username, row.content_sha256) for row in EarlierWork.objects.all()
    } == {("ada", before), ("rita", before), ("dan", before)}  # fmt: skip
    for person in (cast.ada, cast.rita, cast.dan, cast.cleo):
        assert works_of(person, clip) == {"a.wav"}, person
    assert works_of(cast.eve, clip) == set()


def test_bytes_that_were_replaced_are_still_somebodys_where_they_come_again(
    cast: Cast, tones: Dataset
) -> None:
    clip = add_clip(tones, "a.wav", added_by=cast.rita)
    before = clip.blob
    bring_others(clip, cast.ada)
    again = add_clip(tones, "again.wav", blob=before)
    assert works_of(cast.rita, again) == {"again.wav"}


def test_what_is_noted_is_noted_once_and_of_whom_else_it_is_said(
    cast: Cast, tones: Dataset
) -> None:
    clip = add_clip(tones, "a.wav")
    for _ in range(2):
        note_earlier_work([clip.pk, clip.pk], also=[cast.olga.pk])
    assert EarlierWork.objects.count() == 2
    assert works_of(cast.olga, clip) == {"a.wav"}
    note_earlier_work([])
    with pytest.raises(IntegrityError), transaction.atomic():
        EarlierWork.objects.create(clip=clip, user=cast.olga, content_sha256=clip.blob.sha256)


def test_a_name_of_nobody_here_is_nobodys_work(cast: Cast, tones: Dataset) -> None:
    clip = add_clip(tones, "a.wav")
    add_event(clip, created_by=None, annotator="a-program")
    note_earlier_work([clip.pk])
    assert [row.user for row in EarlierWork.objects.all()] == [cast.ada]


def test_more_clips_than_one_statement_takes_are_all_noted(
    tones: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.datasets.work.BATCH", 2)
    ids = [add_clip(tones, f"{number}.wav").pk for number in range(5)]
    note_earlier_work(iter(ids))
    assert set(EarlierWork.objects.values_list("clip_id", flat=True)) == set(ids)


def test_clips_belong_to_one_organisation(cast: Cast, tones: Dataset) -> None:
    clip = add_clip(tones)
    assert list(select_organisation([clip.pk])) == [cast.acme.pk]
    assert list(select_organisation([])) == []
