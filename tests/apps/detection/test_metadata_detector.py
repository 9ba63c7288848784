"""Everything written into a file besides its sound is seen; names of software are not."""

import json
from pathlib import Path

import mutagen.oggvorbis
import numpy as np
import pytest
import soundfile

from apps.detection.detectors.base import AudioSubject, Detection, DetectorFailedError, run_detector
from apps.detection.detectors.metadata import MOST_FINDINGS, MetadataDetector
from tests.marked import EMAIL, MARKED, NAME, PLACE, write_marked
from tests.recordings import INSTRUMENTS, sounds_of
from tests.sounds import RATE, WRITERS, encode, write_any, write_sound


def look(path: Path) -> Detection:
    return run_detector(MetadataDetector(), AudioSubject(path, path.name))


@pytest.mark.parametrize("kind", WRITERS)
def test_files_as_encoders_write_them_have_no_findings(tmp_path: Path, kind: str) -> None:
    detection = look(write_any(tmp_path, kind))
    assert detection.findings == ()
    assert detection.evidence["bytes"]["sound"] > 1000


@pytest.mark.parametrize("kind", MARKED)
def test_every_hidden_mark_is_found_in_every_container(tmp_path: Path, kind: str) -> None:
    path = write_marked(tmp_path, kind)
    detection = look(path)
    assert detection.findings
    assert all(seen.kind == "metadata" for seen in detection.findings)
    raw = path.read_bytes()
    looks_like = {form for seen in detection.findings for form in seen.evidence["looks_like"]}
    details = " ".join(seen.detail for seen in detection.findings)
    if EMAIL.encode() in raw:
        assert "email" in looks_like
        assert EMAIL not in details
    if PLACE.encode() in raw:
        assert "coordinates" in looks_like
    if NAME.encode() in raw or NAME.encode("utf-16-le") in raw:
        assert NAME in details
    json.dumps([dict(seen.evidence) for seen in detection.findings])


@pytest.mark.parametrize("kind", ["mp4_dated", "matroska"])
def test_the_moment_of_recording_is_a_finding(tmp_path: Path, kind: str) -> None:
    details = [seen.detail for seen in look(write_marked(tmp_path, kind)).findings]
    assert any("2024-05-06T07:08:09" in detail for detail in details)


def test_foreign_bytes_behind_the_sound_are_a_finding(tmp_path: Path) -> None:
    for kind in ("wav", "flac", "ogg", "mp3", "m4a", "mka"):
        path = write_any(tmp_path, kind)
        with path.open("ab") as file:
            file.write(b"PK\x03\x04 secret-names.csv " + EMAIL.encode())
        findings = look(path).findings
        assert any("foreign bytes" in seen.detail for seen in findings), kind


def test_software_names_are_evidence_unless_somebody_hides_behind_them(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "tone.ogg")
    technical = look(path).evidence["technical"]
    assert any("libVorbis" in value for _, _, value in technical)
    tagged = mutagen.oggvorbis.OggVorbis(path)
    tagged["ENCODER"] = f"Lavf60.3.100 by {EMAIL}"
    tagged["ENCODED_BY"] = "Ben from the ward"
    tagged.save()
    assert len(look(path).findings) == 2


def test_peak_and_cue_chunks_are_no_findings_while_they_hold_only_numbers(tmp_path: Path) -> None:
    path = tmp_path / "float.wav"
    soundfile.write(path, np.zeros(RATE, np.float32), RATE, subtype="FLOAT")
    assert b"PEAK" in path.read_bytes()
    assert look(path).findings == ()


def test_a_great_many_tags_are_summed_up(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "tone.ogg")
    tagged = mutagen.oggvorbis.OggVorbis(path)
    for number in range(200):
        tagged[f"NOTE{number}"] = f"remark {number}"
    tagged.save()
    findings = look(path).findings
    assert len(findings) == MOST_FINDINGS + 1
    assert findings[-1].detail == f"{200 - MOST_FINDINGS} more tags"


def test_values_hold_nothing_that_a_database_refuses(tmp_path: Path) -> None:
    path = encode(tmp_path / "tone.mka", "flac", tags={"artist": "Bjarke Friis"})
    path.write_bytes(path.read_bytes().replace(b"Bjarke Friis", b"Bj\xf8\x00ke\x01Fri\xe5"))
    detail = " ".join(seen.detail for seen in look(path).findings)
    assert "\0" not in detail
    assert "Bj" in detail


def test_a_file_without_known_structure_fails_and_does_not_pass(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not a container")
    with pytest.raises(DetectorFailedError, match="no known container"):
        look(path)


def test_a_real_file_with_an_address_in_its_tags_is_found() -> None:
    path = next(path for path in sounds_of(INSTRUMENTS) if path.name == "perc_swash.flac")
    findings = look(path).findings
    assert any("email" in seen.evidence["looks_like"] for seen in findings)
