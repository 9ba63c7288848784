"""Every number that is said of a release is counted again here, straight from rows and Parquet.

The release is made by the real pipeline so that its numbers differ from each other wherever they
can: a sentence that prints the wrong one is caught. A sentence with a digit that no test expects
is caught too.
"""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from django.db import DatabaseError, transaction
from django.test import Client

from apps.accounts.models import Membership, User
from apps.consent.models import Participation
from apps.datasets.actions import update_dataset
from apps.datasets.label_verification import OwnEventError, verify_events
from apps.datasets.models import Dataset, Event
from apps.packaging.content_loading import load_content
from apps.packaging.documents import build_release_croissant
from apps.packaging.models import ReleaseStatement
from apps.packaging.review_report import load_report
from apps.packaging.statements import compute_statement, is_kept, load_statement
from apps.releases.models import GateResult, Release
from apps.releases.versioning import build_repo, find_approval_time
from apps.review.models import Hearing
from apps.storage.git import find_tag, open_for_reading, read_tree
from datasets_catalog.card_facts import CardFacts
from datasets_catalog.card_text import format_duration
from datasets_catalog.plain_json import from_plain, to_plain
from datasets_catalog.roles import Role
from tests.apps.packaging.counted_release import (
    BLEEPED,
    BUZZES,
    CELLS,
    CLEARED,
    EMPTY,
    EXCLUDED,
    HEARD,
    HERE,
    HUMAN,
    HUMS,
    LABELLED,
    MUTED,
    PEOPLED,
    RECORDINGS,
    RELEASED,
    SPEECH,
    STATED,
    STRIPPED,
    SYNTHETIC,
    TERMS,
    UNNAMED,
    VOCABULARY,
    WEAK,
    WEAK_BY_HUMANS,
    WEAK_CLIPS,
    Counted,
    Made,
    count,
    publish_counted,
)
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(cast: Cast, tmp_path: Path) -> Made:
    return publish_counted(cast, tmp_path)


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
        f"Version 1.0.0 holds {RELEASED} clips ({counted.sound}) with {len(events)} events"
        f" and {WEAK} weak labels.",
        f"Its root is `{release.root}`:",
        f"{RECORDINGS} recordings are named as what clips were cut from.",
        f"{SYNTHETIC} clips are marked as synthetic ({100 * SYNTHETIC / RELEASED:.2f}%).",
        f"Review changed the bytes of {MUTED + BLEEPED + STRIPPED} clips:",
        f"passages were muted in {MUTED} clips;",
        f"passages were covered by a tone in {BLEEPED} clips;",
        f"tags were taken out of the file in {STRIPPED} clips.",
        f"{HUMAN} by source `human`, {len(events) - HUMAN} by source `import`.",
        f"{WEAK} weak labels say of {WEAK_CLIPS} clips as a whole what is somewhere in them, or is"
        " not, without saying when:",
        f"{WEAK_BY_HUMANS} by source `human`, {WEAK - WEAK_BY_HUMANS} by source `import`.",
        f"Labels are terms of the vocabulary bells {VOCABULARY}, whose file has the SHA-256"
        f" `{hashlib.sha256(TERMS.encode()).hexdigest()}`.",
        f"{EMPTY} clips were annotated and found to hold none of the labels.",
        f"| hum | {HUMS} |",
        f"| buzz | {BUZZES} |",
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
        CELLS,
        SPEECH,
        LABELLED,
        EMPTY,
        HUMS,
        BUZZES,
        WEAK,
        WEAK_CLIPS,
        WEAK_BY_HUMANS,
        WEAK - WEAK_BY_HUMANS,
        Participation.objects.values("contributor").distinct().count(),
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
        "labels.valid": f"{events} events and {WEAK} weak labels",
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
