"""The draft's count of changes, and clips that are taken out."""

import pytest
from django.db import connection

from apps.accounts.models import Token
from apps.audit.models import AuditEvent
from apps.datasets import actions
from apps.datasets.actions import remove_clips, touch_draft
from apps.datasets.models import Clip, Dataset
from datasets_catalog.errors import DeniedError, NotFoundError
from datasets_catalog.roles import Permission, Role
from tests.apps.accounts.people import coming_with_token, person_with, roles_with
from tests.apps.datasets.rows import add_clip, add_event, touched
from tests.cast import Cast, assemble
from tests.factories.drafts import make_dataset
from tests.kills import killed_at_line, lines_of, spread
from tests.side_by_side import run_at_once

pytestmark = pytest.mark.django_db
PATHS = ("a.wav", "b.wav", "c.wav")


@pytest.fixture
def draft(tones: Dataset) -> Dataset:
    """Three clips that nothing has touched."""
    for path in PATHS:
        add_clip(tones, path)
    return tones


def states(dataset: Dataset) -> dict[str, str]:
    return dict(Clip.objects.filter(dataset=dataset).values_list("path", "state"))


def test_a_change_of_some_clips_is_noted_on_these_alone(draft: Dataset) -> None:
    touch_draft(draft, clips=[draft.clips.get(path="b.wav").pk])
    assert touched(draft) == {"a.wav": 0, "b.wav": 1, "c.wav": 0}
    touch_draft(draft, clips=[])
    assert (draft.draft_serial, touched(draft)["b.wav"]) == (2, 1)
    touch_draft(draft)
    assert touched(draft) == dict.fromkeys(PATHS, 3)


def test_the_count_comes_from_the_database_not_from_the_row_at_hand(draft: Dataset) -> None:
    stale = Dataset.objects.get(pk=draft.pk)
    touch_draft(draft)
    touch_draft(stale)
    assert stale.draft_serial == 2


def test_clips_of_another_dataset_are_not_touched_however_they_are_named(
    cast: Cast, draft: Dataset
) -> None:
    other = make_dataset(cast, "other")
    foreign = add_clip(other)
    touch_draft(draft, clips=[foreign.pk])
    assert touched(other) == {"a.wav": 0}


def test_more_clips_than_one_statement_takes_are_all_noted(
    draft: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "CHUNK", 2)
    touch_draft(draft, clips=iter(sorted(draft.clips.values_list("pk", flat=True))))
    assert touched(draft) == dict.fromkeys(PATHS, 1)


@pytest.mark.parametrize("role", Role)
def test_stewards_take_clips_out_and_nobody_else(cast: Cast, draft: Dataset, role: Role) -> None:
    somebody = person_with(cast.acme, role)
    if role in roles_with(Permission.CLIP_INGEST):
        assert remove_clips(actor=somebody, dataset=draft, paths=["a.wav"]) == 1
        return
    with pytest.raises(DeniedError, match="clip:ingest"):
        remove_clips(actor=somebody, dataset=draft, paths=["a.wav"])
    assert states(draft)["a.wav"] == "active"


def test_a_token_for_another_dataset_or_for_downloading_takes_nothing_out(
    cast: Cast, draft: Dataset
) -> None:
    for token in (
        coming_with_token(cast.ada, "umbrella/tones"),
        coming_with_token(cast.ada, scope=Token.Scope.DOWNLOAD),
    ):
        with pytest.raises(DeniedError):
            remove_clips(actor=token, dataset=draft, paths=["a.wav"])
    assert set(states(draft).values()) == {"active"}


def test_what_is_taken_out_stays_on_record_with_its_labels(cast: Cast, draft: Dataset) -> None:
    event = add_event(draft.clips.get(path="a.wav"))
    assert remove_clips(actor=cast.ada, dataset=draft, paths=["a.wav", "c.wav", "a.wav"]) == 2
    assert states(draft) == {"a.wav": "removed", "b.wav": "active", "c.wav": "removed"}
    event.refresh_from_db()
    assert touched(draft) == {"a.wav": 1, "b.wav": 0, "c.wav": 1}
    log = AuditEvent.objects.get(kind="clips.removed")
    assert (log.actor, log.organisation, log.subject) == ("ada", "acme", "acme/tones")
    assert sorted(log.detail["clips"]) == ["a.wav", "c.wav"]


def test_one_path_that_is_not_there_keeps_all(cast: Cast, draft: Dataset) -> None:
    remove_clips(actor=cast.ada, dataset=draft, paths=["c.wav"])
    with pytest.raises(NotFoundError, match=r"acme/tones has no clip 'c\.wav'") as refusal:
        remove_clips(actor=cast.ada, dataset=draft, paths=["a.wav", "x.wav", "c.wav"])
    assert refusal.value.detail["missing"] == ["c.wav", "x.wav"]
    assert states(draft) == {"a.wav": "active", "b.wav": "active", "c.wav": "removed"}
    assert AuditEvent.objects.filter(kind="clips.removed").count() == 1
    assert Dataset.objects.get(pk=draft.pk).draft_serial == 1


def test_a_path_of_another_dataset_is_not_there(cast: Cast, draft: Dataset) -> None:
    add_clip(make_dataset(cast, "other"), "only-there.wav")
    with pytest.raises(NotFoundError, match="only-there"):
        remove_clips(actor=cast.ada, dataset=draft, paths=["only-there.wav"])


def test_an_excluded_clip_is_taken_out_too(cast: Cast, draft: Dataset) -> None:
    draft.clips.filter(path="b.wav").update(state=Clip.State.EXCLUDED)
    remove_clips(actor=cast.ada, dataset=draft, paths=["b.wav"])
    assert states(draft)["b.wav"] == "removed"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")
def test_of_two_who_take_one_clip_out_at_once_one_is_told_that_it_is_gone() -> None:
    cast = assemble()
    dataset = make_dataset(cast)
    add_clip(dataset)
    problems = run_at_once(
        *[lambda: remove_clips(actor=cast.ada, dataset=dataset, paths=["a.wav"])] * 2
    )
    assert [type(problem) for problem in problems] == [NotFoundError]
    assert Dataset.objects.get(pk=dataset.pk).draft_serial == 1
    assert AuditEvent.objects.filter(kind="clips.removed").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")
def test_killed_midway_clips_are_out_with_their_record_or_as_they_were() -> None:
    cast = assemble()
    dataset = make_dataset(cast)
    for path in PATHS:
        add_clip(dataset, path)
    here = actions.__file__

    def put_back() -> None:
        Clip.objects.filter(dataset=dataset).update(state=Clip.State.ACTIVE)

    total = lines_of(
        lambda: remove_clips(actor=cast.ada, dataset=dataset, paths=PATHS), within=here
    )
    serial, removals = 1, 1
    for line in spread(total, points=6):
        put_back()
        assert killed_at_line(
            line, lambda: remove_clips(actor=cast.ada, dataset=dataset, paths=PATHS), within=here
        )
        assert set(states(dataset).values()) == {"active"}
        assert Dataset.objects.get(pk=dataset.pk).draft_serial == serial
        assert AuditEvent.objects.filter(kind="clips.removed").count() == removals
