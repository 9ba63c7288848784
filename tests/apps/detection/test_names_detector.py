"""What file names tell: times, places, numbers and people; and what must be left alone."""

import pytest

from apps.detection.detectors.base import CellsSubject, run_detector
from apps.detection.detectors.path_clues import NamesDetector, find_clues
from apps.detection.detectors.table_cells import CellsDetector


def kinds(path: str) -> list[str]:
    return [told.kind for told in find_clues(path)]


@pytest.mark.parametrize(
    ("path", "moment"),
    [
        ("night/20240506_070809.WAV", "2024-05-06"),
        ("SMU01234_20240506_070809.wav", "2024-05-06"),
        ("20240506T070809Z.flac", "2024-05-06"),
        ("2024-05-06T07:08:09+02:00.flac", "2024-05-06"),
        ("WhatsApp Audio 2024-05-06 at 07.08.09.ogg", "2024-05-06"),
        ("PTT-20240506-WA0001.opus", "2024-05-06"),
        ("walk 06.05.2024.mp3", "2024-05-06"),
        ("6-May-2024 dawn.wav", "2024-05-06"),
        ("May 6, 2024.wav", "2024-05-06"),
        ("rec_240506-070809.wav", "2024-05-06"),
        ("5F9B1A80.WAV", "2020-10-29"),
        ("voice_1715000000.m4a", None),
        ("1715000000123.m4a", "2024-05-06"),
    ],
)
def test_a_time_in_a_name_is_told(path: str, moment: str | None) -> None:
    times = [told.moment for told in find_clues(path) if told.kind == "date"]
    assert times == ([] if moment is None else [moment])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("call_+4930901820.wav", "phone"),
        ("Call (212) 555-0123.m4a", "phone"),
        ("call_00493090182011.amr.wav", "phone"),
        ("for_ada@example.org.wav", "email"),
        ("N48.8577_E002.2950.wav", "coordinates"),
        ("48.8577_2.2950.wav", "coordinates"),
        ("lat48.85_lon2.29.wav", "coordinates"),
        ("S4A01234_dawn.wav", "device_address"),
        ("24F319016037E0D6.wav", "device_address"),
        ("SN-AB12345.wav", "device_address"),
        ("00-1B-44-11-3A-B7.wav", "device_address"),
        ("490154203237518.wav", "device_address"),
        ("ward/patient_Jane_Doe.wav", "person_name"),
        ("Margaret Thorne reads.wav", "person_name"),
    ],
)
def test_numbers_places_and_people_in_a_name_are_told_once(path: str, kind: str) -> None:
    by_form = [
        seen.kind for seen in run_detector(CellsDetector(), CellsSubject({"path": path})).findings
    ]
    assert [*by_form, *kinds(path)].count(kind) == 1


@pytest.mark.parametrize(
    "path",
    [
        "ZOOM0001.WAV",
        "field/000.wav",
        "Strix_aluco-3.wav",
        "Robin Song 3.wav",
        "loop_amen_full.flac",
        "198403__ani-music.wav",
        "12345678.wav",
        "20241399.wav",
        "DEADBEEF.wav",
        "1/3-octave 31.5 63 125.wav",
        "take 3 24bit 96000.wav",
        "550e8400-e29b-41d4-a716-446655440000.flac",
        "d41d8cd98f00b204e9800998ecf8427e.flac",
        "speaker_left.wav",
        "patient breathing.wav",
        "v1.2.3.wav",
        "Glass Breaking.wav",
    ],
)
def test_ordinary_names_are_left_alone(path: str) -> None:
    assert kinds(path) == []


def findings(detector: NamesDetector, **cells: str) -> list[str]:
    return [seen.kind for seen in run_detector(detector, CellsSubject(cells)).findings]


def test_a_time_that_the_row_states_itself_tells_nothing_new() -> None:
    path = "20240506_070809.wav"
    assert findings(NamesDetector(), path=path) == ["date"]
    assert findings(NamesDetector(), path=path, recorded_at="2024-05-06T07:08:09Z") == []
    assert findings(NamesDetector(), path=path, recorded_at="2024-05") == ["date"]
    assert findings(NamesDetector(), path=path, recorded_at="2024-05-07") == ["date"]


def test_where_people_are_recorded_every_exact_day_is_personal() -> None:
    strict = NamesDetector(dates_are_personal=True)
    path = "20240506_070809.wav"
    assert findings(strict, path=path, recorded_at="2024-05-06") == ["date", "date"]
    assert findings(strict, path="a.wav", recorded_at="2024-05") == []


def test_a_finding_shortens_what_it_tells_of() -> None:
    seen = run_detector(
        NamesDetector(), CellsSubject({"path": "ward/patient_Jane_Doe.wav"})
    ).findings[0]
    assert "Jane" not in seen.detail
    assert seen.evidence == {"column": "path", "start": 13, "end": 21}


def test_a_very_long_path_is_read_in_bounded_time() -> None:
    for filler in ("a_" * 500, "1" * 1000, "A-" * 500, "20" * 500, "(" * 1000):
        kinds(filler + ".wav")
