"""The consent table: one contributor's answers under one form on each row."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from apps.ingest import cells
from apps.ingest.columns import checked_rows
from apps.ingest.rows import CellError, Lines, RowErrors, RowReader
from apps.ingest.tables import Table, read_table
from datasets_catalog.purposes import Answer, Purpose

CONSENT_COLUMNS = {
    "contributor": "the contributor's code",
    "form": "name of the consent form",
    "form_version": "version of the form that was answered",
    "given_at": "day or moment it was given (without a zone: UTC)",
    "valid_until": "day or moment from which it no longer counts; a day means its first moment",
    "evidence_sha256": "SHA-256 of the signed form or the recording of the answer",
    "guardian": "code of the guardian who answered for a minor",
}
REQUIRED_COLUMNS = ("contributor", "form", "form_version", "given_at")
ANSWERS = (Answer.ALLOWED, Answer.DENIED)


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One row's consent. Times are aware, in UTC; `answers` has only the purposes asked for."""

    row: int
    contributor: str
    form: str
    form_version: str
    given_at: dt.datetime
    valid_until: dt.datetime | None
    evidence_sha256: str | None
    guardian: str | None
    answers: Mapping[Purpose, Answer]


def read_consent_table(source: Path | BinaryIO, name: str | None = None) -> Lines[ConsentLine]:
    """Read consent lines as a stream. Raises TableUnreadableError."""
    return consent_lines(read_table(source, name))


def consent_lines(table: Table) -> Lines[ConsentLine]:
    """Type the rows of an open table."""
    errors = RowErrors()
    allowed = (*CONSENT_COLUMNS, *(purpose.value for purpose in Purpose))
    rows = checked_rows(table, allowed=allowed, required=REQUIRED_COLUMNS, errors=errors)
    return Lines(rows, _line, errors)


def _line(row: RowReader) -> ConsentLine | None:
    contributor = row.required("contributor", cells.code)
    form = row.required("form", cells.form)
    form_version = row.required("form_version", cells.form_version)
    given_at = row.required("given_at", cells.moment)
    valid_until = row.optional("valid_until", cells.moment)
    if given_at and valid_until and valid_until <= given_at:
        row.refuse("valid_until", row.cell("valid_until"), "a time after given_at")
    evidence = row.optional("evidence_sha256", cells.sha256)
    guardian = row.optional("guardian", cells.code)
    answers = {
        purpose: answer
        for purpose in Purpose
        if (answer := row.optional(purpose.value, _answer)) is not None
        and answer is not Answer.NOT_ASKED
    }
    if not (row.is_clean and contributor and form and form_version and given_at):
        return None
    return ConsentLine(
        row.number, contributor, form, form_version, given_at, valid_until, evidence, guardian,
        answers,
    )  # fmt: skip


def _answer(value: Any) -> Answer:
    word = value.strip().lower() if isinstance(value, str) else value
    if word in {answer.value for answer in Answer}:
        return Answer(word)
    raise CellError("allowed, denied or an empty cell")
