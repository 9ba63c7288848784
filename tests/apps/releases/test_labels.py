"""What becomes of labels in a release: kinds, vocabulary, the graph above them, splits."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.datasets.actions import (
    BarLowersError,
    import_vocabulary,
    touch_draft,
    update_dataset,
)
from apps.datasets.bar_lowerings import confirm_lowering, propose_lowering
from apps.datasets.models import Clip, Dataset, EmptyAnnotation, Event, Term, Vocabulary, WeakLabel
from apps.deliveries.errors import SelectionUnknownError
from apps.deliveries.selections import Selection, find_chosen_rows, summarise_selection
from apps.ingest.label_imports import import_labels
from apps.packaging.croissant import build_responsible_ai
from apps.packaging.statements import load_statement
from apps.releases.diff import diff_releases, require_frozen_table
from apps.releases.facts import load_facts
from apps.releases.freezing import freeze_rows
from apps.releases.models import Release
from apps.storage.blobs import open_local_copy
from apps.storage.parquet_tables import read_clips
from datasets_catalog.card_facts import CardFacts, WeakClass
from datasets_catalog.cards import build_card_metadata, render_card_body
from datasets_catalog.errors import InvalidError
from datasets_catalog.gates.base import Verdict
from datasets_catalog.gates.registry import check_all_gates
from datasets_catalog.labels import Presence, Status
from datasets_catalog.licences import Use
from datasets_catalog.manifest import compute_root_of_rows
from datasets_catalog.plain_json import from_plain, to_plain
from datasets_catalog.release_changes import ChangeKind
from datasets_catalog.released_rows import build_clip_row
from datasets_catalog.split_policies import SplitPolicyError
from datasets_catalog.weak_labels import WeakLabel as WeakLabelValue
from datasets_catalog.weak_labels import read_weak_labels, write_weak_labels
from tests.cast import Cast
from tests.factories.drafts import approve, make_draft, make_release
from tests.factories.reviews import hold_to_less

TERMS = (
    "code,name,parents,abstract,blacklisted\n"
    "/s,Sounds,,true,\n"
    "/a,Animal,/s,,\n"
    "/p,Pets,/s,true,\n"
    "/d,Dog,/a;/p,,\n"
    "/b,Bark,/d,,\n"
    "/c,Cat,/a;/p,,\n"
    "/g,Growling,/d,,yes\n"
)


def label(cast: Cast, dataset: Dataset, base: Path, text: str, *, replace: bool = True) -> None:
    source = base / "labels.csv"
    source.write_text("path,onset,offset,label,presence\n" + text)
    report = import_labels(
        actor=cast.ada,
        dataset=dataset,
        source=source,
        format_name="native",
        replace=replace,
    )
    assert report.is_clean, report.sentences()


def paths_of(dataset: Dataset) -> list[str]:
    return list(
        Clip.objects.filter(dataset=dataset).order_by("path").values_list("path", flat=True)
    )


def rows_of(release: Release) -> list[dict[str, Any]]:
    with open_local_copy(require_frozen_table(release.clips_table)) as table:
        return list(read_clips(table))


def verdict(release: Release, code: str) -> Verdict:
    found = check_all_gates(load_facts(release, at=timezone.now()))
    return next(each for each in found if each.code == code)


def with_vocabulary(cast: Cast, dataset: Dataset, text: str = TERMS, version: str = "1") -> Dataset:
    vocabulary = import_vocabulary(actor=cast.ada, name="animals", version=version, text=text)
    if dataset.vocabulary in {None, vocabulary}:
        return update_dataset(actor=cast.ada, dataset=dataset, changes={"vocabulary": vocabulary})
    hold_to_less(cast, dataset, vocabulary=vocabulary)
    return Dataset.objects.get(pk=dataset.pk)


@pytest.fixture
def dataset(cast: Cast, tmp_path: Path) -> Dataset:
    return make_draft(cast, tmp_path, clips=4)


def test_weak_labels_and_clips_found_empty_stand_in_the_release_under_its_root(
    cast: Cast, dataset: Dataset, tmp_path: Path
) -> None:
    one, two, three, four = paths_of(dataset)
    before = make_release(cast, dataset)
    assert {row["weak_labels"] for row in rows_of(before)} == {None}
    text = f"{one},,,Rain,\n{one},,,Wind,no\n{two},,,,\n{three},,,Rain,no\n{three},,,Snow,unsure\n"
    label(cast, dataset, tmp_path, text)
    # Somebody else hears something in what was found empty, and a rejected label says nothing.
    EmptyAnnotation.objects.create(clip=Clip.objects.get(path=three), annotator="ann-9")
    EmptyAnnotation.objects.create(clip=Clip.objects.get(path=four), annotator="ann-9")
    WeakLabel.objects.create(clip=Clip.objects.get(path=four), label="Hail", status=Status.REJECTED)
    Event.objects.filter(clip__path=four).delete()
    touch_draft(dataset)

    release = make_release(cast, dataset, "1.1.0")
    rows = {row["path"]: row for row in rows_of(release)}
    said = {path: read_weak_labels(row["weak_labels"]) for path, row in rows.items()}
    assert [(each.label, each.presence) for each in said[one]] == [
        ("Rain", Presence.YES),
        ("Wind", Presence.NO),
    ]
    assert said[two] == said[four] == ()
    assert {path: row["found_empty"] for path, row in rows.items()} == {
        one: None,
        two: True,
        three: None,
        four: True,
    }
    assert compute_root_of_rows(map(build_clip_row, rows.values())).hex() == release.root
    changed = {**rows[two], "found_empty": None}
    assert (
        compute_root_of_rows(map(build_clip_row, (rows | {two: changed}).values())).hex()
        != release.root
    )
    counted = release.statistics
    assert (counted["weak_labels"], counted["weakly_labelled"], counted["found_empty"]) == (4, 2, 2)
    assert counted["weak_label_clips"] == [{"label": "Rain", "clips": 1}]


def test_the_difference_of_two_versions_sees_weak_labels_and_clips_found_empty(
    cast: Cast, dataset: Dataset, tmp_path: Path
) -> None:
    one, two, three, four = paths_of(dataset)
    label(cast, dataset, tmp_path, f"{one},,,Rain,\n{two},,,,\n")
    Clip.objects.filter(path=four).update(recording_offset=1.5)
    before = make_release(cast, dataset)
    label(cast, dataset, tmp_path, f"{one},,,Snow,\n{three},,,Rain,\n{four},,,,\n")
    label(cast, dataset, tmp_path, f"{two},,,Rain,\n", replace=False)
    Clip.objects.filter(path=four).update(recording_offset=2.5)
    touch_draft(dataset)
    after = make_release(cast, dataset, "2.0.0")

    found = {change.kind: change.count for change in diff_releases(before, after).changes}
    assert found[ChangeKind.WEAK_LABELS_CHANGED] == 1
    assert found[ChangeKind.WEAK_LABELS_FILLED] == 2
    assert found[ChangeKind.FOUND_EMPTY_CHANGED] == 1
    assert found[ChangeKind.FOUND_EMPTY_FILLED] == 1
    assert found[ChangeKind.PLACE_IN_RECORDING_CHANGED] == 1


def test_what_is_taken_over_from_the_release_before_is_what_is_computed_afresh(
    cast: Cast, dataset: Dataset, tmp_path: Path
) -> None:
    one, two, three, _ = paths_of(dataset)
    label(cast, dataset, tmp_path, f"{one},,,Rain,\n{two},,,,\n")
    make_release(cast, dataset)
    label(cast, dataset, tmp_path, f"{three},,,Rain,\n")
    label(cast, dataset, tmp_path, f"{two},,,Rain,\n", replace=False)
    dataset.refresh_from_db()

    taken = freeze_rows(dataset, use=Use.COLLECTION, at=timezone.now())
    afresh = freeze_rows(dataset, use=Use.COLLECTION, at=timezone.now(), afresh=True)
    assert (taken.root, taken.clips_table) == (afresh.root, afresh.clips_table)
    assert taken.statistics == afresh.statistics
    assert taken.statistics["weak_label_clips"] == [{"label": "Rain", "clips": 3}]


def test_weak_labels_read_back_as_they_were_written() -> None:
    labels = (
        WeakLabelValue("Chat", annotator="a"),
        WeakLabelValue("Chat", annotator="b", confidence=0.25, presence=Presence.UNSURE),
        WeakLabelValue("雨", term="/r"),
    )
    assert read_weak_labels(write_weak_labels(reversed(labels))) == labels
    assert write_weak_labels(()) is None
    assert read_weak_labels(None) == ()


def test_selecting_dog_finds_bark(cast: Cast, dataset: Dataset, tmp_path: Path) -> None:
    dataset = with_vocabulary(cast, dataset)
    one, two, three, four = paths_of(dataset)
    label(
        cast,
        dataset,
        tmp_path,
        f"{one},0,0.1,Bark,\n{two},,,/b,\n{three},0,0.1,Cat,\n{four},0,0.1,Bark,no\n",
    )
    release = make_release(cast, dataset)

    def chosen(*labels: str) -> list[str]:
        numbers = find_chosen_rows(release, Selection.of({"labels": labels})).nonzero()[0]
        return [paths_of(dataset)[number] for number in numbers]

    assert chosen("Dog") == chosen("/d") == chosen("dog") == chosen("Bark") == [one, two]
    # Pets and Sounds label nothing themselves; Bark is below both over two parents.
    assert chosen("Pets") == chosen("Sounds") == chosen("Dog", "Cat") == [one, two, three]
    assert chosen("Cat") == [three]
    assert summarise_selection(release, Selection.of({"labels": ["Animal"]})).clips == 3
    for unknown in ("Growling", "Bird"):
        with pytest.raises(SelectionUnknownError, match=unknown):
            chosen("Dog", unknown)


def test_a_release_without_a_vocabulary_takes_labels_as_words(
    cast: Cast, dataset: Dataset, tmp_path: Path
) -> None:
    release = make_release(cast, dataset)
    with_vocabulary(cast, dataset)

    assert release.vocabulary is None
    assert find_chosen_rows(release, Selection.of({"labels": ["tone-0"]})).any()
    with pytest.raises(SelectionUnknownError):
        find_chosen_rows(release, Selection.of({"labels": ["Dog"]}))


def test_a_release_keeps_the_vocabulary_that_it_was_frozen_with(
    cast: Cast, dataset: Dataset, tmp_path: Path
) -> None:
    dataset = with_vocabulary(cast, dataset)
    label(cast, dataset, tmp_path, "".join(f"{path},0,0.1,Bark,\n" for path in paths_of(dataset)))
    release = make_release(cast, dataset)
    first = release.vocabulary
    assert first is not None
    assert first == dataset.vocabulary

    dataset = with_vocabulary(cast, dataset, TERMS.replace("Bark", "Barking"), "2")
    assert Release.objects.get(pk=release.pk).vocabulary == first
    # The labels of the draft are terms of the new one now, by their codes.
    events = Event.objects.filter(clip__dataset=dataset)
    assert set(events.values_list("label", "term__vocabulary")) == {
        ("Barking", dataset.vocabulary_id)
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(vocabulary=dataset.vocabulary)
    for changed in ({"sha256": "0" * 64}, {"version": "9"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Vocabulary.objects.filter(pk=first.pk).update(**changed)
    with pytest.raises(IntegrityError), transaction.atomic():
        Term.objects.filter(vocabulary=dataset.vocabulary, code="/b").update(abstract=True)


def test_the_same_text_again_notes_what_an_earlier_import_did_not_read(
    cast: Cast, dataset: Dataset
) -> None:
    dataset = with_vocabulary(cast, dataset)
    Term.objects.update(blacklisted=False)
    with_vocabulary(cast, dataset)
    assert [term.name for term in Term.objects.filter(blacklisted=True)] == ["Growling"]


def test_card_and_croissant_say_what_kinds_of_labels_there_are_and_of_which_vocabulary(
    cast: Cast, dataset: Dataset, tmp_path: Path
) -> None:
    dataset = with_vocabulary(cast, dataset)
    one, two, three, four = paths_of(dataset)
    text = f"{one},,,Bark,\n{one},,,Cat,no\n{two},,,Bark,\n{three},,,,\n{four},,,,\n"
    label(cast, dataset, tmp_path, text)
    Event.objects.filter(clip__dataset=dataset).delete()
    touch_draft(dataset)
    dataset.refresh_from_db()
    release = approve(cast, make_release(cast, dataset))

    facts = load_statement(release)
    assert (facts.events, facts.weak.labels, facts.weak.clips, facts.found_empty) == (0, 3, 2, 2)
    assert facts.weak.classes == (WeakClass("Bark", 2),)
    assert facts.vocabulary is not None
    assert facts.vocabulary.sha256 == hashlib.sha256(TERMS.encode()).hexdigest()
    assert from_plain(CardFacts, to_plain(facts)) == facts
    body, tags = render_card_body(facts), build_card_metadata(facts)["tags"]
    assert "weak-labels" in tags
    assert "strong-labels" not in tags
    assert "2 clips were annotated and found to hold none of the labels." in body
    assert "vocabulary animals 1" in body
    said = build_responsible_ai(facts)["rai:dataAnnotationProtocol"]
    assert said.startswith("Labels are terms of the vocabulary animals 1")
    assert "3 weak labels say of 2 clips" in said


def test_labels_that_the_vocabulary_does_not_have_stop_a_release(
    cast: Cast, dataset: Dataset, tmp_path: Path
) -> None:
    release = make_release(cast, dataset)
    assert verdict(release, "labels.valid").passed
    dataset = with_vocabulary(cast, dataset)
    release.dataset.refresh_from_db()
    found = verdict(release, "labels.valid")
    assert len(found.rows) == 4
    assert found.rows[0].message == "tone-0 is no term of animals 1."

    one, two, three, four = paths_of(dataset)
    text = f"{one},0,0.1,Growling,\n{two},,,Bark,\n{three},0,0.1,Bark,\n{four},0,0.1,Bark,\n"
    label(cast, dataset, tmp_path, text)
    Event.objects.filter(clip__path=two).delete()
    found = verdict(release, "labels.valid")
    assert found.passed
    assert found.measured["weak_labels"] == 1
    assert found.summary.endswith("advise against: 1.")

    Event.objects.filter(clip__path=three).update(term=Term.objects.get(code="/p"))
    other = import_vocabulary(
        actor=cast.ada, name="other", version="1", text="code,name\n/b,Bark\n"
    )
    Event.objects.filter(clip__path=four).update(term=other.terms.get())
    messages = [row.message for row in verdict(release, "labels.valid").rows]
    assert [message.partition(" ")[2] for message in messages] == [
        "only orders other terms of animals 1: use one below it.",
        "is a term of another vocabulary than animals 1.",
    ]


def test_two_words_for_one_term_are_not_merged_in_silence(
    cast: Cast, dataset: Dataset, tmp_path: Path
) -> None:
    one = paths_of(dataset)[0]
    label(cast, dataset, tmp_path, f"{one},,,dog,\n{one},,,/d,no\n")
    with_vocabulary(cast, dataset)

    rows = WeakLabel.objects.order_by("label").values_list("label", "term__code")
    assert sorted(rows) == [("Dog", "/d"), ("dog", None)]


def test_an_event_that_is_there_twice_stops_a_release_and_overlaps_are_counted(
    cast: Cast, dataset: Dataset
) -> None:
    release = make_release(cast, dataset)
    event = Event.objects.order_by("pk").first()
    assert event is not None
    overlapping = Event(clip=event.clip, label=event.label, onset=0.15, offset=0.18)
    overlapping.save()
    assert verdict(release, "labels.valid").measured["overlaps"] == 1
    assert verdict(release, "labels.valid").passed
    Event(clip=event.clip, label=event.label, onset=0.15, offset=0.18).save()
    found = verdict(release, "labels.valid")
    assert [row.message for row in found.rows] == [
        f"{event.label} from 0.15 to 0.18 s is there twice, by the same annotator, in the same"
        " band and channel."
    ]


def test_the_gate_on_splits_judges_by_the_declared_policy_and_says_which(
    cast: Cast, dataset: Dataset
) -> None:
    one, two, three, four = paths_of(dataset)
    for path, split, place in (
        (one, "train", "Ghent"),
        (two, "train", "Ghent"),
        (three, "test", "Ghent"),
        (four, "test", "Bern"),
    ):
        Clip.objects.filter(path=path).update(split=split, place=place)
    release = make_release(cast, dataset)

    def judged(policy: dict[str, Any] | None) -> Verdict:
        changes = {"split_policy": policy}
        try:
            update_dataset(actor=cast.ada, dataset=dataset, changes=changes)
        except BarLowersError:
            asked = propose_lowering(
                actor=cast.ada, dataset=dataset, changes=changes, reason="Another task."
            )
            confirm_lowering(actor=cast.cleo, lowering=asked, reason="So be it.")
        release.dataset.refresh_from_db()
        return verdict(release, "splits.leak_free")

    usual = judged(None)
    by_place = judged({"apart": ["place"]})
    assert "by: No file or place may be in two splits." in by_place.summary
    assert [row.path for row in by_place.rows] == [three]
    assert judged({"apart": []}).passed
    folds = judged({"apart": [], "folds": 2})
    assert [row.message for row in folds.rows] == ["fold1 holds no clip", "fold2 holds no clip"]
    assert judged({"apart": ["recording", "contributor", "sound"]}) == usual
    assert Dataset.objects.get(pk=dataset.pk).split_policy is None


@pytest.mark.parametrize("policy", [{"apart": ["fields.nothing"]}, {"gap": 5}, "speakers", []])
def test_a_policy_of_splits_that_cannot_be_applied_is_refused(
    cast: Cast, dataset: Dataset, policy: Any
) -> None:
    with pytest.raises((SplitPolicyError, InvalidError)):
        update_dataset(actor=cast.ada, dataset=dataset, changes={"split_policy": policy})
