"""Every gate passes on a release that is right, and fails on each way of being wrong."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from datasets_catalog import gates
from datasets_catalog.facts import (
    BlobState,
    ClipFacts,
    DatasetFacts,
    Detector,
    DocumentFacts,
    FindingFacts,
    FindingState,
    ReleaseFacts,
    SampleFacts,
)
from datasets_catalog.gates.base import Severity, Verdict
from datasets_catalog.gates.registry import GATES, check_all_gates, list_blocking_failures
from datasets_catalog.ledger import Consent
from datasets_catalog.licence_terms import Terms
from datasets_catalog.licences import Use
from datasets_catalog.outbound import WantedOutcome
from datasets_catalog.purposes import Answer, Purpose
from datasets_catalog.release_changes import VersionStep
from datasets_catalog.versions import Step
from datasets_catalog.verticals import Vertical

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SPEECH = Detector("speech", "6.2")
METADATA = Detector("metadata", "1")
CURRENT = frozenset({SPEECH, METADATA})
GATES_PAGE = Path(__file__).parents[2] / "docs" / "gates.md"

STREET = ClipFacts(
    clip_id="c1",
    path="street/1.wav",
    sha256="1" * 64,
    duration=10.0,
    licence="CC-BY-4.0",
    credited=True,
    contributors=("p1",),
    identifiable=True,
    recording="r1",
    split="train",
    blob=BlobState.PRESENT,
    scans=CURRENT,
    events=2,
    events_verified=2,
)
BELL = ClipFacts(
    clip_id="c2",
    path="bell/2.wav",
    sha256="2" * 64,
    duration=5.0,
    licence="CC0-1.0",
    recording="r2",
    split="test",
    blob=BlobState.PRESENT,
    scans=CURRENT,
    events=1,
    events_verified=0,
)
AGREED = Consent("p1", "voices", "1", NOW, {Purpose.PUBLISH_GATED: Answer.ALLOWED})
RIGHT = ReleaseFacts(
    dataset=DatasetFacts(
        "lab/street",
        "Street sounds",
        "Recorded in the old town.",
        Vertical.URBAN,
        verified_share=0.5,
    ),
    purposes=(Purpose.PUBLISH_GATED,),
    at=NOW,
    use=Use.COLLECTION,
    clips=(STREET, BELL),
    consents=(AGREED,),
    detectors=CURRENT,
    sample=SampleFacts(population=5000, heard=360, missed=0),
    answers={"bystanders_considered": "yes", "works_cleared": "not_applicable"},
    documents=(DocumentFacts("ethics", "Vote 12", date(2026, 5, 1)),),
)
MEDICAL = replace(
    RIGHT, dataset=replace(RIGHT.dataset, vertical=Vertical.MEDICAL), answers={}, documents=()
)


def ask(code: str, facts: ReleaseFacts) -> Verdict:
    (gate,) = [gate for gate in GATES if gate.code == code]
    return gate.check(facts)


def with_clip(**changes: Any) -> ReleaseFacts:
    return replace(RIGHT, clips=(replace(STREET, **changes), BELL))


def test_a_release_that_is_right_passes_every_gate() -> None:
    verdicts = check_all_gates(RIGHT)
    assert [verdict.summary for verdict in verdicts if not verdict.passed] == []
    assert list_blocking_failures(verdicts) == ()
    assert len(verdicts) == len(GATES)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.code)
def test_each_gate_says_who_it_is_and_why(gate: gates.base.Gate) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", gate.code)
    assert gate.title
    assert gate.why.endswith(".")
    verdict = gate.check(RIGHT)
    assert (verdict.code, verdict.title, verdict.severity) == (
        gate.code,
        gate.title,
        gate.severity,
    )


FINDING = FindingFacts("f1", "speech", onset=1.0, offset=2.5)
ENDED = Terms(
    "LicenseRef-lab-2",
    noncommercial=False,
    redistribution=True,
    expires_on=date(2026, 4, 30),
)
COMMERCIAL = (Purpose.PUBLISH_GATED, Purpose.RESEARCH_COMMERCIAL)
CASES: list[tuple[str, ReleaseFacts, str]] = [
    ("rights.licence_known", with_clip(licence="Beerware"), "not settled"),
    ("rights.licence_known", with_clip(licence="OGL-UK-3.0"), "leaves personal data out"),
    ("rights.credit", with_clip(credited=False), "CC-BY-4.0 asks to name the author"),
    (
        "rights.purposes",
        replace(with_clip(licence="CC-BY-NC-4.0"), purposes=COMMERCIAL),
        "CC-BY-NC-4.0 forbids commercial use (research.commercial)",
    ),
    (
        "rights.purposes",
        replace(with_clip(licence="LicenseRef-lab-2"), terms=(ENDED,)),
        "LicenseRef-lab-2 ended on 2026-04-30 (publish.gated)",
    ),
    (
        "rights.purposes",
        replace(
            with_clip(licence="LicenseRef-lab-2"),
            terms=(replace(ENDED, expires_on=None, territories=frozenset({"DE"})),),
        ),
        "LicenseRef-lab-2 reaches DE only (publish.gated)",
    ),
    ("rights.licence_known", with_clip(licence=None), "no licence is stated"),
    ("rights.licence_known", with_clip(licence="cc-by-4.0"), "Did you mean CC-BY-4.0"),
    ("rights.licence_known", with_clip(licence="LicenseRef-x"), "Record terms"),
    (
        "rights.licence_known",
        with_clip(licence="LicenseRef-CC-Sampling-Plus-1.0"),
        "not settled",
    ),
    (
        "rights.purposes",
        replace(RIGHT, use=Use.ADAPTATION, wanted="CC-BY-NC-4.0", purposes=COMMERCIAL),
        "The whole goes out under CC-BY-NC-4.0, which forbids commercial use",
    ),
    (
        "rights.outbound_licence",
        with_clip(licence="CC-BY-ND-4.0", modified=True),
        "CC-BY-ND-4.0 stands in the way",
    ),
    (
        "rights.outbound_licence",
        replace(with_clip(licence="CC-BY-NC-4.0"), wanted=WantedOutcome.COMMERCIAL),
        "CC-BY-NC-4.0 stands in the way for commercial",
    ),
    (
        "rights.outbound_licence",
        replace(
            RIGHT,
            use=Use.ADAPTATION,
            clips=(
                replace(STREET, licence="CC-BY-SA-4.0"),
                replace(BELL, licence="CC-BY-NC-4.0"),
            ),
        ),
        "CC-BY-NC-4.0 stands in the way",
    ),
    (
        "rights.outbound_licence",
        replace(RIGHT, wanted="CC-{BY}"),
        "wanted licence cannot be computed",
    ),
    ("consent.coverage", replace(RIGHT, consents=()), "p1, publish.gated: no consent on record"),
    (
        "consent.coverage",
        replace(RIGHT, purposes=(Purpose.PUBLISH_GATED, Purpose.TRAIN_GENERATIVE)),
        "p1, train.generative: was never asked",
    ),
    ("consent.coverage", with_clip(contributors=()), "no contributor is recorded"),
    ("consent.coverage", replace(RIGHT, purposes=()), "declares no purpose"),
    (
        "consent.evidence",
        replace(RIGHT, consents=(replace(AGREED, has_evidence=False),)),
        "p1: no evidence of the answers to voices 1 of 2026-05-01",
    ),
    ("privacy.scanned", with_clip(scans=frozenset({METADATA})), "not scanned by speech 6.2"),
    (
        "privacy.scanned",
        with_clip(scans=frozenset({METADATA, Detector("speech", "6.1")})),
        "not scanned by speech 6.2",
    ),
    ("privacy.scanned", replace(RIGHT, detectors=frozenset()), "No detector is configured"),
    ("privacy.decided", with_clip(findings=(FINDING,)), "speech at 1.00 to 2.50 s waits"),
    (
        "privacy.decided",
        with_clip(findings=(replace(FINDING, state=FindingState.DECIDED_ON_OTHER_BYTES),)),
        "decide again",
    ),
    (
        "privacy.decided",
        with_clip(findings=(replace(FINDING, state=FindingState.EXCLUDED, onset=None),)),
        "speech was decided as exclude",
    ),
    ("privacy.metadata", with_clip(identifying=("bext Originator",)), "bext Originator may"),
    (
        "privacy.metadata",
        replace(RIGHT, dataset=replace(RIGHT.dataset, identifying=("description",))),
        "description may identify",
    ),
    ("privacy.sampled", replace(RIGHT, sample=None), "hear 368 clips"),
    (
        "privacy.sampled",
        replace(RIGHT, sample=SampleFacts(5000, 300, 1)),
        "What was missed re-opens",
    ),
    ("privacy.sampled", replace(RIGHT, sample=SampleFacts(5000, 0, 0)), "Nobody has heard"),
    ("labels.valid", with_clip(label_problems=("offset lies beyond",)), "offset lies beyond"),
    ("labels.verified", with_clip(events_verified=1), "1 of 2 events were not verified"),
    (
        "splits.leak_free",
        replace(RIGHT, clips=(STREET, replace(BELL, recording="r1"))),
        "recording r1 is in",
    ),
    ("synthetic.separate", with_clip(synthetic=True, split="test"), "is synthetic, and in test"),
    (
        "catalog.complete",
        replace(RIGHT, dataset=replace(RIGHT.dataset, title=" ")),
        "has no title",
    ),
    (
        "catalog.complete",
        replace(RIGHT, dataset=replace(RIGHT.dataset, description="")),
        "has no description",
    ),
    ("catalog.complete", replace(RIGHT, clips=()), "no clips"),
    (
        "catalog.version_step",
        replace(
            RIGHT,
            version="1.1.0",
            changed=VersionStep("1.0.0", Step.MAJOR, "2.0.0", ("3 clips removed",)),
        ),
        "3 clips removed, which asks for 2.0.0",
    ),
    ("integrity.present", with_clip(blob=BlobState.MISSING), "not in the store"),
    ("integrity.present", with_clip(blob=BlobState.DAMAGED), "do not match"),
    ("integrity.present", with_clip(blob=BlobState.DESTROYED), "destroyed"),
    ("privacy.checklist", replace(RIGHT, answers={}), "nobody answered"),
    (
        "privacy.checklist",
        replace(RIGHT, answers={**RIGHT.answers, "works_cleared": "no"}),
        "the answer is no; needed: yes",
    ),
    ("privacy.checklist", MEDICAL, "phi_absent"),
    (
        "ethics.documents_valid",
        replace(RIGHT, documents=(DocumentFacts("ethics", "Vote 9", date(2026, 4, 30)),)),
        "Vote 9 ran out on 2026-04-30",
    ),
    ("ethics.documents_valid", replace(RIGHT, documents=()), "No ethics approval"),
    ("ethics.documents_valid", MEDICAL, "a document of the kind ethics is needed"),
]


@pytest.mark.parametrize(("code", "facts", "message"), CASES)
def test_a_release_that_is_wrong_fails_with_the_row_at_fault(
    code: str, facts: ReleaseFacts, message: str
) -> None:
    verdict = ask(code, facts)
    assert not verdict.passed
    assert any(message in row.sentence for row in verdict.rows)
    assert verdict.summary


def test_every_gate_has_a_failing_case() -> None:
    assert {code for code, _, _ in CASES} == {gate.code for gate in GATES}


def test_only_evidence_the_sample_and_the_number_are_advisory() -> None:
    advisory = [gate.code for gate in GATES if gate.severity is Severity.ADVISORY]
    assert advisory == ["consent.evidence", "privacy.sampled", "catalog.version_step"]
    changed = VersionStep("1.0.0", Step.MAJOR, "2.0.0", ("3 clips removed",))
    facts = replace(
        RIGHT,
        sample=None,
        version="1.1.0",
        changed=changed,
        consents=(replace(AGREED, has_evidence=False),),
    )
    verdicts = check_all_gates(facts)
    assert [verdict.code for verdict in verdicts if not verdict.passed] == advisory
    assert list_blocking_failures(verdicts) == ()


def test_evidence_stops_a_release_where_the_dataset_asks_for_it() -> None:
    asking = replace(RIGHT, dataset=replace(RIGHT.dataset, evidence_required=True))
    assert not ask("consent.evidence", asking).blocks
    unproved = replace(AGREED, has_evidence=False)
    assert ask("consent.evidence", replace(asking, consents=(unproved,))).blocks
    denied = replace(unproved, answers={Purpose.PUBLISH_GATED: Answer.DENIED})
    assert ask("consent.evidence", replace(asking, consents=(denied,))).passed


def test_questions_and_documents_stop_a_release_where_the_table_says_so() -> None:
    open_ended = replace(RIGHT, answers={}, documents=())
    assert list_blocking_failures(check_all_gates(open_ended)) == ()
    stopped = [verdict.code for verdict in list_blocking_failures(check_all_gates(MEDICAL))]
    assert stopped == ["privacy.checklist", "ethics.documents_valid"]
    answered = replace(
        MEDICAL,
        answers={"phi_absent": "yes", "patients_not_recognisable": "yes"},
        documents=(DocumentFacts("ethics", "Vote 12"),),
    )
    assert list_blocking_failures(check_all_gates(answered)) == ()
    ended = replace(RIGHT, documents=(DocumentFacts("dpia", "Old", date(2020, 1, 1)),))
    assert [one.code for one in list_blocking_failures(check_all_gates(ended))] == [
        "ethics.documents_valid"
    ]


def test_blocking_failures_are_those_that_stop_a_release() -> None:
    wrong = replace(with_clip(blob=BlobState.MISSING, licence=None), sample=None)
    stopped = list_blocking_failures(check_all_gates(wrong))
    assert [verdict.code for verdict in stopped] == ["rights.licence_known", "integrity.present"]


def test_a_clip_without_a_field_that_its_vertical_requires_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # None of the present verticals requires one.
    monkeypatch.setattr(gates.catalog, "load_profile", lambda _: {"required": ["district"]})
    found = gates.catalog.CatalogComplete().check(RIGHT)
    assert [row.sentence for row in found.rows] == [
        f"{clip.path}: has no district" for clip in RIGHT.clips
    ]


def test_own_terms_make_an_own_licence_known() -> None:
    terms = Terms("LicenseRef-lab-1", redistribution=True)
    facts = replace(with_clip(licence="LicenseRef-lab-1"), terms=(terms,))
    assert ask("rights.licence_known", facts).passed
    assert ask("rights.outbound_licence", facts).passed


def test_a_failing_summary_counts_clips_and_a_row_names_one() -> None:
    verdict = ask("integrity.present", with_clip(blob=BlobState.MISSING))
    assert verdict.summary == "Files missing, damaged or destroyed: 1."
    assert (verdict.rows[0].path, verdict.rows[0].clip_id) == ("street/1.wav", "c1")


def test_the_outbound_verdict_measures_what_to_drop() -> None:
    facts = replace(
        with_clip(licence="CC-BY-NC-4.0", duration=1800.0), wanted=WantedOutcome.COMMERCIAL
    )
    verdict = ask("rights.outbound_licence", facts)
    assert verdict.measured["clips_to_drop"] == 1
    assert verdict.measured["hours_to_drop"] == 0.5
    assert "Remove 1 clip (30.0 min)" in verdict.summary


def test_the_sample_verdict_states_the_bound_it_proves() -> None:
    verdict = ask("privacy.sampled", RIGHT)
    assert verdict.measured["bound"] == pytest.approx(0.0098, abs=1e-9)
    assert "with 95% confidence at most 0.98% of unflagged clips" in verdict.summary


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (SampleFacts(5000, 300, 0, outside=2), "2 unflagged clips came in"),
        (SampleFacts(5000, 100, 0, due=190), "190 of those drawn were not heard. Hear those"),
        (SampleFacts(5000, 900, 1), "Draw another sample, and hear 446 clips"),
        (SampleFacts(5000, 360, 0, number=2), "Draw again, and hear"),
        (SampleFacts(5000, 100, 0, gone=1, due=250), "left or were flagged before anybody heard"),
        (SampleFacts(40, 360, 0, frame=5000), "at most 100.00% of unflagged clips"),
    ],
)
def test_a_sample_proves_nothing_of_what_was_not_drawn_or_was_missed(
    sample: SampleFacts, said: str
) -> None:
    verdict = ask("privacy.sampled", replace(RIGHT, sample=sample))
    assert not verdict.passed
    assert said in " ".join([verdict.summary, *(row.sentence for row in verdict.rows)])


@pytest.mark.parametrize(
    "sample",
    [
        None,
        SampleFacts(5000, 0, 0),
        SampleFacts(5000, 300, 0, outside=2),
        SampleFacts(5000, 100, 0, due=190),
        SampleFacts(5000, 900, 1),
        SampleFacts(5000, 360, 0, number=2),
        SampleFacts(5000, 100, 0, gone=1, due=250),
    ],
)
def test_what_is_kept_of_the_sample_tells_nobody_to_do_anything(
    sample: SampleFacts | None,
) -> None:
    """The summary stays with the release when nobody can draw or hear for it any more."""
    verdict = ask("privacy.sampled", replace(RIGHT, sample=sample))
    assert not re.search(r"\b(draw (one|again|another)|hear)\b", verdict.summary, re.IGNORECASE)
    assert all(row.advice for row in verdict.rows)
    assert all(row.message in verdict.summary for row in verdict.rows)


def test_of_a_sensitive_dataset_the_sample_blocks() -> None:
    sensitive = replace(RIGHT, dataset=replace(RIGHT.dataset, sensitive=True))
    assert ask("privacy.sampled", sensitive).passed
    assert ask("privacy.sampled", replace(sensitive, sample=None)).blocks
    assert not ask("privacy.sampled", replace(RIGHT, sample=None)).blocks


def test_every_gate_is_documented_with_how_to_mend_it() -> None:
    page = GATES_PAGE.read_text("utf-8")
    section = re.compile(r"^## `([a-z_.]+)`\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    sections = dict(section.findall(page))
    assert set(sections) == {gate.code for gate in GATES}
    for gate in GATES:
        text = sections[gate.code]
        assert "**Why.**" in text
        assert "**Mend.**" in text
        assert ("advisory" in text.strip().split("\n\n")[0]) == (gate.severity is Severity.ADVISORY)
