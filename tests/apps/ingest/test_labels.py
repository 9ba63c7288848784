"""Labels on their way into the draft: nothing is dropped in silence or lands on another clip."""

from pathlib import Path

import pytest

from apps.datasets.actions import import_vocabulary, update_dataset
from apps.datasets.models import Clip, Dataset, EmptyAnnotation, Event, WeakLabel
from apps.ingest.actions import import_clips
from apps.ingest.import_report import Report
from apps.ingest.label_imports import LEFT_LABELS, import_labels
from apps.ingest.label_rows import ADVISED_AGAINST, ORDERING_LABELS, REPEATED_LINES
from apps.ingest.row_readers import Problem
from apps.releases.personal_texts import find_identifying_texts
from apps.review.decisions import find_own_work
from datasets_catalog.labels import Status
from tests.cast import Cast
from tests.factories.drafts import make_dataset
from tests.factories.sounds import sound_bytes

COLUMNS = "path,onset,offset,label,f_low,f_high,channel,confidence,status,presence,annotator\n"
DESED = "filename\tonset\toffset\tevent_label\n"
TERMS = (
    "code,name,parents,abstract,blacklisted\n"
    "/a,Animal,,,\n"
    "/p,Pets,/a,true,\n"
    "/d,Dog,/a;/p,,\n"
    "/b,Bark,/d,,\n"
    "/g,Growling,/d,,yes\n"
)


def draft(cast: Cast, base: Path, *paths: str) -> Dataset:
    """A draft of clips of one second each, no two alike."""
    sounds = base / "sounds"
    for number, path in enumerate(paths or ("a.wav", "b.wav")):
        (sounds / path).parent.mkdir(parents=True, exist_ok=True)
        (sounds / path).write_bytes(sound_bytes(300.0 + 10 * number, seconds=1.0))
    dataset = make_dataset(cast, "labelled")
    report = import_clips(actor=cast.ada, dataset=dataset, source=sounds)
    assert report.added == len(paths or "ab"), report.sentences()
    dataset.refresh_from_db()
    return dataset


def bring(
    cast: Cast,
    dataset: Dataset,
    base: Path,
    text: str,
    format_name: str = "native",
    *,
    replace: bool = False,
    dry_run: bool = False,
) -> Report:
    source = base / ("labels.csv" if format_name == "native" else "labels.tsv")
    source.write_text(text)
    return import_labels(
        actor=cast.ada,
        dataset=dataset,
        source=source,
        format_name=format_name,
        replace=replace,
        dry_run=dry_run,
    )


def labels_of(dataset: Dataset) -> list[tuple[str, str, float]]:
    rows = Event.objects.filter(clip__dataset=dataset).order_by("clip__path", "onset", "label")
    return [(event.clip.path, event.label, event.onset) for event in rows.select_related("clip")]


def problems(report: Report) -> list[tuple[int, str, Problem]]:
    return [(error.row, error.column, error.code) for error in report.row_errors]


def losses(report: Report) -> dict[str, int]:
    return {loss["reason"]: loss["count"] for loss in report.losses}


def test_boxes_at_one_time_in_different_bands_and_channels_all_come_in(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = draft(cast, tmp_path)
    text = COLUMNS + (
        "a.wav,0.1,0.5,Owl,100,400,,,,,\n"
        "a.wav,0.1,0.5,Owl,500,900,,,,,\n"
        "a.wav,0.1,0.5,Owl,500,950,,,,,\n"
        "a.wav,0.1,0.5,Owl,,,,,,,\n"
        "a.wav,0.1,0.5,Owl,500,900,0,,,,\n"
        "a.wav,0.1,0.5,Owl,500,900,,,,,ann-1\n"
    )
    report = bring(cast, dataset, tmp_path, text)

    assert (report.added, report.row_error_count, report.losses) == (6, 0, [])
    assert Event.objects.filter(clip__dataset=dataset).count() == 6
    again = bring(cast, dataset, tmp_path, text)
    assert (again.added, again.unchanged) == (0, 6)
    replaced = bring(cast, dataset, tmp_path, text, replace=True)
    assert (replaced.added, replaced.changed, replaced.unchanged) == (0, 0, 6)


def test_what_is_said_twice_is_counted_and_what_is_said_otherwise_is_refused(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = draft(cast, tmp_path)
    report = bring(
        cast,
        dataset,
        tmp_path,
        COLUMNS
        + "a.wav,0.1,0.5,Owl,,,,0.5,,,\n"
        + "a.wav,0.1,0.5,Owl,,,,0.5,,,\n"
        + "a.wav,0.1,0.5,Owl,,,,0.9,,,\n"
        + "a.wav,,,Rain,,,,,,,\n"
        + "a.wav,,,Rain,,,,,,,\n"
        + "a.wav,,,Rain,,,,,,no,\n",
    )

    assert report.added == 2
    assert losses(report) == {REPEATED_LINES: 2}
    assert problems(report) == [
        (4, "label", Problem.LABEL_CONFLICT),
        (7, "label", Problem.LABEL_CONFLICT),
    ]
    assert "row 2 says the same" in report.row_errors[0].expected


def test_a_label_that_is_there_with_other_values_is_left_and_named(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = draft(cast, tmp_path)
    bring(cast, dataset, tmp_path, COLUMNS + "a.wav,0.1,0.5,Owl,,,,0.5,,,\n")
    report = bring(cast, dataset, tmp_path, COLUMNS + "a.wav,0.1,0.5,Owl,,,,0.9,,,\n")

    assert (report.added, report.unchanged) == (0, 1)
    assert losses(report) == {LEFT_LABELS: 1}
    assert Event.objects.get(clip__dataset=dataset).confidence == 0.5


def test_overlaps_stay_and_impossible_times_are_named(cast: Cast, tmp_path: Path) -> None:
    dataset = draft(cast, tmp_path)
    rows = [
        "0.0,0.6,Speech",
        "0.4,0.9,Speech",
        "0.4,0.9,Speech",
        "0.5,0.5,Dog",
        "0.5,1.04,Cat",
        "0.5,1.06,Cow",
        "0.5,2.0,Hen",
        "2.0,3.0,Owl",
        "-0.01,0.5,Bee",
        "0.7,0.6,Fox",
    ]
    text = "path,onset,offset,label\n" + "".join(f"a.wav,{row}\n" for row in rows)
    report = bring(cast, dataset, tmp_path, text)

    assert [label for _, label, _ in labels_of(dataset)] == ["Speech", "Speech", "Cat"]
    assert losses(report) == {REPEATED_LINES: 1}
    assert sorted({row for row, _, _ in problems(report)}) == [5, 7, 8, 9, 10, 11]


def test_the_folder_decides_and_events_never_land_on_another_folders_clip(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = draft(cast, tmp_path, "test/001.wav", "test/002.wav", "deep/train/003.flac.wav")
    report = bring(
        cast,
        dataset,
        tmp_path,
        "path,onset,offset,label\n"
        "train/001.wav,0.1,0.5,dog\n"
        "train/002,0.1,0.5,cat\n"
        "test/002.wav,0.2,0.6,bird\n"
        "test/001,0.2,0.6,bird\n"
        "001.mp3,0.3,0.6,bird\n"
        "train/003.flac,0.1,0.6,bird\n",
    )

    assert labels_of(dataset) == [
        ("deep/train/003.flac.wav", "bird", 0.1),
        ("test/001.wav", "bird", 0.2),
        ("test/001.wav", "bird", 0.3),
        ("test/002.wav", "bird", 0.2),
    ]
    assert problems(report) == [
        (2, "path", Problem.CLIP_UNKNOWN),
        (3, "path", Problem.CLIP_UNKNOWN),
    ]
    assert report.row_errors[0].expected.endswith("in another folder there is test/001.wav")


def test_a_bare_name_of_several_clips_is_refused_with_all_of_them(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = draft(cast, tmp_path, "fold1/7.wav", "fold2/7.wav", "8.wav", "fold1/8.wav")
    report = bring(
        cast,
        dataset,
        tmp_path,
        DESED + "7.wav\t0.1\t0.5\tdog\n7\t0.1\t0.5\tdog\n8\t0.1\t0.5\tdog\n9\t0.1\t0.5\tdog\n",
        "desed",
    )

    # A clip that lies exactly where the name says is meant.
    assert labels_of(dataset) == [("8.wav", "dog", 0.1)]
    assert problems(report) == [
        (2, "path", Problem.CLIP_AMBIGUOUS),
        (3, "path", Problem.CLIP_AMBIGUOUS),
        (5, "path", Problem.CLIP_UNKNOWN),
    ]
    assert "fold1/7.wav, fold2/7.wav" in report.row_errors[0].expected


def test_a_corrected_table_empties_a_clip_and_says_so(cast: Cast, tmp_path: Path) -> None:
    dataset = draft(cast, tmp_path)
    first = DESED + "a.wav\t0.1\t0.5\tdog\nb.wav\t0.1\t0.5\tdog\nb.wav\t0.6\t0.7\tcat\n"
    bring(cast, dataset, tmp_path, first, "desed")
    second = DESED + "a.wav\t0.1\t0.5\tdog\nb.wav\t\t\t\n"

    added = bring(cast, dataset, tmp_path, second, "desed")
    assert problems(added) == [(3, "label", Problem.LABEL_CONFLICT)]
    assert "`replace`" in added.row_errors[0].expected
    assert len(labels_of(dataset)) == 3

    dry = bring(cast, dataset, tmp_path, second, "desed", replace=True, dry_run=True)
    assert len(labels_of(dataset)) == 3
    replaced = bring(cast, dataset, tmp_path, second, "desed", replace=True)
    assert labels_of(dataset) == [("a.wav", "dog", 0.1)]
    assert [each.clip.path for each in EmptyAnnotation.objects.all()] == ["b.wav"]
    assert replaced.is_clean
    assert dry.notes == replaced.notes
    assert "2 events that the file no longer has were taken out" in replaced.notes


def test_who_hears_something_after_all_no_longer_finds_the_clip_empty(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = draft(cast, tmp_path)
    report = bring(
        cast, dataset, tmp_path, COLUMNS + "a.wav,,,,,,,,,,ann-1\na.wav,,,,,,,,,,ann-2\n"
    )
    assert report.added == 2
    # A known absence and somebody else's label change nothing of what they found.
    bring(cast, dataset, tmp_path, COLUMNS + "a.wav,,,Dog,,,,,,no,ann-1\n")
    bring(cast, dataset, tmp_path, COLUMNS + "a.wav,0,0.5,Dog,,,,,,,ann-3\n")
    assert EmptyAnnotation.objects.count() == 2
    bring(cast, dataset, tmp_path, COLUMNS + "a.wav,,,Dog,,,,,,,ann-2\n")
    assert [each.annotator for each in EmptyAnnotation.objects.all()] == ["ann-1"]


def test_one_file_does_not_label_a_clip_and_call_it_empty(cast: Cast, tmp_path: Path) -> None:
    dataset = draft(cast, tmp_path)
    report = bring(cast, dataset, tmp_path, DESED + "a.wav\t\t\t\na.wav\t0.1\t0.5\tdog\n", "desed")

    assert problems(report) == [(2, "label", Problem.LABEL_CONFLICT)]
    assert not EmptyAnnotation.objects.exists()
    assert len(labels_of(dataset)) == 1


def test_weak_labels_are_kept_as_such_and_replacing_events_leaves_them(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = draft(cast, tmp_path)
    weak = "filename\tevent_labels\na.wav\tDog,Speech,Dog\nb.wav\t\n"
    report = bring(cast, dataset, tmp_path, weak, "desed")

    assert report.added == 3
    assert losses(report) == {REPEATED_LINES: 1}
    assert not Event.objects.exists()
    rows = WeakLabel.objects.order_by("label").values_list("clip__path", "label", "status")
    assert list(rows) == [("a.wav", "Dog", "suggested"), ("a.wav", "Speech", "suggested")]
    assert EmptyAnnotation.objects.get().clip.path == "b.wav"

    bring(cast, dataset, tmp_path, DESED + "a.wav\t0.1\t0.5\tDog\n", "desed", replace=True)
    assert WeakLabel.objects.count() == 2
    fewer = "filename\tevent_labels\na.wav\tSpeech\n"
    replaced = bring(cast, dataset, tmp_path, fewer, "desed", replace=True)
    assert [label.label for label in WeakLabel.objects.all()] == ["Speech"]
    assert "1 labels of whole clips that the file no longer has were taken out" in replaced.notes
    assert len(labels_of(dataset)) == 1


def test_a_table_with_a_wrong_line_replaces_nothing(cast: Cast, tmp_path: Path) -> None:
    dataset = draft(cast, tmp_path)
    bring(cast, dataset, tmp_path, COLUMNS + "a.wav,0.1,0.5,Owl,,,,,,,\n")
    wrong = COLUMNS + "a.wav,0.2,0.6,Owl,,,,,,,\na.wav,later,0.9,Owl,,,,,,,\n"

    report = bring(cast, dataset, tmp_path, wrong, replace=True)

    assert labels_of(dataset) == [("a.wav", "Owl", 0.1)]
    assert report.notes[0].startswith("Nothing was replaced")
    elsewhere = COLUMNS + "a.wav,0.2,0.6,Owl,,,,,,,\nnot-here.wav,0,0.9,Owl,,,,,,,\n"
    bring(cast, dataset, tmp_path, elsewhere, replace=True)
    assert labels_of(dataset) == [("a.wav", "Owl", 0.2)]


def test_replacing_keeps_a_verification_only_of_what_did_not_change(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = draft(cast, tmp_path)
    text = COLUMNS + "a.wav,0.1,0.5,Owl,,,,,,,ann-1\na.wav,0.6,0.9,Owl,,,,,,,ann-1\n"
    bring(cast, dataset, tmp_path, text)
    Event.objects.update(status=Status.VERIFIED, verifier="ann-2")
    same = bring(cast, dataset, tmp_path, text, replace=True)
    assert (same.changed, same.unchanged) == (0, 2)

    # The verifier of what was is the annotator of what is now.
    moved = text.replace("0.6,0.9,Owl,,,,,,,ann-1", "0.65,0.9,Owl,,,,,,,ann-2")
    report = bring(cast, dataset, tmp_path, moved, replace=True)
    assert report.changed == 1
    rows = Event.objects.order_by("onset").values_list("status", "verifier", "annotator")
    assert list(rows) == [("verified", "ann-2", "ann-1"), ("suggested", "", "ann-2")]


def test_what_a_reviewer_rejected_does_not_come_back_by_the_same_file(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = draft(cast, tmp_path)
    text = COLUMNS + "a.wav,0.1,0.5,Owl,,,,,,,\n"
    bring(cast, dataset, tmp_path, text)
    Event.objects.update(status=Status.REJECTED)

    for replace in (False, True):
        bring(cast, dataset, tmp_path, text, replace=replace)
        assert Event.objects.get().status == Status.REJECTED


@pytest.fixture
def kennel(cast: Cast, tmp_path: Path) -> Dataset:
    dataset = draft(cast, tmp_path)
    vocabulary = import_vocabulary(actor=cast.ada, name="animals", version="1", text=TERMS)
    return update_dataset(actor=cast.ada, dataset=dataset, changes={"vocabulary": vocabulary})


def test_abstract_terms_are_refused_and_those_below_are_suggested(
    cast: Cast, kennel: Dataset, tmp_path: Path
) -> None:
    text = COLUMNS + "a.wav,0,0.5,Pets,,,,,,,\na.wav,0,0.5,Barc,,,,,,,\na.wav,,,/p,,,,,,,\n"
    report = bring(cast, kennel, tmp_path, text)

    assert problems(report) == [
        (2, "label", Problem.TERM_UNFIT),
        (3, "label", Problem.VALUE_INVALID),
        (4, "label", Problem.TERM_UNFIT),
    ]
    assert report.row_errors[0].expected.endswith("Dog, Bark, Growling")
    assert report.row_errors[1].expected.endswith("(did you mean Bark?)")
    assert not Event.objects.exists()


def test_an_abstract_ancestor_of_another_label_is_left_out_and_counted(
    cast: Cast, kennel: Dataset, tmp_path: Path
) -> None:
    report = bring(
        cast, kennel, tmp_path, "filename\tevent_labels\na.wav\tPets,Bark,Dog\n", "desed"
    )

    assert report.is_clean
    assert losses(report) == {ORDERING_LABELS: 1}
    assert set(WeakLabel.objects.values_list("label", flat=True)) == {"Bark", "Dog"}


def test_a_blacklisted_term_is_kept_and_the_report_says_so(
    cast: Cast, kennel: Dataset, tmp_path: Path
) -> None:
    report = bring(cast, kennel, tmp_path, COLUMNS + "a.wav,0,0.5,growling,,,,,,,\n")

    assert losses(report) == {ADVISED_AGAINST: 1}
    assert Event.objects.get().term is not None


def test_two_terms_of_one_name_are_told_apart_by_code(cast: Cast, tmp_path: Path) -> None:
    dataset = draft(cast, tmp_path)
    terms = "code,name\n/1,Bass\n/2,Bass\n/3,Drum\n"
    vocabulary = import_vocabulary(actor=cast.ada, name="music", version="1", text=terms)
    update_dataset(actor=cast.ada, dataset=dataset, changes={"vocabulary": vocabulary})
    dataset.refresh_from_db()

    text = COLUMNS + "a.wav,0,1,bass,,,,,,,\na.wav,0,1,/2,,,,,,,\n"
    report = bring(cast, dataset, tmp_path, text)

    assert problems(report) == [(2, "label", Problem.VALUE_INVALID)]
    assert report.row_errors[0].expected.endswith("/1, /2")
    assert [event.term.code for event in Event.objects.all() if event.term] == ["/2"]


def test_a_removed_clip_takes_no_labels(cast: Cast, tmp_path: Path) -> None:
    dataset = draft(cast, tmp_path)
    Clip.objects.filter(path="a.wav").update(state=Clip.State.REMOVED)

    report = bring(cast, dataset, tmp_path, COLUMNS + "a.wav,0,1,Owl,,,,,,,\n")

    assert problems(report) == [(2, "path", Problem.CLIP_UNKNOWN)]


def test_who_labelled_a_clip_as_a_whole_or_found_it_empty_does_not_judge_it(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = draft(cast, tmp_path)
    WeakLabel.objects.create(clip=Clip.objects.get(path="a.wav"), label="Dog", created_by=cast.cleo)
    EmptyAnnotation.objects.create(clip=Clip.objects.get(path="b.wav"), created_by=cast.cleo)
    clips = list(Clip.objects.filter(dataset=dataset).order_by("path").values_list("pk", flat=True))

    assert find_own_work(cast.cleo, clips) == ["a.wav", "b.wav"]
    assert find_own_work(cast.rita, clips) == []


def test_personal_data_in_weak_labels_is_found(cast: Cast, tmp_path: Path) -> None:
    dataset = draft(cast, tmp_path)
    bring(cast, dataset, tmp_path, COLUMNS + "a.wav,,,call anna@example.org,,,,,,,\n")

    assert find_identifying_texts(dataset) == ('label "call an…" (email)',)
