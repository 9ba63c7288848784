"""Labels of other formats: what comes in, what is lost, what is wrong."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ingest.event_table import EmptyLine, EventLine, LabelLine, WeakLine
from apps.ingest.importers import audacity, desed, fsd50k
from apps.ingest.importers.imported_labels import (
    KEPT_EXAMPLES,
    Labels,
    LabelsUnreadableError,
    LossReport,
)
from apps.ingest.importers.registry import (
    FORMATS,
    FormatUnknownError,
    detect_format,
    read_labels,
    read_layout_clips,
)
from apps.ingest.row_readers import Problem
from apps.ingest.table_files import TableUnreadableError
from datasets_catalog.errors import NotFoundError
from datasets_catalog.labels import Presence

STRONG = "filename\tonset\toffset\tevent_label\n"
SEGMENTS = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read_lines(source: Path, name: str | None = None) -> tuple[list[LabelLine], Labels]:
    labels = read_labels(source, name)
    return list(labels.lines), labels


def read(source: Path, name: str | None = None) -> tuple[list[EventLine], Labels]:
    lines, labels = read_lines(source, name)
    return [line for line in lines if isinstance(line, EventLine)], labels


def brief(events: list[EventLine]) -> list[tuple[str, float, float | None, str]]:
    return [(event.path, event.onset, event.offset, event.label) for event in events]


def weak(lines: list[LabelLine]) -> list[tuple[str, str]]:
    return [(line.path, line.label) for line in lines if isinstance(line, WeakLine)]


def empty(lines: list[LabelLine]) -> list[str]:
    return [line.path for line in lines if isinstance(line, EmptyLine)]


def test_native_tables_come_in_as_they_are(tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", "path,onset,offset,label\na.wav,0,1,Dog\na.wav,2,1,Dog\n")

    events, labels = read(path)

    assert brief(events) == [("a.wav", 0.0, 1.0, "Dog")]
    assert [error.row for error in labels.errors] == [3]
    assert not labels.losses


def test_desed_strong_labels(tmp_path: Path) -> None:
    path = write(
        tmp_path / "validation.tsv",
        STRONG
        + "Y1.wav\t0.2\t1.25\tDog\n"
        + "Y2.wav\t\t\t\n"
        + "Y1.wav\t0.1234567\t10\tSpeech\n"
        + "Y3.wav\t5\t4\tDog\n"
        + "Y3.wav\t5\t\tDog\n"
        + "Y3.wav\t5\t6\t\n",
    )

    lines, labels = read_lines(path)

    events = [line for line in lines if isinstance(line, EventLine)]
    assert brief(events) == [("Y1.wav", 0.2, 1.25, "Dog"), ("Y1.wav", 0.123457, 10.0, "Speech")]
    assert empty(lines) == ["Y2.wav"]
    assert [(error.row, error.column) for error in labels.errors] == [
        (5, "offset"),
        (6, "offset"),
        (7, "event_label"),
    ]


def test_desed_weak_labels_are_labels_of_whole_clips(tmp_path: Path) -> None:
    path = write(
        tmp_path / "weak.tsv", "filename\tevent_labels\nY1.wav\tDog,Speech,Dog\nY2.wav\t\n"
    )

    lines, labels = read_lines(path)

    assert weak(lines) == [("Y1.wav", "Dog"), ("Y1.wav", "Speech"), ("Y1.wav", "Dog")]
    assert empty(lines) == ["Y2.wav"]
    assert len(lines) == 4
    assert not labels.losses


def test_a_list_of_unlabelled_files_is_not_a_list_of_empty_ones(tmp_path: Path) -> None:
    lines, labels = read_lines(write(tmp_path / "unlabel.tsv", "filename\nY1.wav\nY2.wav\n"))

    assert lines == []
    assert labels.losses.count(desed.NO_LABELS) == 2


def desed_folder(root: Path) -> Path:
    for path in (
        "audio/train/weak/w.wav",
        "audio/train/weak/both.wav",
        "audio/train/strong_label_real/both.wav",
        "audio/train/synthetic21_train/soundscapes/0.wav",
        "audio/validation/validation/v.wav",
        "audio/eval/public/twin.wav",
        "audio/eval/more/twin.wav",
    ):
        write(root / path, b"RIFF")
    write(root / "metadata/train/weak.tsv", "filename\tevent_labels\nw.wav\tCat\nboth.wav\tDog\n")
    write(root / "metadata/train/audioset_strong.tsv", STRONG + "both.wav\t0\t1\tDog\n")
    write(root / "metadata/train/synthetic21_train/soundscapes.tsv", STRONG + "0.wav\t1\t2\tCat\n")
    write(root / "metadata/train/synthetic21_train/durations.tsv", "filename\tduration\n0.wav\t9\n")
    write(root / "metadata/validation/validation.tsv", STRONG + "v.wav\t\t\t\ngone.wav\t0\t1\tX\n")
    write(root / "metadata/eval/other.tsv", STRONG + "twin.wav\t0\t1\tDog\n")
    write(root / "metadata/eval/classes.tsv", "class\tnumber\nDog\t4\n")
    write(root / "metadata/eval/broken.tsv", STRONG.encode() + b"\xff.wav\t0\t1\tDog\n")
    return root


@pytest.mark.parametrize("below", ["", "dataset"])
def test_a_desed_folder_finds_the_files_its_tables_mean(tmp_path: Path, below: str) -> None:
    desed_folder(tmp_path / below)
    prefix = f"{below}/" if below else ""

    lines, labels = read_lines(tmp_path)

    assert detect_format(tmp_path) == "desed"
    events = [line for line in lines if isinstance(line, EventLine)]
    assert [(event.path.removeprefix(prefix), event.label) for event in events] == [
        ("audio/train/strong_label_real/both.wav", "Dog"),
        ("audio/train/synthetic21_train/soundscapes/0.wav", "Cat"),
        ("audio/validation/validation/gone.wav", "X"),
    ]
    assert weak(lines) == [
        (f"{prefix}audio/train/weak/w.wav", "Cat"),
        (f"{prefix}audio/train/weak/both.wav", "Dog"),
    ]
    assert empty(lines) == [f"{prefix}audio/validation/validation/v.wav"]
    assert labels.losses.count(desed.NOT_LABELS) == 2
    assert [(error.source, error.row, error.code) for error in labels.errors] == [
        (f"{prefix}metadata/eval/broken.tsv", 2, Problem.ROW_UNREADABLE),
        (f"{prefix}metadata/eval/other.tsv", 2, Problem.CLIP_AMBIGUOUS),
    ]


def test_a_table_of_desed_never_means_a_file_of_another_subset(tmp_path: Path) -> None:
    write(tmp_path / "audio/validation/x.wav", b"RIFF")
    write(tmp_path / "audio/train/weak/y.wav", b"RIFF")
    write(tmp_path / "metadata/train/weak.tsv", "filename\tevent_labels\nx.wav\tCat\n")

    lines, _ = read_lines(tmp_path)

    assert weak(lines) == [("audio/train/weak/x.wav", "Cat")]


def test_a_desed_folder_says_the_split_and_what_is_synthetic(tmp_path: Path) -> None:
    layout = read_layout_clips(desed_folder(tmp_path))

    assert layout is not None
    found = {line.path: (line.said.get("split"), line.said.get("synthetic")) for line in layout}
    assert found == {
        "audio/train/weak/w.wav": ("train", False),
        "audio/train/weak/both.wav": ("train", False),
        "audio/train/strong_label_real/both.wav": ("train", False),
        "audio/train/synthetic21_train/soundscapes/0.wav": ("train", True),
        "audio/validation/validation/v.wav": ("validation", False),
    }
    assert layout.losses.count(desed.NO_AUDIO) == 1
    assert layout.losses.count(desed.AMBIGUOUS) == 1


def test_audioset_strong_labels(tmp_path: Path) -> None:
    path = write(
        tmp_path / "eval.tsv",
        SEGMENTS + "s9d-2nhuJCQ_30000\t2.627\t7.237\t/m/053hz1\ns9d_30000\t1\t1\t/m/053hz1\n",
    )

    events, labels = read(path)

    assert brief(events) == [("s9d-2nhuJCQ_30000", 2.627, 7.237, "/m/053hz1")]
    assert events[0].term == "/m/053hz1"
    assert [error.row for error in labels.errors] == [3]


def test_audioset_framed_labels_keep_what_is_known_to_be_absent(tmp_path: Path) -> None:
    write(tmp_path / "mid_to_display_name.tsv", "/m/053hz1\tCheering\n/m/x\n")
    write(
        tmp_path / "framed.tsv",
        SEGMENTS.rstrip("\n")
        + "\tpresent\na_0\t0.000\t0.960\t/m/053hz1\tPRESENT\n"
        + "a_0\t0.960\t1.920\t/m/053hz1\tNOT_PRESENT\n"
        + "a_0\t0.960\t1.920\t/m/none\tNOT_PRESENT\n"
        + "a_0\t0.960\t1.920\t/m/053hz1\tMAYBE\n",
    )

    events, labels = read(tmp_path)

    assert [(e.label, e.term, e.presence) for e in events] == [
        ("Cheering", "/m/053hz1", Presence.YES),
        ("Cheering", "/m/053hz1", Presence.NO),
        ("/m/none", "/m/none", Presence.NO),
    ]
    assert [(error.source, error.row, error.column) for error in labels.errors] == [
        ("framed.tsv", 5, "present")
    ]
    assert [loss.examples for loss in labels.losses] == [["/m/none"]]


TRACK = (
    "1.000000\t2.500000\tHouse sparrow\n"
    "\\\t1484.669312\t2969.338523\n"
    "3.000000\t3.500000\tOpen below\n"
    "\\\t-1.000000\t6334.588867\n"
    "4.000000\t4.000000\tA point\n"
    "\\\t6928.456055\t6928.456055\n"
    "5.000000\t6.000000\n"
    "7.000000\t8.000000\tOne tone\n"
    "\\\t440\t440\n"
)


def test_an_audacity_track_with_frequency_ranges(tmp_path: Path) -> None:
    events, labels = read(write(tmp_path / "owl.txt", TRACK))

    assert [(e.path, e.onset, e.offset, e.label, e.f_low, e.f_high) for e in events] == [
        ("owl", 1.0, 2.5, "House sparrow", 1484.669312, 2969.338523),
        ("owl", 3.0, 3.5, "Open below", None, 6334.588867),
        ("owl", 7.0, 8.0, "One tone", None, None),
    ]
    assert labels.losses.count(audacity.POINTS) == 1
    assert labels.losses.count(audacity.WITHOUT_TEXT) == 1
    assert labels.losses.count(audacity.NO_BAND) == 1
    assert not list(labels.errors)


def test_audacity_tracks_of_a_folder_are_named_like_their_clips(tmp_path: Path) -> None:
    write(tmp_path / "forest/owl.txt", "0\t1\tOwl\r\n")
    write(tmp_path / "forest/owl 2.wav.txt", "\ufeff0\t1\tOwl\n")
    write(tmp_path / "quiet.txt", "")
    write(tmp_path / "nul.txt", "0\t1\tOwl\n")

    write(tmp_path / "points.txt", "1\t1\tOwl\n")

    lines, labels = read_lines(tmp_path, "audacity")

    assert [line.path for line in lines] == ["forest/owl 2.wav", "forest/owl", "quiet"]
    # A track whose labels were all left out is not one that holds none.
    assert empty(lines) == ["quiet"]
    assert [(error.source, error.code) for error in labels.errors] == [
        ("nul.txt", Problem.PATH_INVALID)
    ]


def test_decimal_commas_of_old_audacity_are_read_and_reported(tmp_path: Path) -> None:
    events, labels = read(write(tmp_path / "a.txt", "0,5\t1,25\tOwl, near\n\\\t1000,5\t2000\n"))

    assert [(e.onset, e.offset, e.label, e.f_low) for e in events] == [
        (0.5, 1.25, "Owl, near", 1000.5)
    ]
    assert labels.losses.count(audacity.COMMAS) == 2


@pytest.mark.parametrize(
    "line",
    ["x\t1\tOwl", "1\tx\tOwl", "1", "-1\t1\tOwl", "2\t1\tOwl", "\\\t1\t2", "\\\tx\ty", "free text"],
)
def test_a_wrong_line_of_a_track_is_named(tmp_path: Path, line: str) -> None:
    events, labels = read(write(tmp_path / "a.txt", f"{line}\n5\t6\tOwl\n"), "audacity")

    assert brief(events) == [("a", 5.0, 6.0, "Owl")]
    assert {error.row for error in labels.errors} == {1}


def test_two_frequency_lines_for_one_label_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "1\t2\tOwl\n\\\t1\t2\n\\\t3\t4\n")

    events, labels = read(path)

    assert [(e.f_low, e.f_high) for e in events] == [(1.0, 2.0)]
    assert [error.row for error in labels.errors] == [3]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**6),
            st.integers(1, 10**6),
            st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=10),
            st.none() | st.tuples(st.integers(0, 10**4), st.integers(1, 10**4)),
        ),
        max_size=6,
    )
)
def test_a_track_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    labels: list[tuple[int, int, str, tuple[int, int] | None]],
) -> None:
    text = io.StringIO()
    expected = []
    for start, length, label, band in labels:
        onset, offset = start / 1000, (start + length) / 1000
        text.write(f"{onset:.6f}\t{offset:.6f}\t{label}\n")
        low, high = (float(band[0]), float(band[0] + band[1])) if band else (None, None)
        if band:
            text.write(f"\\\t{low:.6f}\t{high:.6f}\n")
        expected.append((onset, offset, low, high))

    path = write(tmp_path_factory.mktemp("t") / "a.txt", text.getvalue())
    events, read_back = read(path, "audacity")

    assert [(e.onset, e.offset, e.f_low, e.f_high) for e in events] == expected
    assert not list(read_back.errors)


def fsd50k_folder(root: Path) -> Path:
    truth, metadata = root / "FSD50K.ground_truth", root / "FSD50K.metadata"
    write(
        truth / "dev.csv",
        "fname,labels,mids,split\n"
        '64760,"Electric_guitar,Guitar,Music","/m/02sgy,/m/0342h,/m/04rlf",train\n'
        "16399,Bark,/m/05tny_,val\n"
        '999,"A,B",/m/a,train\n'
        "404,Bark,/m/05tny_,train\n"
        "7,Bark,/m/05tny_,train\n",
    )
    write(truth / "eval.csv", "fname,labels,mids\n99,Crushing,/m/07plct2\n")
    write(truth / "vocabulary.csv", "53,Crushing,/m/07plct2\n69,Electric_guitar,/m/02sgy\n")
    info = {
        "64760": {
            "title": "guitarras_63\n.wav",
            "description": "electric guitar",
            "tags": ["electric"],
            "license": "http://creativecommons.org/licenses/sampling+/1.0/",
            "uploader": "casual\tsamples",
        },
        "16399": {
            "title": "x" * 400,
            "license": "http://creativecommons.org/licenses/by/3.0/",
            "uploader": "ada",
        },
        "999": {"license": "all rights reserved"},
    }
    write(metadata / "dev_clips_info_FSD50K.json", json.dumps(info))
    write(
        metadata / "eval_clips_info_FSD50K.json",
        json.dumps({"99": {"license": "http://creativecommons.org/publicdomain/zero/1.0/"}}),
    )
    write(metadata / "pp_pnp_ratings_FSD50K.json", "{}")
    for name in ("64760", "16399", "999", "7"):
        write(root / f"FSD50K.dev_audio/{name}.wav", b"RIFF")
    write(root / "FSD50K.eval_audio/99.wav", b"RIFF")
    return root


def test_fsd50k_labels_are_labels_of_whole_clips(tmp_path: Path) -> None:
    lines, labels = read_lines(fsd50k_folder(tmp_path))

    assert detect_format(tmp_path) == "fsd50k"
    assert weak(lines)[:2] == [
        ("FSD50K.dev_audio/64760.wav", "Electric_guitar"),
        ("FSD50K.dev_audio/64760.wav", "Guitar"),
    ]
    terms = [line.term for line in lines if isinstance(line, WeakLine)]
    assert terms[:3] == ["/m/02sgy", "/m/0342h", "/m/04rlf"]
    assert lines[-1].path == "FSD50K.eval_audio/99.wav"
    assert len(weak(lines)) == len(lines) == 7
    assert labels.losses.count(fsd50k.ANCESTORS) == 1
    assert labels.losses.count(fsd50k.RATINGS) == 1
    assert [(error.source, error.row, error.column) for error in labels.errors] == [
        ("FSD50K.ground_truth/dev.csv", 4, "mids")
    ]


def test_one_table_of_fsd50k_will_do_and_finds_identifiers_in_the_vocabulary(
    tmp_path: Path,
) -> None:
    root = fsd50k_folder(tmp_path)
    table = write(root / "FSD50K.ground_truth/eval.csv", "fname,labels,mids\n99,Crushing,\n98,,\n")

    lines, _ = read_lines(table)

    # One table says no folder.
    assert lines == [
        WeakLine(2, "99.wav", "Crushing", term="/m/07plct2"),
        EmptyLine(3, "98.wav"),
    ]


def test_an_fsd50k_folder_brings_licences_authors_and_splits(tmp_path: Path) -> None:
    layout = read_layout_clips(fsd50k_folder(tmp_path))

    assert layout is not None
    lines = {line.path.removeprefix("FSD50K."): line for line in layout}
    assert {
        path: (line.said.get("licence"), line.said.get("split")) for path, line in lines.items()
    } == {
        "dev_audio/64760.wav": ("LicenseRef-CC-Sampling-Plus-1.0", "train"),
        "dev_audio/16399.wav": ("CC-BY-3.0", "val"),
        "dev_audio/7.wav": (None, "train"),
        "eval_audio/99.wav": ("CC0-1.0", "test"),
    }
    guitar = lines["dev_audio/64760.wav"]
    assert guitar.said["title"] == "guitarras_63 .wav"
    assert guitar.said["author"] == "casual samples"
    assert guitar.said["source_url"] == "https://freesound.org/s/64760/"
    assert guitar.contributors is None
    assert [(error.row, error.column, error.code) for error in layout.errors] == [
        (4, "license", Problem.LICENCE_UNKNOWN)
    ]
    assert {loss.reason: loss.count for loss in layout.losses} == {
        fsd50k.DESCRIPTIONS: 1,
        fsd50k.CUT: 1,
        fsd50k.NO_AUDIO: 1,
        fsd50k.NO_INFO: 1,
    }


def test_fsd50k_information_that_is_no_json_is_named(tmp_path: Path) -> None:
    root = fsd50k_folder(tmp_path)
    write(root / "FSD50K.metadata/dev_clips_info_FSD50K.json", "{oops")
    layout = read_layout_clips(root)

    assert layout is not None
    with pytest.raises(LabelsUnreadableError, match="dev_clips_info"):
        list(layout)


def test_a_plain_folder_of_sound_is_no_known_layout(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", b"RIFF")

    assert read_layout_clips(tmp_path) is None
    assert detect_format(tmp_path) is None


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.csv", "path,onset,offset,label\n", "native"),
        ("a.jsonl", '{"path":"a","onset":0,"offset":1,"label":"x"}\n', "native"),
        ("a.tsv", STRONG, "desed"),
        ("a.tsv", "filename\tevent_labels\n", "desed"),
        ("a.tsv", SEGMENTS, "audioset_strong"),
        ("a.txt", "1.0\t2.0\tx\n", "audacity"),
        ("a.txt", "1\t2\n", "audacity"),
        ("dev.csv", "fname,labels,mids,split\n", "fsd50k"),
        ("a.csv", "fname,labels,mids\n", None),
        ("a.txt", "dear diary\n", None),
        ("a.csv", "\xff\xfe", None),
        ("a.wav", "RIFF", None),
        ("a.tsv", "", None),
    ],
)
def test_a_file_shows_its_format_by_its_first_bytes(
    tmp_path: Path, name: str, text: str, found: str | None
) -> None:
    path = write(tmp_path / name, text.encode("latin-1"))

    assert detect_format(path) == found
    if found is None:
        with pytest.raises(FormatUnknownError, match="native"):
            read_labels(path)


def test_an_unknown_format_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(FormatUnknownError, match="fsd50k"):
        read_labels(write(tmp_path / "a.csv", ""), "jams")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nowhere"):
        read_labels(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_refuses_what_is_not_its_own(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "x/noise.csv", bytes(range(256)))

    with pytest.raises((LabelsUnreadableError, TableUnreadableError)):
        list(read_labels(file, name).lines)
    write(tmp_path / "y/a.wav", b"")
    with pytest.raises(LabelsUnreadableError):
        read_labels(tmp_path / "y", name)


def test_a_loss_report_counts_all_and_shows_a_few() -> None:
    report = LossReport()
    for number in range(10):
        report.note("dropped", f"row {number}")
    report.note("changed", count=3)

    assert report.as_json() == [
        {"reason": "dropped", "count": 10, "examples": [f"row {n}" for n in range(KEPT_EXAMPLES)]},
        {"reason": "changed", "count": 3, "examples": []},
    ]
