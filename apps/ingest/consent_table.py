"""The consent table: one contributor's answers under one form on each row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from apps.consent.entries import ConsentEntry
from apps.consent.entry_problems import EntryProblem
from apps.ingest import cell_readers
from apps.ingest.paths import quote_text
from apps.ingest.row_readers import CellError, Lines, Problem, Row, RowError, RowErrors, RowReader
from apps.ingest.table_columns import HEADER_ROW, build_unknown_column_error
from apps.ingest.table_files import Table, read_table
from datasets_catalog.purposes import Answer, Purpose
from datasets_catalog.territories import EVERYWHERE

CONSENT_COLUMNS = {
    "contributor": "the contributor's code",
    "form": "name of the consent form",
    "form_version": "version of the form that was answered",
    "language": "language of the form that was answered, such as de (BCP 47)",
    "study": "the study that the form is a part of",
    "datasets": "what a new form asks about: names of datasets joined by ;",
    "given_at": "day or moment it was given (without a zone: UTC)",
    "valid_from": "day or moment from which it counts, where that is not given_at",
    "valid_until": "day or moment from which it no longer counts; a day means its first moment",
    "territories": "where it holds: codes of countries, EU or EEA, joined by ;",
    "evidence_sha256": "SHA-256 of the signed form or the recording of the answer",
    "guardian": "code of the guardian who answered for a minor",
    "minor": "yes if the contributor was a minor when answering",
    "of_age_on": "the day on which the minor comes of age",
}
REQUIRED_COLUMNS = ("contributor", "form", "form_version", "given_at")
# What ledgers elsewhere have, and how it is said here.
ADVICE = {
    "age": "say minor and of_age_on instead",
    "birthday": "say minor and of_age_on instead",
    "name": "the ledger holds codes alone: take the column out",
    "email": "the ledger holds codes alone: take the column out",
    "status": "who withdrew has a row of their own, with the day and denied",
    "withdrawn": "who withdrew has a row of their own, with the day and denied",
    "withdrawn_at": "who withdrew has a row of their own, with that day as given_at and denied",
    "withdrawal_date": "who withdrew has a row of their own, with that day as given_at and denied",
}


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One row's consent, and where it stands."""

    row: int
    entry: ConsentEntry


def read_consent_table(source: Path | BinaryIO, name: str | None = None) -> Lines[ConsentLine]:
    """Read consent lines as a stream. Raises TableUnreadableError."""
    return read_consent_lines(read_table(source, name))


def read_consent_lines(table: Table) -> Lines[ConsentLine]:
    """Type the rows of an open table.

    A row is taken whole or not at all: where a column is unknown, an answer or an end that stood in
    it would be lost, so its rows are refused.
    """
    errors = RowErrors()
    return Lines(_pass_whole_rows(table, errors), _read_consent_line, errors)


def collect_row_errors(lines: list[ConsentLine], problems: Iterable[EntryProblem]) -> RowErrors:
    """What is wrong with lines, by their rows."""
    found = RowErrors()
    for problem in problems:
        found.add(
            RowError(
                lines[problem.index].row,
                problem.column,
                quote_text(problem.value) if problem.value else "",
                problem.expected,
                Problem.CONSENT_CONFLICT,
            )
        )
    return found


def _pass_whole_rows(table: Table, errors: RowErrors) -> Iterator[Row]:
    allowed = (*CONSENT_COLUMNS, *(purpose.value for purpose in Purpose))
    unknown = [
        _explain_unknown_column(HEADER_ROW, name, allowed)
        for name in table.columns
        if name not in allowed
    ]
    missing = [name for name in REQUIRED_COLUMNS if table.columns and name not in table.columns]
    for error in unknown:
        errors.add(error)
    for name in missing:
        expected = "this column in the first row"
        errors.add(RowError(HEADER_ROW, name, "", expected, Problem.COLUMN_MISSING))
    if unknown or missing:
        return
    for row in table:
        strange = [name for name in row.values if name not in allowed]
        for name in strange:
            errors.add(_explain_unknown_column(row.number, name, allowed))
        if not strange:
            yield row


def _explain_unknown_column(number: int, column: str, allowed: tuple[str, ...]) -> RowError:
    error = build_unknown_column_error(number, column, allowed)
    advice = ADVICE.get(column.strip().lower())
    expected = f"{error.expected}. {advice}" if advice else error.expected
    lost = "since what stands in the column would be lost"
    rows = "no row was taken" if number == HEADER_ROW else "the row was left out"
    refused = f"{expected}; {rows}, {lost}"
    return RowError(number, error.column, error.value, refused, error.code)


def _read_consent_line(row: RowReader) -> ConsentLine | None:
    contributor = row.read_required("contributor", cell_readers.read_code)
    form = row.read_required("form", cell_readers.read_form_name)
    form_version = row.read_required("form_version", cell_readers.read_form_version)
    given_at = row.read_required("given_at", cell_readers.read_moment)
    minor = row.read_optional("minor", cell_readers.read_flag)
    valid_from = row.read_optional("valid_from", cell_readers.read_moment)
    valid_until = row.read_optional("valid_until", cell_readers.read_moment)
    begins = max(filter(None, (given_at, valid_from)), default=None)
    if begins and valid_until and valid_until <= begins:
        row.refuse("valid_until", row.cell("valid_until"), "a time after it was given and begins")
    territories = row.read_optional("territories", cell_readers.read_territories) or EVERYWHERE
    evidence = row.read_optional("evidence_sha256", cell_readers.read_sha256) or ""
    guardian = row.read_optional("guardian", cell_readers.read_code) or ""
    of_age_on = row.read_optional("of_age_on", cell_readers.read_day)
    language = row.read_optional("language", cell_readers.read_language) or ""
    study = row.read_optional("study", cell_readers.read_name) or ""
    datasets = row.read_optional("datasets", cell_readers.read_codes) or ()
    answers = {
        purpose: answer
        for purpose in Purpose
        if (answer := row.read_optional(purpose.value, _read_answer)) is not None
        and answer is not Answer.NOT_ASKED
    }
    if not (row.is_clean and contributor and form and form_version and given_at):
        return None
    entry = ConsentEntry(
        contributor, form, form_version, given_at, answers, valid_from, valid_until, territories,
        evidence, guardian, minor, of_age_on, language, study, datasets,
    )  # fmt: skip
    return ConsentLine(row.number, entry)


def _read_answer(value: Any) -> Answer:
    word = value.strip().lower() if isinstance(value, str) else value
    if word in {answer.value for answer in Answer}:
        return Answer(word)
    raise CellError("allowed, denied or an empty cell")
