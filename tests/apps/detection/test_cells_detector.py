"""Personal data in table cells: what is caught, and what must be left alone."""

import pytest

from apps.detection.detectors.base import CellsSubject, run_detector
from apps.detection.detectors.patterns import find_personal, shorten_text
from apps.detection.detectors.table_cells import CellsDetector


def kinds(**cells: str) -> list[str]:
    return kinds_in(cells)


def kinds_in(cells: dict[str, str], regions: tuple[str, ...] = ()) -> list[str]:
    detection = run_detector(CellsDetector(regions=regions), CellsSubject(cells))
    return [seen.kind for seen in detection.findings]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to ada@example.org, please", "email"),
        ("ada (at) example (dot) org", "email"),
        ("mailto:ada@example.co.uk?subject=x", "email"),
        ("https://example.org/?contact=ada@example.org", "email"),
        ("ring +49 30 901820 after noon", "phone"),
        ("tel. +1 212-555-0123", "phone"),
        ("paid with 4111 1111 1111 1111", "card_number"),
        ("5500-0000-0000-0004", "card_number"),
        ("IBAN DE89 3704 0044 0532 0130 00", "bank_account"),
        ("GB29NWBK60161331926819", "bank_account"),
        ("SSN 536-90-4399", "social_security_number"),
        ("from 203.0.113.77", "network_address"),
        ("2001:db8:85a3::8a2e:370:7334", "network_address"),
        ("recorder 00:1B:44:11:3A:B7", "device_address"),
        ("40.71281, -74.00601", "coordinates"),
        ("lat 40.7 lon -74.0", "coordinates"),
        ("40°42'46\"N 74°0'22\"W", "coordinates"),
        ("+48.8577+002.2950/", "coordinates"),
        ("geo:48.2010,16.3695", "coordinates"),
        ("MRN: 00123456", "medical_record_number"),
        ("patient no. A-4711", "medical_record_number"),
        ("DOB 12.03.1961", "birth_date"),
        ("born on March 12, 1961", "birth_date"),
        ("a 92-year-old with a murmur", "age_over_89"),
        ("aged 101", "age_over_89"),
    ],
)
def test_personal_data_is_told_by_its_form(text: str, kind: str) -> None:
    assert kind in kinds(notes=text)


@pytest.mark.parametrize(
    "text",
    [
        "Robin singing at dawn",
        "Daisy the cow",
        "Anopheles gambiae, wing beats at 440 Hz",
        "Glass breaking (take 3, 24-bit/96 kHz)",
        "https://freesound.org/people/ani_music/sounds/198403/",
        "http://freesound.org/s/12345",
        "www.example.org/4111111111111111",
        "CC-BY-SA-4.0 OR CC0-1.0",
        "2024-05-06",
        "2024-05-06T07:08:09+02:00",
        "20240506_070809_001.wav",
        "00:12:30.500",
        "12:30:45:10",
        "550e8400-e29b-41d4-a716-446655440000",
        "d41d8cd98f00b204e9800998ecf8427e",
        "10.5281/zenodo.1234567",
        "ISBN 978-3-16-148410-0",
        "version 1.2.3.4 of the firmware",
        "Zoom H5 / Sennheiser ME66",
        "gain 1.234 2.345, -12.5 dB",
        "52.5, 13.4 (coarse)",
        "a 45-year-old engine, aged 12 years",
        "1/3-octave bands 31.5 63 125 250 500 1000 2000 4000 8000",
        "127.0.0.1",
        "Machine No. 4711-0815, load 80 %",
    ],
)
def test_ordinary_cells_are_left_alone(text: str) -> None:
    assert kinds(title=text, notes=text, source_url=text) == []


def test_national_numbers_are_found_in_the_regions_that_were_named() -> None:
    assert kinds(notes="ring 020 7946 0958") == []
    assert kinds_in({"notes": "ring 020 7946 0958"}, ("GB",)) == ["phone"]


def test_published_credits_are_no_finding_but_an_address_in_them_is() -> None:
    assert kinds(author="Allison Smith; ani_music; Rutger Muller") == []
    assert kinds(author="Allison Smith <allison@example.org>") == ["email"]


@pytest.mark.parametrize(
    ("header", "value", "kind"),
    [
        ("patient_name", "A. L.", "person_name"),
        ("Surname", "Lovelace", "person_name"),
        ("speaker_name", "Ada", "person_name"),
        ("home_address", "12 St James's Square", "street_address"),
        ("phone", "5550123", "phone"),
        ("date of birth", "1961", "birth_date"),
        ("mrn", "77", "medical_record_number"),
        ("license_plate", "B-AL 1815", "licence_plate"),
        ("age", "93", "age_over_89"),
    ],
)
def test_a_header_says_what_a_column_is_for(header: str, value: str, kind: str) -> None:
    assert kinds_in({header: value}) == [kind]
    assert kinds_in({header: "unknown"}) == []


@pytest.mark.parametrize("header", ["title", "device", "filename", "species_name", "age_class"])
def test_other_headers_are_no_suspicion(header: str) -> None:
    assert kinds_in({header: "Strix aluco"}) == []


def test_places_are_precise_or_coarse_by_their_decimals() -> None:
    assert kinds(latitude="48.13743", longitude="11.57549") == ["coordinates"]
    assert kinds(lat="48.13", lon="11.57") == []
    assert kinds(latitude="48.13743") == []


def test_hashes_and_identifiers_are_not_read_as_numbers_of_people() -> None:
    assert kinds(md5="4111111111111111" * 2, clip_id="4111111111111111") == []


def test_details_shorten_what_they_report() -> None:
    detection = run_detector(
        CellsDetector(), CellsSubject({"notes": "ask ada@example.org or +49 30 901820"})
    )
    assert [seen.detail for seen in detection.findings] == [
        "Email in column 'notes': ask ad… or +4…",
        "Phone in column 'notes': ask ad… or +4…",
    ]
    assert detection.findings[0].evidence == {"column": "notes", "start": 4, "end": 19}
    assert len(shorten_text("word " * 100)) == 60


def test_overlapping_forms_are_reported_once() -> None:
    assert [match.kind for match in find_personal("Patient ID: 536-90-4399")] == [
        "medical_record_number"
    ]


def test_a_huge_cell_is_searched_in_bounded_time() -> None:
    for filler in ("a" * 300_000, "1-" * 150_000, "a@" * 150_000, ":" * 300_000, "1.1" * 100_000):
        find_personal(filler)
