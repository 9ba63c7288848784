"""Every number that is said of a release is counted again here, straight from rows and Parquet.

The release is made by the real pipeline so that its numbers differ from each other wherever they
can: a sentence that prints the wrong one is caught. A sentence with a digit that no test expects
is caught too.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
import yaml
from django.db import DatabaseError, transaction
from django.test import Client

from apps.accounts.models import Membership, User
from apps.datasets.actions import update_dataset
from apps.datasets.models import Clip, Dataset, Event
from apps.datasets.verification import OwnEventError, verify_events
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips, import_consents
from apps.ingest.label_imports import import_labels
from apps.packaging.content_loading import load_content
from apps.packaging.documents import build_release_croissant
from apps.packaging.models import ReleaseStatement
from apps.packaging.review_report import load_report
from apps.packaging.statements import compute_statement, is_kept, load_statement
from apps.publishing.release_publication import publish_release_here
from apps.releases.models import GateResult, Release
from apps.releases.versioning import build_repo, find_approval_time
from apps.review.actions import decide_finding
from apps.review.models import Hearing
from apps.review.sampling import draw_sample, record_hearing
from apps.storage.blobs import open_local_copy
from apps.storage.git import find_tag, open_for_reading, read_tree
from datasets_catalog.card_facts import CardFacts
from datasets_catalog.card_text import format_duration
from datasets_catalog.plain_json import from_plain, to_plain
from datasets_catalog.roles import Role
from tests.apps.review.reviewing import found_in
from tests.cast import Cast
from tests.factories.drafts import PURPOSES, approve, make_dataset, make_release, write_table
from tests.factories.reviews import play

pytestmark = pytest.mark.django_db

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
CLEARED, SYNTHETIC, PEOPLED, RECORDINGS = 6, 7, 8, 10
RATE = 8000
TWIN = 20
TEST_SPLIT, CREDITED, RELEASED = 14, 19, 41
HERE, STATED, UNNAMED, SUGGESTED, HUMAN, HEARD = 13, 16, 17, 18, 21, 12
PLAIN = RELEASED - STRIPPED + EXCLUDED


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


@pytest.fixture
def made(cast: Cast, tmp_path: Path) -> Made:
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
    labels = write_table(tmp_path / "events.csv", label_rows(paths))
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
    for number, path in enumerate(paths[PEOPLED : PEOPLED + CLEARED]):
        finding = found_in(clip(path), position=20 + number, kind="cells", onset=None, offset=None)
        decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="nobody")
    sample = draw_sample(actor=cast.cleo, dataset=dataset)
    for drawn in sample.clips.select_related("clip__blob", "clip__dataset")[:HEARD]:
        play(cast.cleo, drawn.clip)
        record_hearing(actor=cast.cleo, sample_clip=drawn, missed=False)


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


def lines_with_digits(text: str) -> list[str]:
    """Sentences and table rows that hold a digit, one each."""
    parts = [part for line in text.splitlines() for part in re.split(r"(?<=[.:;]) ", line.strip())]
    return [part for part in parts if re.search(r"\d", part)]


def expected_card(made: Made, counted: Counted) -> set[str]:
    release = made.release
    day = find_approval_time(release).date().isoformat()
    asked = GateResult.objects.get(release=release, code="consent.coverage").checked_at
    people = [clip for clip in counted.clips if clip["contributors"]]
    events, verified = counted.events, HERE + STATED + UNNAMED
    present = [event for event in events if event["presence"] == "yes"]
    here = 100 * HERE / len(events)
    said = {
        f"Version 1.0.0 holds {RELEASED} clips ({counted.sound}) with {len(events)} events.",
        f"Its root is `{release.root}`:",
        f"{RECORDINGS} recordings are named as what clips were cut from.",
        f"{SYNTHETIC} clips are marked as synthetic ({100 * SYNTHETIC / RELEASED:.2f}%).",
        f"Review changed the bytes of {MUTED + BLEEPED + STRIPPED} clips:",
        f"passages were muted in {MUTED} clips;",
        f"passages were covered by a tone in {BLEEPED} clips;",
        f"tags were taken out of the file in {STRIPPED} clips.",
        f"{HUMAN} by source `human`, {len(events) - HUMAN} by source `import`.",
        f"Of {len(events)} events, {HERE} ({here:.2f}%) were verified here by a second person;",
        f"of {STATED} the import states that somebody else than the annotator verified them;",
        f"of {UNNAMED} the import states that they are verified and not by whom.",
        f"{PEOPLED} clips ({format_duration(sum(clip['duration'] for clip in people))}) have"
        " people in them.",
        f"On {asked.date().isoformat()} consent covered {PEOPLED} of them (100%) for:",
        f"In the files and texts of this version {CLEARED} things were found;",
        f"people looked at them and let {CLEARED} stand.",
        f"Review took {EXCLUDED} clips out of the dataset.",
        f"| 1.0.0 | {day} |  |",
        "@misc{acme_counts_1_0_0,",
        f"year = {{{day[:4]}}},",
        "version = {1.0.0},",
        f"note = {{Merkle root {release.root}}}",
    }
    assert sum(event["status"] == "verified" for event in events) == verified
    for split in ("test", "train"):
        said.add(f"| {split} | {len(counted.of(split=split))} | {counted.length(split=split)} |")
    for licence in ("CC-BY-4.0", "CC0-1.0"):
        rows = counted.of(licence=licence)
        said.add(f"| `{licence}` | {len(rows)} | {counted.length(licence=licence)} |")
    for label in ("bell", "horn"):
        of_label = [event for event in present if event["label"] == label]
        clips = {event["clip_id"] for event in of_label}
        length = format_duration(sum(event["offset"] - event["onset"] for event in of_label))
        said.add(f"| {label} | {len(of_label)} | {len(clips)} | {length} |")
    return said


def check_card(made: Made, counted: Counted) -> None:
    release = made.release
    with open_for_reading(build_repo(release).path) as there:
        commit = find_tag(there, "v1.0.0")
        assert commit is not None
        readme = read_tree(there, commit)["README.md"].decode()
    _, block, body = readme.split("---\n", 2)
    expected = expected_card(made, counted)
    found = set(lines_with_digits(body))
    # Detectors carry their versions, the address its port, the bound is proved by its own tests.
    own = {
        line
        for line in found
        if line.startswith(("url = ", "Reviewers say that they heard", "with 95%"))
        or re.fullmatch(r"[a-z_]+ [\d.]+(, [a-z_]+ [\d.]+)*\.", line)
    }
    assert expected <= found, sorted(expected - found)
    assert found - own - expected == set()
    drawn = f"{HEARD} sounds drawn at random from the {counted.drawn_from}"
    assert f"Reviewers say that they heard {drawn}" in body
    assert Hearing.objects.count() == HEARD
    assert "found something in 0" in body
    metadata = yaml.safe_load(block)
    assert metadata["language"] == ["nl", "sr-Latn"]
    assert metadata["size_categories"] == ["n<1K"]
    assert "Grant of nobody." in body
    assert "author = {Ada Berg and {Lab, Berg and Ko}}" in body
    assert "The publisher has not said." not in body


def check_numbers(counted: Counted) -> None:
    """They differ, so that each is told from the others, and are as they were planned."""
    numbers = [
        len(counted.clips),
        len(counted.events),
        MUTED,
        BLEEPED,
        STRIPPED,
        MUTED + BLEEPED + STRIPPED,
        EXCLUDED,
        CLEARED,
        SYNTHETIC,
        PEOPLED,
        RECORDINGS,
        len(counted.of(split="test")),
        len(counted.of(split="train")),
        len(counted.of(licence="CC-BY-4.0")),
        len(counted.of(licence="CC0-1.0")),
        HERE,
        STATED,
        UNNAMED,
        HUMAN,
        len(counted.events) - HUMAN,
        HEARD,
        counted.drawn_from,
    ]
    assert [number for number, times in Counter(numbers).items() if times > 1] == []
    assert len(counted.of(synthetic=True)) == SYNTHETIC
    assert len(counted.of(redacted=True)) == MUTED + BLEEPED + STRIPPED
    assert len({clip["recording"] for clip in counted.clips} - {None}) == RECORDINGS
    assert sum(clip["contributors"] > 0 for clip in counted.clips) == PEOPLED
    assert len(counted.clips) == RELEASED


def check_other_forms(made: Made, counted: Counted, client: Client) -> None:
    release = made.release
    described = build_release_croissant(release, with_files=False)
    assert described["rai:dataManipulationProtocol"] == (
        f"Review changed the bytes of {MUTED + BLEEPED + STRIPPED} clips: passages were muted in"
        f" {MUTED} clips; passages were covered by a tone in {BLEEPED} clips; tags were taken out"
        f" of the file in {STRIPPED} clips."
    )
    assert f"{HERE} (" in described["rai:dataAnnotationProtocol"]
    assert (
        f"{HUMAN} human, {len(counted.events) - HUMAN} import"
        in (described["rai:dataAnnotationProtocol"])
    )
    assert described["rai:dataPreprocessingProtocol"].startswith(f"{SYNTHETIC} of {RELEASED} clips")
    assert f"consent covered {PEOPLED} of them" in described["rai:personalSensitiveInformation"]
    assert [one["name"]["en"] for one in described["creator"]] == ["Ada Berg", "Lab, Berg and Ko"]
    assert described["creator"][0]["sameAs"] == "https://orcid.org/0000-0002-1825-0097"
    assert described["inLanguage"] == ["nl", "sr-Latn"]
    client.force_login(User.objects.get(username="ada"))
    said = client.get("/api/v1/datasets/acme/counts/releases/1.0.0/statement/").json()
    assert said["kept"] is True
    assert from_plain(CardFacts, said["facts"]) == load_statement(release)
    report = load_report(release)
    assert report["facts"] == said["facts"]
    assert sum(report["found"].values()) == CLEARED
    assert report["decided"] == {"clear": CLEARED}
    assert len(report["excluded"]) == EXCLUDED
    check_gates(release, counted)
    page = client.get("/datasets/acme/counts/releases/1.0.0/").content.decode()
    for sentence in (
        f"passages were muted in {MUTED} clips",
        f"{HERE} ({100 * HERE / len(counted.events):.2f}%) were verified here by a second person",
        f"Review took {EXCLUDED} clips out",
    ):
        assert sentence in page


def check_gates(release: Release, counted: Counted) -> None:
    """What the page of gates prints, by gate, of those whose sentence holds a number."""
    events = len(counted.events)
    rows = GateResult.objects.filter(release=release, root=release.root)
    said = {row.code: row.summary for row in rows}
    for code, sentence in {
        "consent.coverage": f"in the {PEOPLED} clips with people",
        "labels.valid": f"{events} events and 0 weak labels",
        "labels.verified": f"{HERE / events:.1%} of {events} events were verified here",
        "integrity.present": f"({RELEASED})",
        "privacy.sampled": f"0 missed in {HEARD} heard of {counted.drawn_from}:",
    }.items():
        assert sentence in said[code], (code, said[code])


def check_without_statement(release: Release) -> None:
    """What came out before statements were kept is counted anew, and says less."""
    kept = load_statement(release)
    with transaction.atomic():
        # As if it had come out before.
        release.root, root = "cd" * 32, release.root
        assert not is_kept(release)
        release.root = root
    anew = compute_statement(release)
    assert not anew.scanned_whole
    for name in ("clips", "seconds", "redactions", "verified", "reviewed", "consent", "sample"):
        assert getattr(anew, name) == getattr(kept, name), name


def test_every_number_is_that_of_the_release_wherever_it_is_said(
    made: Made, client: Client
) -> None:
    counted = count(made.release)
    check_numbers(counted)
    check_card(made, counted)
    check_other_forms(made, counted, client)
    facts = load_statement(made.release)
    assert from_plain(CardFacts, json.loads(json.dumps(to_plain(facts)))) == facts


def test_what_was_said_stays_whatever_happens_later(cast: Cast, made: Made) -> None:
    release = made.release
    check_without_statement(release)
    before = to_plain(load_statement(release))
    dataset = Dataset.objects.get(pk=release.dataset_id)
    update_dataset(actor=cast.ada, dataset=dataset, changes={"title": "Other", "sheet": {}})
    Event.objects.filter(clip__dataset=dataset).delete()
    again = Release.objects.get(pk=release.pk)
    assert to_plain(load_statement(again)) == before
    assert load_content(again).card.title == before["title"] != "Other"
    rows = ReleaseStatement.objects.filter(release=again)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(schema="other")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.all()._raw_delete(using="default")


def test_nobody_verifies_what_they_brought_in(cast: Cast, made: Made) -> None:
    dataset = made.release.dataset
    Membership.objects.create(user=cast.ada, organisation=cast.acme, role=Role.VERIFIER)
    waiting = Event.objects.filter(clip__dataset=dataset, status="suggested").first()
    assert waiting is not None
    with pytest.raises(OwnEventError):
        verify_events(actor=cast.ada, dataset=dataset, events=[waiting.uid])
    with pytest.raises(DatabaseError, match="event_confirmed_by_another"), transaction.atomic():
        Event.objects.filter(pk=waiting.pk).update(
            verified_by=cast.ada,
            verified_at=made.release.published_at,
            verifier="ada",
            status="verified",
        )
    confirmed = Event.objects.filter(clip__dataset=dataset, verified_by=made.vera).first()
    assert confirmed is not None
    with pytest.raises(DatabaseError, match="confirmed anew"), transaction.atomic():
        Event.objects.filter(pk=confirmed.pk).update(label="other")
