"""A small release that has one of everything, made and published the whole way by the actions."""

from pathlib import Path

import soundfile

from apps.datasets.actions import create_dataset, import_vocabulary, update_dataset
from apps.datasets.models import Dataset
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips, import_consents
from apps.ingest.label_imports import import_labels
from apps.packaging.kept_snapshots import build_snapshot
from apps.publishing.release_publication import publish_release_here
from apps.releases.models import Release
from apps.review.actions import decide_finding
from datasets_catalog.purposes import Purpose
from tests.cast import Cast
from tests.factories.drafts import approve, make_release, write_table
from tests.sounds import tone

RATE = 8_000
PURPOSES = (
    Purpose.RESEARCH_NONCOMMERCIAL,
    Purpose.PUBLISH_OPEN,
    Purpose.PUBLISH_GATED,
    Purpose.SHARE_RAW_AUDIO,
    Purpose.PREVIEW_PUBLIC_CLIP,
)
BARK, ENGINE, NEIGH, QUIET = "town/bark.wav", "town/engine.wav", "town/neigh.wav", "quiet.wav"
# In code-point order; by UTF-16 code units they would stand the other way round.
HALF_WIDTH, BEYOND_BMP = "wide/\uff61.wav", "wide/\U0001f600.wav"
PATHS = (QUIET, BARK, ENGINE, NEIGH, HALF_WIDTH, BEYOND_BMP)
CLIPS = (
    {
        "path": BARK,
        "licence": "CC-BY-4.0",
        "title": "Hund bellt \u2013 „laut“",
        "author": "Ada \\ Acme",
        "source_url": "https://example.org/bark?x=1&y=ü",
        "contributors": "ben",
        "recording": "walk-1",
        "environment": "street",
        "device": "R8",
        "place": "Leiden",
        "recorded_at": "2025-05",
        "split": "train",
        "scene": "Straße",
        "time_of_day": "dusk",
        "height": "1.5",
    },
    {
        "path": NEIGH,
        "licence": "CC0-1.0",
        "contributors": "ben;mia",
        "recording": "walk-1",
        "split": "train",
        "height": "-0.00001",
    },
    {
        "path": ENGINE,
        "licence": "CC0-1.0",
        "title": "Made up",
        "author": "Ada",
        "split": "train",
        "synthetic": "true",
    },
    {"path": QUIET, "licence": "CC-BY-4.0", "author": "Ada"},
    {"path": HALF_WIDTH, "licence": "CC0-1.0", "split": "test"},
    {"path": BEYOND_BMP, "licence": "CC0-1.0", "split": "test"},
)
EVENTS = (
    {"path": BARK, "onset": 0.1, "offset": 0.3, "label": "bark", "annotator": "ada"},
    {
        "path": BARK,
        "onset": 0.1,
        "offset": 0.25,
        "label": "Dog",
        "f_low": 0.5,
        "f_high": 3999.5,
        "channel": 0,
        "confidence": 0.0000001,
        "source": "model",
        "status": "verified",
        "presence": "unsure",
        "annotator": "net-1",
    },
    {
        "path": NEIGH,
        "onset": 0.00001,
        "offset": "",
        "label": "bark",
        "source": "human",
        "presence": "no",
    },
    {"path": NEIGH, "onset": 0, "offset": 0.1, "label": "bark", "status": "rejected"},
    {"path": ENGINE, "onset": 0, "offset": 0.2, "label": "engine", "source": "synthetic"},
)
VOCABULARY = "code,name,parents\nanimal,Animal,\ndog,Dog,animal\nbark,Bark,dog\nengine,Engine,\n"
FORM = {"form": "voices", "form_version": "2", "given_at": "2026-01-15"}


def make_golden(cast: Cast, base: Path) -> Release:
    """The published release with its snapshot; one clip redacted, one synthetic, one bare."""
    dataset = _make_draft(cast, base)
    _redact_tags(cast, dataset)
    dataset = update_dataset(actor=cast.ada, dataset=dataset, changes={"access": "open"})
    release = approve(cast, make_release(cast, dataset, purposes=PURPOSES))
    release = publish_release_here(actor=cast.rita, release=release)
    build_snapshot(release, lambda done, total, said: None)
    return release


def _make_draft(cast: Cast, base: Path) -> Dataset:
    dataset = create_dataset(
        actor=cast.ada,
        organisation=cast.acme,
        name="golden",
        vertical="urban",
        title="Golden",
        description="A release that every version reads.",
    )
    words = import_vocabulary(actor=cast.ada, name="town", version="1", text=VOCABULARY)
    dataset = update_dataset(actor=cast.ada, dataset=dataset, changes={"vocabulary": words})
    sounds = base / "sounds"
    for number, path in enumerate(PATHS):
        _write_sound(sounds / path, hertz=300 + 20 * number, artist=path == NEIGH)
    report = import_clips(
        actor=cast.ada,
        dataset=dataset,
        source=sounds,
        metadata=write_table(base / "clips.csv", CLIPS),
    )
    assert report.is_clean, report.sentences()
    answers = dict.fromkeys(PURPOSES, "allowed") | {Purpose.TRAIN_GENERATIVE: "denied"}
    consents = [
        {"contributor": code, **FORM, "evidence_sha256": digit * 64, **answers}
        for code, digit in (("ben", "a"), ("mia", "b"))
    ]
    import_consents(
        actor=cast.ada,
        organisation=cast.acme,
        table=write_table(base / "consents.csv", consents),
        datasets=[dataset],
    )
    import_labels(
        actor=cast.ada,
        dataset=dataset,
        source=write_table(base / "events.csv", EVENTS),
        format_name="native",
    )
    scan_dataset(actor=cast.ada, dataset=dataset)
    return dataset


def _write_sound(path: Path, *, hertz: float, artist: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(path, "w", RATE, 1) as file:
        if artist:
            file.artist = "Ben Example"
        file.write(tone(seconds=0.3, rate=RATE, hertz=hertz))


def _redact_tags(cast: Cast, dataset: Dataset) -> None:
    for finding in Finding.objects.filter(clip__dataset=dataset, clip__path=NEIGH):
        decide_finding(
            actor=cast.cleo, finding=finding, verdict="redact", reason="A tag names somebody."
        )
    for finding in Finding.objects.filter(clip__dataset=dataset).exclude(clip__path=NEIGH):
        decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="Nobody is named.")
