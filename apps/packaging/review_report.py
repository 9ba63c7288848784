"""The review report of a release: what was scanned, found, decided, sampled and answered.

One JSON document (`SCHEMA`), described in docs/privacy.md. It is computed from rows that never
change, and from the moment of publication it is kept as a blob and only read.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import transaction

from apps.accounts.access import Principal
from apps.datasets.access import may_see_draft
from apps.detection.models import Scan
from apps.packaging.released_contents import (
    ReleasedContents,
    build_released_contents,
    list_released_clips,
)
from apps.packaging.review_acts import (
    format_moment,
    list_confirmations,
    list_headcounts,
    list_redactions,
    list_revocations,
    list_samples,
    shorten_name,
)
from apps.packaging.review_counts import (
    find_decision_in_force,
    list_excluded_clips,
    list_released_findings,
)
from apps.packaging.statements import (
    find_publication_before,
    is_kept,
    keep_statement,
    load_kept_review,
    load_statement,
)
from apps.releases.checklist_answers import list_documents_in_force, load_checklist
from apps.releases.models import GateResult, Release, ReviewReport, SignOff
from apps.storage.blobs import open_local_copy, put_blob
from datasets_catalog.detector_figures import list_figures
from datasets_catalog.plain_json import to_plain
from datasets_catalog.release_states import PUBLIC_STATES

SCHEMA = "earmark.review-report/3"
# Parts that name reviewers or clips; readers who do not work on the dataset get the others.
WHOLE_ONLY = (
    "findings",
    "confirmations",
    "taken_back",
    "samples",
    "headcounts",
    "excluded",
    "redactions",
    "sign_offs",
    "checklist",
    "documents",
)
Report = dict[str, Any]


def fetch_report(user: Principal, release: Release) -> Report:
    """The whole report for those who work on the dataset, the summary for other readers."""
    report = load_report(release)
    return report if may_see_draft(user, release.dataset) else summarise_report(report)


def summarise_report(report: Report) -> Report:
    """The report without reviewers' names, reasons, clips and papers: counts in their place."""
    shown = {name: value for name, value in report.items() if name not in WHOLE_ONLY}
    return {
        **shown,
        "extent": "summary",
        "checklist": [
            {"question": one["question"], "ask": one["ask"], "answer": one["answer"]}
            for one in report["checklist"]
        ],
        "documents": [
            {"kind": one["kind"], "valid_until": one["valid_until"]} for one in report["documents"]
        ],
    }


def load_report(release: Release) -> Report:
    """The report as it was kept; of what is not out yet as it would be now."""
    kept = ReviewReport.objects.filter(release=release).select_related("blob").first()
    if kept is None and release.state not in PUBLIC_STATES:
        return compute_report(release)
    row = kept or keep_report(release)
    with open_local_copy(row.blob) as path:
        found: Report = json.loads(path.read_text(encoding="utf-8"))
    return found


def keep_report(release: Release) -> ReviewReport:
    """Keep the report of a published release; called again it answers what is kept."""
    text = json.dumps(compute_report(release), sort_keys=True, ensure_ascii=False).encode()
    blob = put_blob(release.dataset.uid, io.BytesIO(text))
    with transaction.atomic():
        Release.objects.select_for_update().get(pk=release.pk)
        row, _ = ReviewReport.objects.get_or_create(
            release=release, defaults={"blob": blob, "schema": SCHEMA}
        )
    return row


@transaction.atomic
def keep_statements(release: Release) -> None:
    """Keep what an approved release says of itself and of its review, before it comes out.

    Both at once: what is decided while the version is written is in neither.
    """
    Release.objects.select_for_update().get(pk=release.pk)
    if is_kept(release):
        return
    text = json.dumps(_describe_review(release), sort_keys=True, ensure_ascii=False).encode()
    keep_statement(release, review=put_blob(release.dataset.uid, io.BytesIO(text)))


def compute_report(release: Release) -> Report:
    """Put the report together: the review as it was kept, else as of publication or now."""
    review = load_kept_review(release)
    return {
        "schema": SCHEMA,
        "extent": "whole",
        "dataset": release.dataset.full_name,
        "version": release.version,
        "state": "published" if release.state in PUBLIC_STATES else release.state,
        "root": release.root,
        "commit": release.dvc_commit,
        "clips": release.clips,
        "seconds": release.seconds,
        "frozen_by": release.frozen_by.username if release.frozen_by else None,
        "frozen_at": format_moment(release.frozen_at),
        "published_at": format_moment(release.published_at),
        "facts": _load_facts(release),
        **(_describe_review(release) if review is None else review),
    }


def _describe_review(release: Release) -> Report:
    """What was done to the contents of the release, from the rows."""
    dataset, until = release.dataset, release.published_at
    contents = build_released_contents(release, list_released_clips(release))
    findings = list(_list_findings(release, contents))
    return {
        "profile": dataset.privacy_profile,
        "detectors": list(_list_detectors(release, contents)),
        "found": dict(sorted(Counter(one["kind"] for one in findings).items())),
        "decided": dict(sorted(Counter(one["verdict"] or "open" for one in findings).items())),
        "sample": _load_sample(release),
        "gates": list(_list_gates(release)),
        "sign_offs": list(_list_sign_offs(release)),
        "findings": findings,
        "excluded": list(_list_excluded(release)),
        "confirmations": list(list_confirmations(dataset, contents, until)),
        "taken_back": list(list_revocations(dataset, contents, until)),
        "samples": list(list_samples(dataset, contents, until)),
        "headcounts": list(list_headcounts(dataset, contents, until)),
        "redactions": list(list_redactions(dataset, contents, until)),
        "checklist": list(_list_answers(release)),
        "documents": list(_list_documents(release)),
    }


def _load_facts(release: Release) -> Report | None:
    """What the release says of itself everywhere; None before it is approved."""
    approved = release.sign_offs.filter(root=release.root).count() == len(SignOff.Part.values)
    return to_plain(load_statement(release)) if approved else None


def _list_gates(release: Release) -> Iterator[Report]:
    for row in GateResult.objects.filter(release=release, root=release.root):
        yield {
            "code": row.code,
            "passed": row.passed,
            "blocking": row.blocking,
            "summary": row.summary,
            "numbers": row.numbers,
        }


def _list_sign_offs(release: Release) -> Iterator[Report]:
    for row in release.sign_offs.filter(root=release.root).select_related("signed_by"):
        yield {
            "part": row.part,
            "by": row.signed_by.username,
            "at": format_moment(row.signed_at),
            "note": row.note,
        }


def _list_answers(release: Release) -> Iterator[Report]:
    for question, given in load_checklist(release):
        yield {
            "question": question.code,
            "ask": question.ask,
            "expected": question.expected,
            "blocking": question.blocking,
            "answer": given.answer if given else None,
            "note": given.note if given else "",
            "by": given.answered_by.username if given else None,
            "at": format_moment(given.answered_at) if given else None,
        }


def _list_documents(release: Release) -> Iterator[Report]:
    for row in list_documents_in_force(release.dataset).select_related("blob").order_by("pk"):
        yield {
            "kind": row.kind,
            "title": row.title,
            "sha256": row.blob.sha256,
            "valid_until": row.valid_until.isoformat() if row.valid_until else None,
        }


def _list_detectors(release: Release, contents: ReleasedContents) -> Iterator[Report]:
    """Every detector in each version that saw released bytes or texts, and how it was measured."""
    rows = Scan.objects.filter(dataset=release.dataset)
    if release.published_at is not None:
        rows = rows.filter(finished_at__lte=release.published_at)
    columns = ("detector", "detector_version", "parameters_sha256", "model_sha256")
    files: Counter[tuple[str, ...]] = Counter()
    texts: Counter[tuple[str, ...]] = Counter()
    failed: Counter[tuple[str, ...]] = Counter()
    scans = rows.order_by().values_list("content_sha256", "failed", *columns)
    for content, is_failed, *which in scans.iterator(chunk_size=5000):
        if content in contents.everything:
            seen = files if content in contents.sounds else texts
            (failed if is_failed else seen)[tuple(which)] += 1
    for key in sorted(files.keys() | texts.keys() | failed.keys()):
        row = dict(zip(columns, key, strict=True))
        counts = {
            "contents": files[key] + texts[key],
            "files": files[key],
            "texts": texts[key],
            "failed": failed[key],
        }
        figures = list_figures(row["detector"], row["detector_version"])
        yield {**row, **counts, "measured": to_plain(figures) or None}


def _list_findings(release: Release, contents: ReleasedContents) -> Iterator[Report]:
    """What was found in the bytes or texts of released clips, and what was decided of it."""
    for row in list_released_findings(release, contents, release.published_at):
        decision = find_decision_in_force(row, release.published_at)
        clip = contents.clips[str(row.clip.uid)]
        yield {
            "clip": clip.path,
            "clip_id": clip.clip_id,
            "kind": row.kind,
            "detector": f"{row.scan.detector} {row.scan.detector_version}",
            "onset": row.onset,
            "offset": row.offset,
            "score": row.score,
            "seen": shorten_name(row.detail),
            "content_sha256": row.content_sha256,
            "verdict": decision.verdict if decision else None,
            "identifiable": decision.identifiable if decision else None,
            "reason": decision.reason if decision else None,
            "by": decision.decided_by.username if decision else None,
            "at": format_moment(decision.decided_at) if decision else None,
        }


def _list_excluded(release: Release) -> Iterator[Report]:
    """Clips that review took out since the version before, by id: their names stay inside."""
    since = find_publication_before(release)
    rows = list_excluded_clips(release, since=since, until=release.published_at)
    for uid in rows.order_by("uid").values_list("uid", flat=True):
        yield {"clip_id": str(uid)}


def _load_sample(release: Release) -> Report | None:
    row = GateResult.objects.filter(
        release=release, root=release.root, code="privacy.sampled"
    ).first()
    return None if row is None else {"summary": row.summary, **row.numbers}
