"""A release whose every count is another number, made by the real pipeline, and counted plainly.

Nothing of the code that counts for cards, pages and gates is used to count here: rows and Parquet
alone. A sentence that prints the wrong number prints one that belongs to something else.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import soundfile

from apps.accounts.models import Membership, User
from apps.datasets.actions import import_vocabulary, touch_draft, update_dataset
from apps.datasets.label_verification import verify_events
from apps.datasets.models import Clip, Dataset, EmptyAnnotation, Event, WeakLabel
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips, import_consents
from apps.ingest.label_imports import import_labels
from apps.publishing.release_publication import publish_release_here
from apps.releases.models import GateResult, Release
from apps.review.actions import count_people, decide_finding
from apps.review.sampling import draw_sample, record_hearing
from apps.review.undo import confirm_clearance
from apps.storage.blobs import open_local_copy
from datasets_catalog.card_text import format_duration
from datasets_catalog.roles import Role
from tests.apps.review.reviewing import found_in, second_reviewer
from tests.cast import Cast
from tests.factories.drafts import PURPOSES, approve, make_dataset, make_release, write_table
from tests.factories.reviews import play

SHEET = {
    "provenance": "Noise, made for tests.",
    "limitations": "It is only noise.",
    "funding": "Grant of nobody.",
    "languages": ["nl", "sr-Latn"],
    "creators": [
        {"name": "Ada Berg", "orcid": "0000-0002-1825-0097"},
        {"name": "Lab, Berg and Ko"},
    ],
}
MUTED, BLEEPED, STRIPPED, EXCLUDED = 2, 3, 4, 5
SYNTHETIC, PEOPLED, RECORDINGS = 7, 8, 10
CELLS, SPEECH = 15, 20
CLEARED = CELLS + SPEECH
RATE = 8000
TWIN = 20
TEST_SPLIT, CREDITED, RELEASED = 14, 19, 41
HERE, STATED, UNNAMED, SUGGESTED, HUMAN, HEARD = 13, 16, 17, 18, 24, 12
PLAIN = RELEASED - STRIPPED + EXCLUDED
# Clips that have events, weak labels, and none of either.
LABELLED, EMPTY = 26, 11
HUMS, BUZZES, WEAK, WEAK_BY_HUMANS = 28, 25, 54, 31
WEAK_CLIPS = LABELLED + STRIPPED
TERMS = "code,name\n/a,bell\n/b,horn\n/c,hum\n/d,buzz\n/e,hiss\n"
VOCABULARY = "8.15"


@dataclass(frozen=True)
class Made:
    """The release, and who verified in it."""

    release: Release
    vera: User


def write_noise(path: Path, seed: int, *, artist: str = "") -> None:
    samples = np.random.default_rng(seed).normal(0, 0.02, RATE // 2 + 80 * seed)
    with soundfile.SoundFile(path, "w", RATE, 1) as file:
        if artist:
            file.artist = artist
        file.write(samples)


def write_clips(base: Path) -> list[dict[str, Any]]:
    """One noise for each clip, and files with tags in them; nothing in common but columns."""
    rows = []
    for number in range(PLAIN):
        path = f"plain/{number:03d}.wav"
        (base / "plain").mkdir(parents=True, exist_ok=True)
        # Two clips have the same bytes: as contents they are one.
        write_noise(base / path, number - (number == TWIN))
        rows.append({"path": path, "contributors": "ben" if number < PEOPLED else ""})
    for number in range(STRIPPED):
        path = f"tagged/{number}.wav"
        (base / "tagged").mkdir(exist_ok=True)
        write_noise(base / path, 100 + number, artist="Ben Example")
        rows.append({"path": path})
    return rows


def laid_out(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns by which the released clips are counted; those of excluded ones are last."""
    for number, row in enumerate(rows):
        row["licence"] = "CC-BY-4.0" if number % 2 and number < 2 * CREDITED else "CC0-1.0"
        row["author"] = "Ada"
        row["split"] = "test" if number < TEST_SPLIT else "train"
        row["synthetic"] = "true" if TEST_SPLIT <= number < TEST_SPLIT + SYNTHETIC else ""
        row["recording"] = f"session-{number}" if number < RECORDINGS else ""
    return rows


def label_rows(paths: list[str]) -> list[dict[str, Any]]:
    """Events by how they are verified: said with a name, without one, or not at all."""
    wanted = (
        [{"status": "verified", "annotator": "otto", "verifier": "nina"}] * STATED
        + [{"status": "verified"}] * UNNAMED
        + [{"status": "suggested"}] * (HERE + SUGGESTED)
    )
    rows = []
    for number, columns in enumerate(wanted):
        onset = 0.05 * (1 + number // len(paths))
        rows.append(
            {
                "path": paths[number % len(paths)],
                "onset": onset,
                "offset": onset + 0.04,
                "label": "bell" if number % 3 else "horn",
                "source": "human" if number < HUMAN else "import",
                "presence": "no" if number % 11 == 10 else "yes",
                **columns,
            }
        )
    return rows


def publish_counted(cast: Cast, tmp_path: Path) -> Made:
    """Import, label, review and publish: every count of it is another number."""
    sounds = tmp_path / "sounds"
    rows = write_clips(sounds)
    # What is excluded comes last, so that the columns above count released clips alone.
    excluded = [row["path"] for row in rows[PLAIN - EXCLUDED : PLAIN]]
    rows = [row for row in rows if row["path"] not in excluded] + [
        row for row in rows if row["path"] in excluded
    ]
    dataset = make_dataset(cast, "counts")
    table = write_table(tmp_path / "clips.csv", laid_out(rows))
    report = import_clips(actor=cast.ada, dataset=dataset, source=sounds, metadata=table)
    assert report.is_clean, report.sentences()
    consents = [
        {
            "contributor": "ben",
            "form": "voices",
            "form_version": "2",
            "given_at": "2026-01-15",
            "evidence_sha256": "ab" * 32,
            **dict.fromkeys(PURPOSES, "allowed"),
        }
    ]
    import_consents(
        actor=cast.ada,
        organisation=cast.acme,
        table=write_table(tmp_path / "consents.csv", consents),
    )
    paths = [row["path"] for row in rows if row["path"].startswith("plain")][:-EXCLUDED]
    labels = write_table(tmp_path / "events.csv", label_rows(paths[:LABELLED]))
    import_labels(actor=cast.ada, dataset=dataset, source=labels, format_name="native")
    update_dataset(
        actor=cast.ada, dataset=Dataset.objects.get(pk=dataset.pk), changes={"sheet": SHEET}
    )
    scan_dataset(actor=cast.ada, dataset=dataset)
    vera = User.objects.create_user("vera", "vera@example.org", "pw")
    Membership.objects.create(user=vera, organisation=cast.acme, role=Role.VERIFIER)
    chosen = Event.objects.filter(clip__dataset=dataset, status="suggested").order_by("pk")
    uids = list(chosen.values_list("uid", flat=True)[:HERE])
    assert verify_events(actor=vera, dataset=dataset, events=uids) == HERE
    review(cast, dataset, excluded, paths)
    say_of_whole_clips(cast, dataset, paths)
    dataset = Dataset.objects.get(pk=dataset.pk)
    release = publish_release_here(
        actor=cast.rita, release=approve(cast, make_release(cast, dataset))
    )
    return Made(release, vera)


def review(cast: Cast, dataset: Dataset, excluded: list[str], paths: list[str]) -> None:
    """Mute, cover, strip, exclude, clear and listen, in different numbers."""

    def clip(path: str) -> Clip:
        return Clip.objects.select_related("blob").get(dataset=dataset, path=path)

    for path in excluded:
        finding = found_in(clip(path))
        decide_finding(actor=cast.cleo, finding=finding, verdict="exclude", reason="a voice")
    hidden = paths[-(MUTED + BLEEPED) :]
    for number, path in enumerate(hidden):
        method = "mute" if number < MUTED else "bleep"
        finding = found_in(clip(path))
        decide_finding(
            actor=cast.cleo, finding=finding, verdict="redact", reason="a name", method=method
        )
    for tagged in Clip.objects.filter(dataset=dataset, path__startswith="tagged"):
        named = tagged.findings.filter(kind="metadata", decision=None).first()
        assert named is not None
        decide_finding(
            actor=cast.cleo, finding=named, verdict="redact", reason="a name in the tags"
        )
    scan_dataset(actor=cast.ada, dataset=dataset)
    waiting = Finding.objects.filter(clip__dataset=dataset, clip__state="active", decision=None)
    assert not [row for row in waiting if row.content_sha256 == row.clip.blob.sha256]
    for number, path in enumerate(paths[PEOPLED : PEOPLED + CELLS]):
        finding = found_in(clip(path), position=20 + number, kind="cells", onset=None, offset=None)
        decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="nobody")
    clear_voices(cast, [clip(path) for path in paths[:1] + paths[PEOPLED : PEOPLED + SPEECH - 1]])
    sample = draw_sample(actor=cast.cleo, dataset=dataset)
    for drawn in sample.clips.select_related("clip__blob", "clip__dataset")[:HEARD]:
        play(cast.cleo, drawn.clip)
        record_hearing(actor=cast.cleo, sample_clip=drawn, missed=False)


def clear_voices(cast: Cast, clips: list[Clip]) -> None:
    """Of the first clip ben is recognised, and a second reviewer agrees; of the last, a count."""
    first, *rest = clips
    decision = decide_finding(
        actor=cast.cleo,
        finding=found_in(first),
        verdict="clear",
        reason="ben, who agreed",
        identifiable=True,
    )
    dan = second_reviewer(cast)
    play(dan, first)
    confirm_clearance(actor=dan, decision=decision, agree=True, reason="it is ben")
    for clip in rest:
        decide_finding(actor=cast.cleo, finding=found_in(clip), verdict="clear", reason="a door")
    count_people(
        actor=cast.cleo, clip=rest[-1], people_heard=0, somebody_unknown=False, reason="a door"
    )


def say_of_whole_clips(cast: Cast, dataset: Dataset, paths: list[str]) -> None:
    """Weak labels, clips that were found empty, and the vocabulary of all labels."""
    vocabulary = import_vocabulary(actor=cast.ada, name="bells", version=VOCABULARY, text=TERMS)
    update_dataset(
        actor=cast.ada,
        dataset=Dataset.objects.get(pk=dataset.pk),
        changes={"vocabulary": vocabulary},
    )
    clips = {clip.path: clip for clip in Clip.objects.filter(dataset=dataset)}
    strong = [clips[path] for path in paths[:LABELLED]]
    weak = [*strong, *(clip for path, clip in clips.items() if path.startswith("tagged"))]
    said = [(clip, "hum", "yes") for clip in weak[:HUMS]]
    said += [(clip, "buzz", "yes") for clip in weak[-BUZZES:]]
    said += [(weak[0], "hiss", "no")]
    for number, (clip, label, presence) in enumerate(said):
        source = "human" if number < WEAK_BY_HUMANS else "import"
        term = vocabulary.terms.get(name=label)
        WeakLabel.objects.create(
            clip=clip, label=label, term=term, presence=presence, source=source, annotator="otto"
        )
    for path in paths[LABELLED:]:
        EmptyAnnotation.objects.create(clip=clips[path], annotator="otto")
    touch_draft(Dataset.objects.get(pk=dataset.pk))


@dataclass(frozen=True)
class Counted:
    """The release counted by the test, from Parquet and rows, as plainly as can be."""

    clips: list[dict[str, Any]]
    events: list[dict[str, Any]]
    drawn_from: int

    @property
    def sound(self) -> str:
        return format_duration(sum(clip["duration"] for clip in self.clips))

    def of(self, **columns: Any) -> list[dict[str, Any]]:
        return [
            clip for clip in self.clips if all(clip[name] == each for name, each in columns.items())
        ]

    def length(self, **columns: Any) -> str:
        return format_duration(sum(clip["duration"] for clip in self.of(**columns)))


def count(release: Release) -> Counted:
    assert release.clips_table is not None
    assert release.events_table is not None
    with open_local_copy(release.clips_table) as path:
        clips = pq.read_table(path).to_pylist()
    with open_local_copy(release.events_table) as path:
        events = pq.read_table(path).to_pylist()
    numbers = GateResult.objects.get(release=release, code="privacy.sampled").numbers
    return Counted(clips, events, int(numbers["frame"]))
