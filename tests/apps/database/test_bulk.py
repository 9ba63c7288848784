"""Many rows at once are the rows that were given, whatever stands in them."""

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, transaction

from apps.consent.models import PeopleStatement
from apps.database import bulk
from apps.database.bulk import insert_rows, update_rows
from apps.datasets.models import Clip, Dataset, Event, Recording
from tests.apps.datasets.rows import add_clip, add_event
from tests.cast import Cast
from tests.factories.drafts import make_dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def tones(cast: Cast) -> Dataset:
    """A dataset of acme's without any clip."""
    return make_dataset(cast, "tones")


HARD = [
    "tab\there",
    "line\nbreak",
    "return\r\n",
    "back\\slash \\N",
    "\\.",
    "quote ' and \"",
    "100 % %s",
    "{}",
    "Vögel 鳥 🐦",
    "",
    " ",
    "x" * 200,
]


@pytest.mark.parametrize("rows", [HARD, []], ids=["hard texts", "none"])
def test_texts_arrive_as_they_were_given(tones: Dataset, rows: list[str]) -> None:
    insert_rows(Recording, ("dataset", "name"), [(tones.pk, text) for text in rows])
    found = Recording.objects.filter(dataset=tones).order_by("id").values_list("name", flat=True)
    assert list(found) == rows


def test_ids_moments_structures_and_nothing_arrive_as_they_were_given(
    cast: Cast, tones: Dataset
) -> None:
    clip = add_clip(tones)
    at = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5)))
    codes = [["ben", "ümlaut"], []]
    insert_rows(
        PeopleStatement,
        ("clip", "content_sha256", "before", "after", "kept", "said_by", "said_at"),
        [(clip.pk, "a" * 64, *codes, True, cast.ada.pk, at)],
    )
    row = PeopleStatement.objects.get()
    assert ([row.before, row.after], row.kept, row.said_by) == (codes, True, cast.ada)
    assert row.said_at == at.astimezone(UTC)

    uid = uuid.uuid4()
    insert_rows(
        Event,
        ("uid", "clip", "label", "onset", "offset", "f_low", "channel", "source", "status",
         "presence", "annotator", "verifier"),
        [(uid, clip.pk, "Bark", 0.1, 0.1 + 1e-9, None, 2, "import", "suggested", "yes", "", "")],
    )  # fmt: skip
    event = Event.objects.get(uid=uid)
    assert (event.onset, event.offset) == (0.1, 0.1 + 1e-9)
    assert (event.f_low, event.channel, event.term_id) == (None, 2, None)


def test_more_rows_than_one_statement_takes_all_arrive(
    tones: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 3)
    insert_rows(Recording, ("dataset", "name"), ((tones.pk, f"{n}") for n in range(10)))
    ids = dict(Recording.objects.filter(dataset=tones).values_list("name", "pk"))
    assert ids.keys() == {str(number) for number in range(10)}
    update_rows(Recording, ("name",), ((f"new {name}", pk) for name, pk in ids.items()))
    names = Recording.objects.filter(dataset=tones).values_list("pk", "name")
    assert dict(names) == {pk: f"new {name}" for name, pk in ids.items()}


def test_one_row_that_the_database_refuses_keeps_all(tones: Dataset) -> None:
    rows = [(tones.pk, "monday"), (tones.pk, "tuesday"), (tones.pk, "monday")]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(Recording, ("dataset", "name"), rows)
    assert not Recording.objects.exists()


def test_updating_changes_the_named_columns_of_the_named_rows(tones: Dataset) -> None:
    first, second = (add_clip(tones, path, title="Old") for path in ("a.wav", "b.wav"))
    fields = {"notes": ["a\tb", None], "level": 1.5}
    update_rows(Clip, ("title", "fields", "split"), [("New\n", fields, "train", first.pk)])
    row = Clip.objects.get(pk=first.pk)
    assert (row.title, row.fields, row.split, row.path) == ("New\n", fields, "train", "a.wav")
    assert Clip.objects.get(pk=second.pk).title == "Old"
    update_rows(Clip, ("title",), [])


def test_a_foreign_key_and_nothing_can_be_set(tones: Dataset) -> None:
    clip = add_clip(tones)
    session = Recording.objects.create(dataset=tones, name="monday")
    update_rows(Clip, ("recording", "recording_offset"), [(session.pk, 2.5, clip.pk)])
    clip.refresh_from_db()
    assert (clip.recording, clip.recording_offset) == (session, 2.5)
    update_rows(Clip, ("recording", "recording_offset"), [(None, None, clip.pk)])
    clip.refresh_from_db()
    assert (clip.recording, clip.recording_offset) == (None, None)


def test_a_column_that_is_not_there_is_named(tones: Dataset) -> None:
    with pytest.raises(FieldDoesNotExist, match="colour"):
        insert_rows(Recording, ("dataset", "colour"), [(tones.pk, "red")])
    with pytest.raises(FieldDoesNotExist, match="colour"):
        update_rows(Recording, ("colour",), [("red", 1)])


def test_guards_of_the_database_hold_for_many_rows_too(tones: Dataset) -> None:
    event = add_event(add_clip(tones))
    with pytest.raises(IntegrityError), transaction.atomic():
        update_rows(Event, ("offset",), [(0.0, event.pk)])
    event.refresh_from_db()
    assert event.offset == 0.1
