"""Bringing clips, labels and consents in from the server's own files."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from django.conf import settings
from django.db import transaction

from apps.accounts.access import require_permission
from apps.accounts.models import Organisation, User
from apps.consent.actions import record_consents
from apps.consent.consent_corrections import correct_consent
from apps.consent.entry_problems import find_problems
from apps.consent.models import Consent
from apps.datasets.models import Dataset
from apps.ingest.clip_table import ClipLine, read_clip_table
from apps.ingest.consent_table import collect_row_errors, read_consent_table
from apps.ingest.import_report import Report
from apps.ingest.importers.imported_labels import LayoutClips
from apps.ingest.importers.registry import read_layout_clips
from apps.ingest.intake import (
    AcceptedFile,
    Arrival,
    Progress,
    admit_clips,
    examine_arrivals,
    ignore_progress,
    inspect_arrivals,
)
from apps.ingest.paths import clean_path, compute_clash_key
from apps.ingest.row_readers import Lines
from apps.ingest.sources import SourceFile, open_source
from apps.licensing.licences import load_licences
from datasets_catalog.errors import EarmarkError, InvalidError, NotFoundError
from datasets_catalog.roles import Permission
from datasets_catalog.verticals import Vertical, load_profile


def import_clips(
    *,
    actor: User,
    dataset: Dataset,
    source: Path,
    metadata: Path | None = None,
    dry_run: bool = False,
    progress: Progress = ignore_progress,
) -> Report:
    """Take a folder or archive with its table into the draft.

    Sound files with sound rows come in; everything else is named in the report and stays where
    it was, so that mending it and importing again brings the rest. A dry run decodes and checks
    everything and changes nothing. Raises `EarmarkError` where the source as a whole is unusable.
    """
    require_permission(actor, Permission.CLIP_INGEST, dataset.organisation)
    report = Report(dry_run=dry_run)
    with ExitStack() as stack:
        Path(settings.WORK_ROOT).mkdir(parents=True, exist_ok=True)
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=settings.WORK_ROOT)))
        files = list(open_source(source, work, report))
        lines = _read_clip_lines(dataset, source, metadata, report)
        arrivals = list(_match_arrivals(files, lines, report))
        if dry_run:
            _note_twins(_group_by_bytes(arrivals), report)
            report.added = inspect_arrivals(arrivals, report, dataset=dataset)
        else:
            accepted = examine_arrivals(arrivals, report, dataset=dataset, progress=progress)
            _note_twins(_group_by_blob(accepted), report)
            admit_clips(actor=actor, dataset=dataset, accepted=accepted, report=report)
    return report


def _read_clip_lines(
    dataset: Dataset, source: Path, metadata: Path | None, report: Report
) -> dict[str, ClipLine] | None:
    """The table's lines by path; None where there is no table."""
    licences = load_licences(dataset.organisation)

    def licence(text: str) -> str:
        return licences.expression(text).text

    lines: Lines[ClipLine] | LayoutClips
    if metadata is None:
        layout = read_layout_clips(source, licence=licence) if source.is_dir() else None
        if layout is None:
            return None
        lines = layout
    elif not metadata.is_file():
        raise NotFoundError(f"There is no metadata table at {metadata}.")
    else:
        vertical = load_profile(Vertical(dataset.vertical))
        lines = read_clip_table(metadata, licence=licence, profile=vertical)
    found = {line.path: line for line in lines}
    report.add_rows(lines.errors)
    return found


def _match_arrivals(
    files: Sequence[SourceFile], lines: dict[str, ClipLine] | None, report: Report
) -> Iterator[Arrival]:
    seen: dict[str, str] = {}
    left_out: list[str] = []
    for found in files:
        try:
            path = clean_path(found.name)
        except EarmarkError as problem:
            report.refuse_file(found.name, problem)
            continue
        key = compute_clash_key(path)
        if key in seen:
            report.refuse_file(path, DuplicatePathError(f"the same name as {seen[key]}"))
            continue
        seen[key] = path
        if lines is None:
            yield Arrival(ClipLine(row=0, path=path), file=found.file)
        elif path in lines:
            yield Arrival(lines[path], file=found.file)
        else:
            left_out.append(path)
    if left_out:
        report.note("Without a sound row in the metadata table, so left out", left_out)
    for path in sorted((lines or {}).keys() - set(seen.values())):
        report.refuse_file(path, MissingFileError("The table names it, but there is no such file."))


class DuplicatePathError(EarmarkError):
    """Two files whose names differ only in case or Unicode form."""

    code = "ingest.path_duplicate"


class MissingFileError(EarmarkError):
    """A row without its file."""

    code = "ingest.file_missing"


def _note_twins(groups: Iterable[Sequence[str]], report: Report) -> None:
    """Say which files have the same bytes; each comes in under its own name."""
    for paths in groups:
        if len(paths) > 1:
            report.note("The same bytes under several names", paths)


def _group_by_blob(accepted: Sequence[AcceptedFile]) -> Iterable[Sequence[str]]:
    paths: dict[int, list[str]] = {}
    for item in accepted:
        paths.setdefault(item.blob_id, []).append(item.line.path)
    return paths.values()


def _group_by_bytes(arrivals: Sequence[Arrival]) -> Iterable[Sequence[str]]:
    """What keeping the files would find: only those of one size are read."""
    by_size: dict[int, list[Arrival]] = {}
    for arrival in arrivals:
        if arrival.file is not None:
            by_size.setdefault(arrival.file.stat().st_size, []).append(arrival)
    by_hash: dict[bytes, list[str]] = {}
    for same in by_size.values():
        for arrival in same if len(same) > 1 else ():
            assert arrival.file is not None
            with arrival.file.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
            by_hash.setdefault(digest, []).append(arrival.line.path)
    return by_hash.values()


@transaction.atomic
def import_consents(
    *,
    actor: User,
    organisation: Organisation,
    table: Path,
    datasets: Sequence[Dataset] = (),
    dry_run: bool = False,
) -> Report:
    """Record the consents of a table. Rows that are wrong are named; the others are recorded whole.

    `datasets` are what forms that are new ask about, beside what rows say.
    """
    require_permission(actor, Permission.CONSENT_RECORD, organisation)
    # Until the end nobody else writes to the ledger: what is checked here is what is recorded.
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    report = Report(dry_run=dry_run)
    lines = read_consent_table(table)
    kept = list(lines)
    report.add_rows(lines.errors)
    # Again after each round: a row may have rested on what a refused one said of its form.
    while problems := find_problems(organisation, [line.entry for line in kept], datasets):
        report.add_rows(collect_row_errors(kept, problems))
        refused = {problem.index for problem in problems}
        kept = [line for index, line in enumerate(kept) if index not in refused]
    with table.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with transaction.atomic():
        recorded = record_consents(
            actor=actor,
            organisation=organisation,
            entries=[line.entry for line in kept],
            datasets=datasets,
            table_sha256=sha256,
        )
        transaction.set_rollback(dry_run)
    report.added, report.unchanged = recorded.added, recorded.known
    if recorded.contributors_added:
        report.note(f"{recorded.contributors_added} contributors are new to the ledger")
    for form in recorded.forms:
        report.note(f"The form {form} is answered for the first time")
    return report


def correct_consent_from_table(
    *, actor: User, consent: Consent, table: Path, reason: str
) -> Consent:
    """Correct a consent by a table of one row. Raises TableUnreadableError and InvalidError."""
    lines = read_consent_table(table)
    found = list(lines)
    problems = [error.sentence() for error in lines.errors]
    if len(found) != 1 or problems:
        wrong = " ".join(problems) or f"It has {len(found)} rows."
        raise InvalidError(f"A correction is a table of one row that is right as a whole. {wrong}")
    return correct_consent(actor=actor, consent=consent, entry=found[0].entry, reason=reason)
