"""The same voice is found again for reviewers, and forgotten with the consent."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import override_settings

from apps.consent.actions import record_consents
from apps.consent.entries import ConsentEntry
from apps.datasets.models import Clip, Dataset
from apps.detection import scanning
from apps.detection.detectors.registry import list_detectors
from apps.detection.draft_voices import find_voice_matches, guess_people
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips
from apps.voices.models import VoicePrint
from datasets_catalog.purposes import Answer, Purpose
from tests.cast import Cast
from tests.factories.drafts import make_dataset, write_table
from tests.recordings import VOICES, recordings, sounds_of
from tests.sounds import tone, write_sound

pytestmark = pytest.mark.django_db

OTHER_VOICE = "asterisk-prompt-it-menardi-wav"


def long_ones(package: str, count: int) -> list[Path]:
    """Prompts of six seconds or more at 8 kHz and 16 bits, by their size."""
    return [path for path in sounds_of(package) if path.stat().st_size > 100_000][:count]


@pytest.fixture(autouse=True)
def speech_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Voices go by what the speech detector heard; the other detectors would take their time."""
    speech = [each for each in list_detectors("standard") if each.name == "speech"]
    monkeypatch.setattr(scanning, "list_detectors", lambda _: speech)


@pytest.fixture
def spoken(cast: Cast, tmp_path: Path) -> Dataset:
    """Three clips of one voice, two of another, and a tone; ben is known to be in the first."""
    recordings(OTHER_VOICE)
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    rows = []
    for package, name, count in ((VOICES, "one", 3), (OTHER_VOICE, "two", 2)):
        for number, source in enumerate(long_ones(package, count)):
            (sounds / f"{name}-{number}.wav").write_bytes(source.read_bytes())
            who = "ben" if (name, number) == ("one", 0) else ""
            rows.append({"path": f"{name}-{number}.wav", "licence": "CC0-1.0", "contributors": who})
    write_sound(sounds / "tone.wav", tone(seconds=3))
    rows.append({"path": "tone.wav", "licence": "CC0-1.0", "contributors": ""})
    dataset = make_dataset(cast, "spoken")
    table = write_table(tmp_path / "clips.csv", rows)
    report = import_clips(actor=cast.ada, dataset=dataset, source=sounds, metadata=table)
    assert report.is_clean, report.sentences()
    return dataset


def answer(cast: Cast, given: Answer, *, day: int) -> None:
    entry = ConsentEntry(
        contributor="ben",
        form="voices",
        form_version="1",
        given_at=datetime(2026, 2, day, tzinfo=UTC),
        answers={Purpose.IDENTIFY_SPEAKER: given},
    )
    record_consents(actor=cast.ada, organisation=cast.acme, entries=[entry])


def clip(dataset: Dataset, path: str) -> Clip:
    return Clip.objects.select_related("blob", "dataset__organisation").get(
        dataset=dataset, path=path
    )


def test_clips_of_one_voice_are_found_together_and_another_voice_is_not(
    cast: Cast, spoken: Dataset
) -> None:
    answer(cast, Answer.ALLOWED, day=1)
    scan_dataset(actor=cast.ada, dataset=spoken)
    found = find_voice_matches(clip(spoken, "one-1.wav"))
    assert {match.clip.path for match in found} == {"one-0.wav", "one-2.wav"}
    assert guess_people(found) == ("ben",)
    assert {match.clip.path for match in find_voice_matches(clip(spoken, "two-0.wav"))} == {
        "two-1.wav"
    }
    assert find_voice_matches(clip(spoken, "tone.wav")) == []


def test_nobody_is_recognised_who_did_not_allow_it(cast: Cast, spoken: Dataset) -> None:
    scan_dataset(actor=cast.ada, dataset=spoken)
    content = clip(spoken, "one-0.wav").blob.sha256
    assert not VoicePrint.objects.filter(content_sha256=content).exists()
    assert {match.clip.path for match in find_voice_matches(clip(spoken, "one-1.wav"))} == {
        "one-2.wav"
    }
    assert find_voice_matches(clip(spoken, "one-0.wav")) == []


def test_a_print_is_destroyed_in_the_moment_the_consent_ends(cast: Cast, spoken: Dataset) -> None:
    answer(cast, Answer.ALLOWED, day=1)
    scan_dataset(actor=cast.ada, dataset=spoken)
    content = clip(spoken, "one-0.wav").blob.sha256
    assert VoicePrint.objects.filter(content_sha256=content).exists()
    answer(cast, Answer.DENIED, day=2)
    assert not VoicePrint.objects.filter(content_sha256=content).exists()
    assert VoicePrint.objects.filter(dataset=spoken).count() == 4


def test_the_switch_turns_voices_off_and_destroys_every_print(cast: Cast, spoken: Dataset) -> None:
    scan_dataset(actor=cast.ada, dataset=spoken)
    assert VoicePrint.objects.filter(dataset=spoken).exists()
    with override_settings(VOICES=False):
        assert find_voice_matches(clip(spoken, "one-1.wav")) == []
        scan_dataset(actor=cast.ada, dataset=spoken)
    assert not VoicePrint.objects.filter(dataset=spoken).exists()


def test_a_voice_is_looked_at_once(cast: Cast, spoken: Dataset) -> None:
    scan_dataset(actor=cast.ada, dataset=spoken)
    before = list(VoicePrint.objects.order_by("pk").values_list("pk", flat=True))
    scan_dataset(actor=cast.ada, dataset=spoken)
    assert list(VoicePrint.objects.order_by("pk").values_list("pk", flat=True)) == before
