"""The record of a review: what it says, to whom, and that it stays."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, transaction
from django.db.models import Value
from django.db.models.functions import Concat

from apps.datasets.actions import remove_clips
from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips
from apps.packaging.models import ReleaseStatement
from apps.packaging.review_acts import shorten_name
from apps.packaging.review_report import (
    compute_report,
    fetch_report,
    keep_report,
    keep_statements,
    load_report,
)
from apps.packaging.review_report_figures import list_content_lines, list_headcount_lines
from apps.packaging.review_report_pdf import render_pdf
from apps.packaging.statements import load_statement
from apps.publishing.release_publication import publish_release_here
from apps.releases.checklist_answers import attach_document
from apps.releases.models import Release, ReviewReport
from apps.review.actions import count_people, decide_finding
from apps.review.models import Redaction
from apps.review.sampling import draw_sample, record_hearing
from apps.review.undo import confirm_clearance, undo_decision
from datasets_catalog.plain_json import to_plain
from tests.apps.review.reviewing import clip_at, found_in, second_reviewer
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
    decide_finding(actor=cast.cleo, finding=first, verdict="redact", reason="a name in the tags")
    for row in Finding.objects.filter(clip__path="tagged.wav", decision=None):
        if row.kind != "metadata":
            play(cast.cleo, row.clip)
            decide_finding(
                actor=cast.cleo, finding=row, verdict="clear", reason="a desk, not a person"
            )
    attach_document(
        actor=cast.ada, dataset=dataset, kind="dpia", title="Assessment 3", content=b"Assessed."
    )
    dataset = Dataset.objects.get(pk=dataset.pk)
    return publish_release_here(actor=cast.rita, release=approve(cast, make_release(cast, dataset)))


def test_the_whole_report_tells_what_was_done_and_by_whom(cast: Cast, release: Release) -> None:
    report = fetch_report(cast.olga, release)
    assert (report["schema"], report["extent"]) == ("earmark.review-report/3", "whole")
    assert (report["root"], report["commit"]) == (release.root, release.dvc_commit)
    assert {"speech", "metadata", "cells"} <= {row["detector"] for row in report["detectors"]}
    assert all(row["contents"] > 0 for row in report["detectors"])
    measured = {row["detector"]: row["measured"] for row in report["detectors"]}
    assert [each["voices"] for each in measured["metadata"]] == [[27, 27]]
    assert measured["cells"] is None
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
        report = fetch_report(reader, release)
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
        decision = decide_finding(
            actor=cast.cleo,
            finding=Finding.objects.get(pk=finding.pk),
            verdict="clear",
            reason="ben, who agreed",
            identifiable=True,
        )
        confirm_clearance(actor=dan, decision=decision, agree=agree, reason=reason)
    sample = draw_sample(actor=cast.cleo, dataset=dataset)
    first, second = sample.clips.all()[:2]
    play(cast.cleo, first.clip)
    record_hearing(actor=cast.cleo, sample_clip=first, missed=False)
    record_hearing(actor=dan, sample_clip=second, missed=True, note="a child counting aloud")
    count_people(
        actor=cast.cleo,
        clip=clip_at(dataset, 2),
        people_heard=3,
        somebody_unknown=True,
        reason="two women answer",
    )
    report = compute_report(make_release(cast, dataset))

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
    assert render_pdf(report).startswith(b"%PDF-")


def test_a_redaction_is_told_with_its_intervals(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    finding = found_in(clip_at(dataset))
    decide_finding(
        actor=cast.cleo, finding=finding, verdict="redact", reason="a name", method="bleep"
    )
    (redacted,) = compute_report(make_release(cast, dataset))["redactions"]
    row = Redaction.objects.get()
    assert (redacted["method"], redacted["intervals"]) == ("bleep", [[0.1, 0.2]])
    assert redacted["parameters"] == row.parameters
    assert redacted["sha256_after"] == row.after.sha256
    assert redacted["by"] == "cleo"


def test_a_report_in_the_first_form_is_still_put_on_paper(cast: Cast, release: Release) -> None:
    report = load_report(release)
    for name in ("confirmations", "taken_back", "samples"):
        del report[name]
    known = ("clip", "sha256_before", "sha256_after", "method", "released", "by", "at")
    report["redactions"] = [{name: one[name] for name in known} for one in report["redactions"]]
    assert render_pdf(report).startswith(b"%PDF-")


def test_it_stays_as_it_was_at_publication(cast: Cast, release: Release) -> None:
    before = load_report(release)
    kept = ReviewReport.objects.get(release=release)
    assert compute_report(release) == before
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
    assert load_report(release) == before
    assert keep_report(release).pk == kept.pk
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ReviewReport.objects.update(schema="other")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ReviewReport.objects.all()._raw_delete(using="default")


def test_on_paper_it_has_the_same_bytes_each_time(cast: Cast, release: Release) -> None:
    report = fetch_report(cast.olga, release)
    first = render_pdf(report)
    assert first.startswith(b"%PDF-")
    assert first.rstrip().endswith(b"%%EOF")
    assert render_pdf(report) == first
    assert render_pdf(fetch_report(cast.eve, release)) != first


def test_before_publication_it_says_how_things_stand(cast: Cast, tmp_path: Path) -> None:
    release = make_release(cast, make_draft(cast, tmp_path))
    assert load_report(release)["state"] == "frozen"
    assert not ReviewReport.objects.exists()


@pytest.mark.parametrize(
    ("text", "kept"),
    [("", ""), ("Ada", "A… (3 characters)"), ("ada@example.org", "ada@e… (15 characters)")],
)
def test_what_was_quoted_is_shortened(text: str, kept: str) -> None:
    assert shorten_name(text) == kept


def test_a_report_tells_of_the_contents_of_its_release_alone(cast: Cast, tmp_path: Path) -> None:
    dataset, dan = make_draft(cast, tmp_path), second_reviewer(cast)
    kept, leaving, muted = (clip_at(dataset, number) for number in range(3))
    for clip, number in ((kept, 40), (leaving, 41)):
        finding = found_in(clip, position=number)
        decision = decide_finding(
            actor=cast.cleo, finding=finding, verdict="clear", reason="ben", identifiable=True
        )
        confirm_clearance(actor=dan, decision=decision, agree=True, reason=f"heard in {clip.path}")
        count_people(
            actor=cast.cleo, clip=clip, people_heard=1, somebody_unknown=False, reason="one voice"
        )
        taken = decide_finding(
            actor=cast.cleo, finding=found_in(clip, position=number + 10), verdict="clear",
            reason="too early",
        )  # fmt: skip
        undo_decision(actor=cast.cleo, decision=taken, reason="look again")
        decide_finding(
            actor=cast.cleo,
            finding=Finding.objects.get(clip=clip, position=number + 10),
            verdict="clear",
            reason="a door",
        )
    first = decide_finding(
        actor=cast.cleo, finding=found_in(muted, position=42), verdict="redact", reason="a name"
    )
    undo_decision(actor=cast.cleo, decision=first, reason="not there")
    again = found_in(clip_at(dataset, 2), position=43)
    decide_finding(
        actor=cast.cleo, finding=again, verdict="redact", reason="a name", method="bleep"
    )
    remove_clips(actor=cast.ada, dataset=Dataset.objects.get(pk=dataset.pk), paths=[leaving.path])
    sample = draw_sample(actor=cast.cleo, dataset=Dataset.objects.get(pk=dataset.pk))
    scan_dataset(actor=cast.ada, dataset=dataset)
    report = compute_report(make_release(cast, Dataset.objects.get(pk=dataset.pk)))

    said = json.dumps(report)
    assert leaving.path not in said
    assert str(leaving.uid) not in said
    assert [one["clip"] for one in report["confirmations"]] == [kept.path]
    assert [one["clip"] for one in report["taken_back"]] == [kept.path]
    assert [one["clip"] for one in report["headcounts"]] == [kept.path]
    assert [one["method"] for one in report["redactions"]] == ["bleep"]
    assert report["redactions"][0]["released"] is True
    assert report["redactions"][0]["changes"] == ["bleep"]
    assert report["found"] == {"speech": 2}
    assert report["decided"] == {"clear": 2}
    (drawn,) = report["samples"]
    assert drawn["released"] == sample.clips.count()
    contents = {row["contents"] for row in report["detectors"] if row["detector"] == "speech"}
    assert contents == {report["clips"]}


def test_what_review_did_is_kept_before_the_version_is_written(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    decide_finding(
        actor=cast.cleo, finding=found_in(clip_at(dataset)), verdict="clear", reason="a door"
    )
    release = approve(cast, make_release(cast, Dataset.objects.get(pk=dataset.pk)))
    keep_statements(release)
    before = compute_report(release)
    Clip.objects.filter(dataset=dataset).update(path=Concat(Value("other/"), "path"))
    document = attach_document(
        actor=cast.ada, dataset=dataset, kind="ethics", title="Later", content=b"Later."
    )
    keep_statements(release)
    assert compute_report(release) == before
    assert document.title not in json.dumps(before)
    kept = ReleaseStatement.objects.get(release=release)
    assert kept.facts == to_plain(load_statement(release))


def test_the_second_version_tells_of_what_was_taken_out_since_the_first(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_draft(cast, tmp_path)

    def exclude(number: int) -> str:
        clip = clip_at(dataset, number)
        decide_finding(actor=cast.cleo, finding=found_in(clip), verdict="exclude", reason="a child")
        return str(clip.uid)

    def release(version: str) -> Release:
        row = make_release(cast, Dataset.objects.get(pk=dataset.pk), version)
        return publish_release_here(actor=cast.rita, release=approve(cast, row))

    early = exclude(0)
    first = release("1.0.0")
    late = exclude(1)
    second = release("2.0.0")
    assert [one["clip_id"] for one in load_report(first)["excluded"]] == [early]
    assert [one["clip_id"] for one in load_report(second)["excluded"]] == [late]
    assert load_statement(second).reviewed.excluded == 1


def test_paper_says_what_the_release_holds_and_who_was_counted(
    cast: Cast, release: Release
) -> None:
    report = load_report(release)
    lines = dict(list_content_lines(report))
    facts = load_statement(release)
    assert lines["clips"].startswith(f"{facts.clips} clips (")
    assert lines["vocabulary"] == "none is named"
    assert lines["weak labels"] == lines["found empty"] == "none"
    report["headcounts"] = [
        {
            "clip": "a.wav",
            "people_heard": 3,
            "people_recorded": 2,
            "somebody_unknown": True,
            "by": "cleo",
            "at": "2026-11-26",
            "reason": "two women",
        }
    ]
    ((clip, people, *_),) = list_headcount_lines(report)
    assert (clip, people) == ("a.wav", "3 people heard, 2 recorded, somebody is not recorded")
    assert render_pdf(report) != render_pdf(report | {"headcounts": []})
