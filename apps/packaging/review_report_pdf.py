"""The review report on paper: the same report always gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from apps.packaging.review_report_figures import (
    describe_heard_sample,
    describe_scan_amount,
    list_content_lines,
    list_headcount_lines,
)

# Rows of one table on paper; the JSON holds all.
MOST_SHOWN = 2000
_STYLES = getSampleStyleSheet()
_GRID = TableStyle(
    [
        ("FONTSIZE", (0, 0), (-1, -1), 7),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.grey),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)


def render_pdf(report: dict[str, Any]) -> bytes:
    """Set the report, whole or summary, on A4."""
    file = io.BytesIO()
    title = f"Review of {report['dataset']} {report['version']}"
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        title=title,
        author="Earmark",
        invariant=1,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
    )
    document.build([Paragraph(escape(title), _STYLES["Title"]), *_render_sections(report)])
    return file.getvalue()


def _render_sections(report: dict[str, Any]) -> Iterator[Flowable]:
    yield from _render_section("The release", ("what", "value"), _list_about(report))
    if held := list_content_lines(report):
        yield from _render_section("What it holds", ("what", "value"), held)
    detectors = [
        (row["detector"], row["detector_version"], describe_scan_amount(row), row["failed"])
        for row in report["detectors"]
    ]
    yield from _render_section("Scanned by", ("detector", "version", "saw", "failed"), detectors)
    yield from _render_section(
        "Found, by kind", ("kind", "findings"), list(report["found"].items())
    )
    yield from _render_section("Decided", ("verdict", "findings"), list(report["decided"].items()))
    heard = describe_heard_sample(report)
    yield from _render_section("Sampled", ("result",), [(heard,)] if heard else [])
    gates = [
        (row["code"], "yes" if row["passed"] else "no", row["summary"]) for row in report["gates"]
    ]
    yield from _render_section("Gates", ("gate", "passed", "result"), gates)
    answers = [
        (one["ask"], one["answer"] or "not answered", one.get("by") or "", one.get("note") or "")
        for one in report["checklist"]
    ]
    yield from _render_section(
        "Questions for people", ("question", "answer", "by", "note"), answers
    )
    papers = [
        (one["kind"], one.get("title") or "", one["valid_until"] or "no end")
        for one in report["documents"]
    ]
    yield from _render_section("Documents", ("kind", "title", "valid until"), papers)
    if report["extent"] == "whole":
        yield from _render_whole(report)


def _list_about(report: dict[str, Any]) -> list[tuple[str, Any]]:
    names = ("version", "state", "root", "commit", "clips", "frozen_at", "published_at", "profile")
    return [(name.replace("_", " "), report[name]) for name in names]


def _render_whole(report: dict[str, Any]) -> Iterator[Flowable]:
    signed = [(one["part"], one["by"], one["at"], one["note"]) for one in report["sign_offs"]]
    yield from _render_section("Signed", ("part", "by", "at", "note"), signed)
    findings = [
        (
            one["clip"],
            one["kind"],
            "" if one["onset"] is None else f"{one['onset']:.2f} to {one['offset']:.2f} s",
            one["verdict"] or "open",
            one["by"] or "",
            one["reason"] or "",
        )
        for one in report["findings"]
    ]
    yield from _render_section(
        "Findings", ("clip", "kind", "where", "verdict", "by", "reason"), findings
    )
    yield from _render_acts(report)
    out = [(one["clip_id"],) for one in report["excluded"]]
    yield from _render_section("Excluded clips", ("clip id",), out)


def _render_acts(report: dict[str, Any]) -> Iterator[Flowable]:
    """What else reviewers did; reports kept in the first form say less of it."""
    confirmed = [
        (one["clip"], one["kind"], _YES[one["agreed"]], one["by"], one["at"], one["reason"])
        for one in report.get("confirmations", ())
    ]
    confirmed_head = ("clip", "kind", "agreed", "by", "at", "reason")
    yield from _render_section("Second reviewers", confirmed_head, confirmed)
    back = [
        (one["clip"], one["kind"], one["verdict"], one["cause"], one["by"], one["at"], one["why"])
        for one in report.get("taken_back", ())
    ]
    back_head = ("clip", "kind", "verdict", "cause", "by", "at", "why")
    yield from _render_section("Decisions taken back", back_head, back)
    people_head = ("clip", "people", "by", "at", "reason")
    yield from _render_section("People counted", people_head, list_headcount_lines(report))
    heard = [
        (sample["number"], one["clip"], _YES[one["missed"]], one["by"], one["at"])
        for sample in report.get("samples", ())
        for one in sample["hearings"]
    ]
    yield from _render_section("Heard for samples", ("sample", "clip", "missed", "by", "at"), heard)
    redactions = [
        (
            one["clip"],
            f"{one['method']} {one.get('version', '')}",
            "; ".join(f"{onset:.2f} to {offset:.2f} s" for onset, offset in one["intervals"])
            if "intervals" in one
            else "",
            one["sha256_before"][:12],
            one["sha256_after"][:12],
            one["by"],
            one["at"],
        )
        for one in report["redactions"]
    ]
    made_head = ("clip", "method", "where", "before", "after", "by", "at")
    yield from _render_section("Redactions", made_head, redactions)


_YES = {True: "yes", False: "no"}


def _render_section(
    title: str, head: Sequence[str], rows: Sequence[Sequence[Any]]
) -> Iterator[Flowable]:
    yield Paragraph(title, _STYLES["Heading2"])
    if not rows:
        yield Paragraph("None.", _STYLES["BodyText"])
        return
    body = _STYLES["BodyText"].clone("cell", fontSize=7, leading=9, wordWrap="CJK")
    cells = [[Paragraph(escape(str(value)), body) for value in row] for row in rows[:MOST_SHOWN]]
    table = Table(
        [list(head), *cells],
        repeatRows=1,
        hAlign="LEFT",
        colWidths=[174 * mm / len(head)] * len(head),
    )
    table.setStyle(_GRID)
    yield table
    if len(rows) > MOST_SHOWN:
        yield Paragraph(f"{len(rows) - MOST_SHOWN} more are in the JSON form.", _STYLES["BodyText"])
    yield Spacer(1, 4 * mm)
