"""What a card says, and that what people typed cannot change its meaning."""

import re
from dataclasses import replace
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.card_facts import (
    CardFacts,
    ClassCount,
    ConsentCount,
    GateForm,
    RedactionCount,
    ReviewCount,
    SplitCount,
    VerifiedCount,
    VersionNote,
    VocabularyName,
    WeakClass,
    WeakCount,
)
from datasets_catalog.card_text import (
    escape_bibtex,
    escape_cell,
    escape_prose,
    format_duration,
    format_percent,
)
from datasets_catalog.cards import (
    build_card_metadata,
    name_size_category,
    render_card_body,
    render_citation,
)
from datasets_catalog.description_sheets import Creator
from datasets_catalog.facts import Detector, SampleFacts
from datasets_catalog.labels import Source
from datasets_catalog.licence_conflicts import ClipLicence
from datasets_catalog.licences import Use
from datasets_catalog.outbound import Outbound, find_outbound_licence
from datasets_catalog.purposes import Purpose
from datasets_catalog.verticals import Vertical

ROOT = "ab" * 32


def licensed(*expressions: str) -> Outbound:
    clips = [ClipLicence(str(n), f"{n}.wav", text, 60.0) for n, text in enumerate(expressions)]
    return find_outbound_licence(clips, Use.COLLECTION)


STREET = CardFacts(
    full_name="lab/street",
    title="Street sounds",
    description="Recorded in the old town.",
    organisation="Sound Lab",
    version="1.2.0",
    published=date(2026, 5, 1),
    root=ROOT,
    url="https://earmark.example/datasets/lab/street",
    vertical=Vertical.URBAN,
    clips=1200,
    seconds=7200.0,
    outbound=licensed("CC0-1.0", "CC-BY-4.0", "CC-BY-4.0"),
    consent=ConsentCount(needing=120, covered=120, seconds=600.0, on=date(2026, 5, 3)),
    purposes=(Purpose.RESEARCH_NONCOMMERCIAL, Purpose.PUBLISH_GATED),
    provenance="Walks with a field recorder.",
    limitations="Only summer.",
    languages=("de",),
    recordings=40,
    synthetic=12,
    redactions=RedactionCount(clips=4, muted=1, stripped=3),
    sources={Source.HUMAN: 900, Source.MODEL: 100, Source.IMPORT: 0},
    verified=VerifiedCount(here=250, stated=30, unnamed=70),
    classes=(ClassCount("Siren", 400, 300, 900.0), ClassCount("Bell | gong", 600, 500, 60.0)),
    splits=(SplitCount("train", 1000, 6000.0), SplitCount(None, 200, 1200.0)),
    detectors=(Detector("speech", "6.2"), Detector("metadata", "1")),
    reviewed=ReviewCount(findings=6, cleared=5, excluded=2),
    sample=SampleFacts(population=1000, heard=299, missed=0),
    versions=(VersionNote("1.2.0", date(2026, 5, 1), "More bells."),),
    creators=(Creator("Ada Berg"), Creator("Ben Ko")),
)


def test_the_metadata_is_what_the_hub_reads() -> None:
    assert build_card_metadata(STREET) == {
        "pretty_name": "Street sounds",
        "language": ["de"],
        "license": "other",
        "license_name": "mixed-cc-by-4.0-cc0-1.0",
        "license_link": "LICENSES.md",
        "annotations_creators": ["machine-generated", "other"],
        "task_categories": ["audio-classification"],
        "size_categories": ["1K<n<10K"],
        "tags": ["audio", "urban", "sound-event-detection", "strong-labels", "synthetic"],
    }


def test_the_metadata_survives_yaml_unchanged() -> None:
    metadata = build_card_metadata(replace(STREET, title="Yes: 'no' #1 \u2028 {x}"))
    assert yaml.safe_load(yaml.safe_dump(metadata, allow_unicode=True)) == metadata


def test_a_single_licence_needs_no_name_of_its_own() -> None:
    metadata = build_card_metadata(replace(STREET, outbound=licensed("CC-BY-4.0")))
    assert metadata["license"] == "cc-by-4.0"
    assert "license_name" not in metadata


def test_a_release_without_events_claims_no_task() -> None:
    metadata = build_card_metadata(replace(STREET, sources={}, classes=()))
    assert metadata["annotations_creators"] == ["no-annotation"]
    assert "task_categories" not in metadata
    assert "strong-labels" not in metadata["tags"]
    assert "The clips carry no events." in render_card_body(replace(STREET, sources={}, classes=()))


def test_weak_labels_are_no_strong_ones() -> None:
    weak = WeakCount(7, 5, {Source.IMPORT: 7}, (WeakClass("Rain", 4), WeakClass("Wind|y", 1)))
    tagged = replace(STREET, sources={}, classes=(), weak=weak, found_empty=3)
    metadata = build_card_metadata(tagged)
    assert metadata["task_categories"] == ["audio-classification"]
    assert metadata["annotations_creators"] == ["found"]
    assert "weak-labels" in metadata["tags"]
    assert not {"strong-labels", "sound-event-detection"} & set(metadata["tags"])
    body = render_card_body(tagged)
    assert "with 0 events and 7 weak labels." in body
    assert "7 weak labels say of 5 clips as a whole" in body
    assert "| Rain | 4 |" in body
    assert "3 clips were annotated and found to hold none of the labels." in body
    both = build_card_metadata(replace(STREET, weak=weak))["tags"]
    assert {"strong-labels", "weak-labels"} <= set(both)
    assert "weak" not in render_card_body(STREET)


def test_a_card_names_the_vocabulary_of_its_labels() -> None:
    named = replace(STREET, vocabulary=VocabularyName("audioset", "2024", "cd" * 32))
    said = "Labels are terms of the vocabulary audioset 2024, whose file has the SHA-256 `cdcd"
    assert said in render_card_body(named)
    assert "vocabulary" not in render_card_body(STREET)


def test_a_gated_release_asks_its_questions() -> None:
    gate = GateForm("Tell us why.", {"Affiliation": "text", "I agree": "checkbox"}, button="Ask")
    metadata = build_card_metadata(replace(STREET, gate=gate))
    assert metadata["extra_gated_prompt"] == "Tell us why."
    assert metadata["extra_gated_fields"] == {"Affiliation": "text", "I agree": "checkbox"}
    assert metadata["extra_gated_button_content"] == "Ask"
    assert "extra_gated_eu_disallowed" not in metadata
    assert not any(key.startswith("extra_gated") for key in build_card_metadata(STREET))


@pytest.mark.parametrize(
    ("examples", "category"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (51_197, "10K<n<100K"),
        (100_000, "100K<n<1M"),
        (2_000_000, "1M<n<10M"),
        (10**12 - 1, "100B<n<1T"),
        (10**12, "n>1T"),
    ],
)
def test_size_categories_are_the_hubs(examples: int, category: str) -> None:
    assert name_size_category(examples) == category


def test_the_body_tells_each_part() -> None:
    body = render_card_body(STREET)
    headings = re.findall(r"^#+ (.*)$", body, re.MULTILINE)
    assert headings == [
        "Street sounds",
        "How it was made",
        "Labels",
        "Licences",
        "Consent",
        "Privacy review",
        "Limitations",
        "Versions",
        "Citation",
    ]
    for said in (
        f"`{ROOT}`",
        "1,200 clips (2.0 h) with 1,000 events",
        "| train | 1,000 | 1.7 h |",
        "| (none) | 200 | 20.0 min |",
        "250 (25.00%) were verified here by a second person",
        "| Bell \\| gong | 600 | 500 | 1.0 min |",
        "| `CC-BY-4.0` | 2 | 2.0 min |",
        "may be used commercially",
        "`ATTRIBUTION.csv`",
        "consent covered 120 of them (100%) for: non-commercial research; publishing to people",
        "Every file was scanned by: speech 6.2, metadata 1.",
        "6 things were found; people looked at them and let 5 stand",
        "Review changed the bytes of 4 clips: passages were muted in 1 clip; tags were taken out"
        " of the file in 3 clips.",
        "Review took 2 clips out of the dataset.",
        "of 30 the import states that somebody else than the annotator verified them",
        "of 70 the import states that they are verified and not by whom",
        "On 2026-05-03 consent covered",
        "at most 1.00% of the sounds without findings hold",
        "Not detected is not the same as not there",
        "| 1.2.0 | 2026-05-01 | More bells. |",
        "12 clips are marked as synthetic (1.00%).",
    ):
        assert said in body


def test_what_nobody_said_is_not_made_up() -> None:
    body = render_card_body(
        replace(
            STREET,
            provenance="",
            limitations=" ",
            detectors=(),
            sample=None,
            synthetic=0,
            consent=ConsentCount(0, 0, 0.0, date(2026, 5, 3)),
        )
    )
    assert body.count("The publisher has not said.") == 2
    assert "No detector is on record." in body
    assert "No random sample" in body
    assert "no consent was needed" in body
    assert "No clip is marked as synthetic." in body


def test_attribution_is_not_mentioned_when_nobody_asks_for_it() -> None:
    assert "ATTRIBUTION" not in render_card_body(replace(STREET, outbound=licensed("CC0-1.0")))


def test_share_alike_and_non_commercial_clips_are_told() -> None:
    body = render_card_body(replace(STREET, outbound=licensed("CC-BY-SA-4.0", "CC-BY-NC-4.0")))
    assert "may not be used commercially" in body
    assert "must stay under the same licence" in body


def test_many_labels_are_cut_and_counted() -> None:
    classes = tuple(ClassCount(f"label {n}", n, 1, 1.0) for n in range(250))
    body = render_card_body(replace(STREET, classes=classes))
    assert len(re.findall(r"\| label \d", body)) == 200
    assert "50 rarer labels are not listed here." in body


def test_the_citation_names_the_version_and_its_root() -> None:
    entry = render_citation(STREET)
    assert entry.startswith("@misc{lab_street_1_2_0,")
    assert "author = {Ada Berg and Ben Ko}" in entry
    assert "year = {2026}" in entry
    assert f"Merkle root {ROOT}" in entry
    nobody = render_citation(replace(STREET, creators=(), title="Bells & {braces}"))
    assert "author = {{Sound Lab}}" in nobody
    assert r"title = {Bells \& \{braces\}}" in nobody


def test_typed_text_cannot_open_a_section_of_its_own() -> None:
    typed = "Fine.\n## Licences\n\r## Licences\r---\n```\n<script>x</script>\nEnd\n===\n"
    body = render_card_body(replace(STREET, description=typed, provenance=typed, limitations=typed))
    assert body.count("\n## Licences\n") == 1
    assert "<script" not in body
    assert "\n---\n" not in body
    assert body.count("\n```") == 2


@given(st.text())
def test_no_text_breaks_out_of_a_table_cell(text: str) -> None:
    shown = escape_cell(text)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)(\\\\)*\|", shown)


@given(st.text())
def test_no_text_starts_a_block_or_a_tag(text: str) -> None:
    assert not re.search(r"^\s{0,3}(#|---|===|```|~~~)", escape_prose(text), re.MULTILINE)
    assert "<" not in escape_prose(text)


def test_lists_in_typed_text_stay_lists() -> None:
    assert escape_prose("Mostly:\n\n- rain\n- wind") == "Mostly:\n\n- rain\n- wind"


@given(st.text())
def test_bibtex_braces_stay_balanced(text: str) -> None:
    shown = re.sub(r"\\[{}]", "", escape_bibtex(text))
    assert shown.count("{") == shown.count("}")
    assert "\n" not in shown


def test_lengths_and_shares_are_rounded_honestly() -> None:
    assert format_duration(59.94) == "59.9 s"
    assert format_duration(1800) == "30.0 min"
    assert format_duration(36_000_000) == "10,000.0 h"
    assert format_percent(1) == "100%"
    assert format_percent(0) == "0%"
    assert format_percent(0.999999) == "99.99%"
    assert format_percent(0.0000001) == "0.01%"
