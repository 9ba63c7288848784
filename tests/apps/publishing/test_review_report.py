"""The record of a review: what it says, to whom, and that it stays."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, transaction

from apps.datasets.models import Dataset
from apps.ingest.actions import import_clips
from apps.privacy.actions import count_people, decide
from apps.privacy.models import Finding, Redaction
from apps.privacy.sampling import draw, hear
from apps.privacy.scanning import scan_dataset
from apps.privacy.undoing import confirm
from apps.publishing.releasing import publish
from apps.publishing.review_acts import shortened
from apps.publishing.review_report import compute, keep_report, report_for, report_of
from apps.publishing.review_report_pdf import as_pdf
from apps.releases.models import Release, ReviewReport
from apps.releases.people import attach_document
from tests.apps.privacy.reviewing import clip_at, found_in, second_reviewer
from tests.cast import Cast
from tests.factories.drafts import approve, make_draft, make_release
from tests.factories.reviews import play
from tests.marked import NAME, write_marked

pytestmark = pytest.mark.django_db


@pytest.fixture
def release(cast: Cast, tmp_path: Path) -> Release:
    """With a finding that was redacted, one that was cleared, and a document."""
    dataset = make_draft(cast, tmp_path)
    folder = tmp_path / "more"
    folder.mkdir()
    write_marked(folder, "info").rename(folder / "tagged.wav")
    table = folder / "clips.csv"
    table.write_text(
        "path,licence,split,title\ntagged.wav,CC0-1.0,train,Call ada@example.org for more\n"
    )
    import_clips(actor=cast.ada, dataset=dataset, source=folder, metadata=table)
    scan_dataset(actor=cast.ada, dataset=dataset)
    metadata = Finding.objects.filter(clip__path="tagged.wav", kind="metadata")
    first = metadata.first()
    assert first is not None
    decide(actor=cast.cleo, finding=first, verdict="redact", reason="a name in the tags")
    for row in Finding.objects.filter(clip__path="tagged.wav", decision=None):
        if row.kind != "metadata":
            play(cast.cleo, row.clip)
            decide(actor=cast.cleo, finding=row, verdict="clear", reason="a desk, not a person")
    attach_document(
        actor=cast.ada, dataset=dataset, kind="dpia", title="Assessment 3", content=b"Assessed."
    )
    dataset = Dataset.objects.get(pk=dataset.pk)
    return publish(actor=cast.rita, release=approve(cast, make_release(cast, dataset)))


def test_the_whole_report_tells_what_was_done_and_by_whom(cast: Cast, release: Release) -> None:
    report = report_for(cast.olga, release)
    assert (report["schema"], report["extent"]) == ("earmark.review-report/2", "whole")
    assert (report["root"], report["commit"]) == (release.root, release.dvc_commit)
    assert {"speech", "metadata", "cells"} <= {row["detector"] for row in report["detectors"]}
    assert all(row["contents"] > 0 for row in report["detectors"])
    (cleared,) = report["findings"]
    assert (cleared["verdict"], cleared["by"]) == ("clear", "cleo")
    assert cleared["reason"] == "a desk, not a person"
    (redacted,) = report["redactions"]
    row = Redaction.objects.get()
    assert redacted["released"] is True
    assert (redacted["method"], redacted["version"]) == ("strip", row.version)
    assert redacted["sha256_before"] == row.before.sha256 != redacted["sha256_after"]
    assert redacted["kind"] == "metadata"
    assert {one["part"] for one in report["sign_offs"]} == {"privacy", "rights"}
    assert [one["title"] for one in report["documents"]] == ["Assessment 3"]
    assert {gate["code"] for gate in report["gates"]} >= {"privacy.decided", "privacy.checklist"}
    said = json.dumps(report)
    assert "ada@example.org" not in said
    assert NAME not in said


def test_readers_get_a_summary_without_names_and_reasons(cast: Cast, release: Release) -> None:
    for reader in (AnonymousUser(), cast.eve):
        report = report_for(reader, release)
        assert report["extent"] == "summary"
        said = json.dumps(report)
        for hidden in ("cleo", "a desk", "tagged.wav", "Assessment 3"):
            assert hidden not in said
        assert report["found"]
        assert report["documents"] == [{"kind": "dpia", "valid_until": None}]
        hidden_parts = {"confirmations", "taken_back", "samples", "headcounts", "redactions"}
        assert not hidden_parts & report.keys()


def test_second_opinions_what_was_taken_back_and_what_was_heard_are_told(
    cast: Cast, tmp_path: Path
) -> None:
    dataset, dan = make_draft(cast, tmp_path), second_reviewer(cast)
    finding = found_in(clip_at(dataset))
    for agree, reason in ((False, "not ben"), (True, "ben after all")):
        decision = decide(
            actor=cast.cleo,
            finding=Finding.objects.get(pk=finding.pk),
            verdict="clear",
            reason="ben, who agreed",
            identifiable=True,
        )
        confirm(actor=dan, decision=decision, agree=agree, reason=reason)
    sample = draw(actor=cast.cleo, dataset=dataset)
    first, second = sample.clips.all()[:2]
    play(cast.cleo, first.clip)
    hear(actor=cast.cleo, sample_clip=first, missed=False)
    hear(actor=dan, sample_clip=second, missed=True, note="a child counting aloud")
    count_people(
        actor=cast.cleo,
        clip=clip_at(dataset, 2),
        people_heard=3,
        somebody_unknown=True,
        reason="two women answer",
    )
    report = compute(make_release(cast, dataset))

    told = [(one["agreed"], one["by"], one["reason"]) for one in report["confirmations"]]
    assert told == [(False, "dan", "not ben"), (True, "dan", "ben after all")]
    (back,) = report["taken_back"]
    assert (back["verdict"], back["cause"]) == ("clear", "not_confirmed")
    assert (back["decided_by"], back["by"], back["clip"]) == ("cleo", "dan", clip_at(dataset).path)
    (drawn,) = report["samples"]
    assert (drawn["bound"], drawn["size"], drawn["drawn_by"]) == (0.01, sample.size, "cleo")
    assert (drawn["heard"], drawn["missed"]) == (2, 1)
    assert [(one["by"], one["missed"]) for one in drawn["hearings"]] == [
        ("cleo", False),
        ("dan", True),
    ]
    assert all(one["at"] and one["clip"] for one in drawn["hearings"])
    assert "counting" not in json.dumps(report["samples"])
    (counted,) = report["headcounts"]
    assert (counted["people_heard"], counted["people_recorded"]) == (3, 0)
    assert (counted["somebody_unknown"], counted["by"]) == (True, "cleo")
    assert as_pdf(report).startswith(b"%PDF-")


def test_a_redaction_is_told_with_its_intervals(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    finding = found_in(clip_at(dataset))
    decide(actor=cast.cleo, finding=finding, verdict="redact", reason="a name", method="bleep")
    (redacted,) = compute(make_release(cast, dataset))["redactions"]
    row = Redaction.objects.get()
    assert (redacted["method"], redacted["intervals"]) == ("bleep", [[0.1, 0.2]])
    assert redacted["parameters"] == row.parameters
    assert redacted["sha256_after"] == row.after.sha256
    assert redacted["by"] == "cleo"


def test_a_report_in_the_first_form_is_still_put_on_paper(cast: Cast, release: Release) -> None:
    report = report_of(release)
    for name in ("confirmations", "taken_back", "samples"):
        del report[name]
    known = ("clip", "sha256_before", "sha256_after", "method", "released", "by", "at")
    report["redactions"] = [{name: one[name] for name in known} for one in report["redactions"]]
    assert as_pdf(report).startswith(b"%PDF-")


def test_it_stays_as_it_was_at_publication(cast: Cast, release: Release) -> None:
    before = report_of(release)
    kept = ReviewReport.objects.get(release=release)
    assert compute(release) == before
    late = Finding.objects.filter(clip__path="tagged.wav").first()
    assert late is not None
    Finding.objects.create(
        clip=late.clip,
        scan=late.scan,
        position=99,
        content_sha256=late.content_sha256,
        kind="cells",
    )
    attach_document(
        actor=cast.ada, dataset=release.dataset, kind="ethics", title="Later", content=b"Later."
    )
    assert report_of(release) == before
    assert keep_report(release).pk == kept.pk
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ReviewReport.objects.update(schema="other")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ReviewReport.objects.all()._raw_delete(using="default")


def test_on_paper_it_has_the_same_bytes_each_time(cast: Cast, release: Release) -> None:
    report = report_for(cast.olga, release)
    first = as_pdf(report)
    assert first.startswith(b"%PDF-")
    assert first.rstrip().endswith(b"%%EOF")
    assert as_pdf(report) == first
    assert as_pdf(report_for(cast.eve, release)) != first


def test_before_publication_it_says_how_things_stand(cast: Cast, tmp_path: Path) -> None:
    release = make_release(cast, make_draft(cast, tmp_path))
    assert report_of(release)["state"] == "frozen"
    assert not ReviewReport.objects.exists()


@pytest.mark.parametrize(
    ("text", "kept"),
    [("", ""), ("Ada", "A… (3 characters)"), ("ada@example.org", "ada@e… (15 characters)")],
)
def test_what_was_quoted_is_shortened(text: str, kept: str) -> None:
    assert shortened(text) == kept
