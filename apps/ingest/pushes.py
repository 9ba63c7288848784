"""A push of the Hub's clients into a draft: one commit, taken whole or refused whole."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from apps.accounts.access import has_permission, require_permission
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.actions import remove_clips, update_dataset
from apps.datasets.models import Clip, Dataset
from apps.ingest.actions import DuplicatePathError, import_consents
from apps.ingest.clip_table import ClipLine
from apps.ingest.draft_files import (
    FileRole,
    compute_head,
    compute_head_after_push,
    find_role,
    list_draft_files,
)
from apps.ingest.import_report import Report
from apps.ingest.importers.imported_labels import LossReport
from apps.ingest.intake import AcceptedFile, Arrival, admit_clips, examine_arrivals
from apps.ingest.label_imports import write_labels
from apps.ingest.label_rows import LabelReader
from apps.ingest.models import Push, PushedFile
from apps.ingest.paths import clean_path, compute_clash_key
from apps.ingest.push_card import read_card_changes
from apps.ingest.push_matching import (
    PushMatches,
    find_table,
    match_push,
    read_pushed_clip_lines,
    read_pushed_event_lines,
    serialise_probe,
)
from apps.ingest.row_readers import Problem, RowError, RowErrors
from apps.review.actions import start_scan
from apps.storage.blobs import find_blobs, put_blob
from apps.storage.models import Blob
from datasets_catalog.errors import ConflictError, InvalidError, NotFoundError
from datasets_catalog.git_objects import compute_blob_oid, compute_pointer_oid
from datasets_catalog.roles import Permission

OPERATIONS = 25_000
INLINE_BYTES = 10 * 1024 * 1024
MOST_NAMED = 20


class PushRefusedError(InvalidError):
    """A file or a row of the commit is wrong; nothing of the commit was taken."""

    code = "push.refused"


class PushStaleError(ConflictError):
    """The draft changed since the commit that the push builds on."""

    code = "push.stale"


class PushedFileUnknownError(NotFoundError):
    """The draft has no such file to delete."""

    code = "push.file_unknown"


@dataclass(frozen=True, slots=True)
class Addition:
    """A file whose bytes arrived before, named by SHA-256; `size` in bytes where it was said."""

    path: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Inline:
    """A small file that comes with the commit."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Removal:
    """A file, or everything in a folder, to be taken out of the draft."""

    path: str
    folder: bool = False


Change = Addition | Inline | Removal


@dataclass(slots=True)
class _Commit:
    """The changes of one push, looked at and ready to be written."""

    title: str
    message: str
    removals: list[Removal] = field(default_factory=list)
    files: dict[str, Blob] = field(default_factory=dict)
    oids: dict[str, str] = field(default_factory=dict)
    consents: dict[str, bytes] = field(default_factory=dict)
    card: str | None = None
    sounds: dict[str, AcceptedFile] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    is_to_scan: bool = False

    def has(self, part: FileRole) -> bool:
        return any(find_role(path) is part for path in self.files)


def push_commit(
    *,
    actor: User,
    dataset: Dataset,
    changes: Sequence[Change],
    title: str,
    message: str = "",
    parents: Iterable[str] = (),
) -> Push:
    """Take one commit into the draft; all of it, or PushRefusedError says what is wrong.

    Sounds come in as clips once a row of the clip table speaks of them and wait until then; rows
    wait for their files. `parents` are the commit ids of which one must still be the draft's:
    PushStaleError otherwise; none given, nothing is compared. Decodes outside the transaction, so
    it can be killed at any point: kept bytes without a row are found again.
    """
    require_permission(actor, Permission.CLIP_INGEST, dataset.organisation)
    if len(changes) > OPERATIONS:
        raise InvalidError(f"A commit has at most {OPERATIONS} operations: cut it.")
    wanted = frozenset(parents)
    _require_parent(dataset, wanted)
    commit = _examine_changes(dataset, changes, _Commit(title.strip()[:500], message.strip()))
    with transaction.atomic():
        row = Dataset.objects.select_for_update(of=("self",)).select_related("organisation")
        locked = row.get(pk=dataset.pk)
        # Decoding took its time: somebody may have pushed since it was asked first.
        _require_parent(locked, wanted)
        _write_commit(actor, locked, commit)
        return _record_push(actor, locked, commit)


def _require_parent(dataset: Dataset, parents: frozenset[str]) -> None:
    if parents and compute_head(dataset) not in parents:
        raise PushStaleError(
            "A commit has happened since: the draft was changed after the commit that this one"
            " builds on. Look at it again and push again."
        )


def _examine_changes(dataset: Dataset, changes: Sequence[Change], commit: _Commit) -> _Commit:
    """Find the bytes of every file and decode the sounds."""
    kept = find_blobs(dataset.uid, {each.sha256 for each in changes if isinstance(each, Addition)})
    for change in changes:
        path = _clean_change_path(change)
        match change:
            case Removal():
                commit.removals.append(Removal(path, change.folder))
            case _ if find_role(path) is FileRole.HIDDEN:
                commit.notes.append(f"{path} was left out: names that begin with a dot are.")
            case Addition():
                commit.files[path] = _require_arrived(path, change, kept)
                blob = commit.files[path]
                commit.oids[path] = compute_pointer_oid(blob.sha256, blob.size)
            case Inline():
                _take_inline_file(dataset, commit, path, change.content)
    _refuse_clashes(dataset, commit)
    _decode_sounds(dataset, commit)
    return commit


def _clean_change_path(change: Change) -> str:
    path = clean_path(change.path.rstrip("/") if isinstance(change, Removal) else change.path)
    if ".git" in path.split("/"):
        raise InvalidError(f"{path}: .git is not a name for files of a dataset.")
    return path


def _require_arrived(path: str, change: Addition, kept: dict[str, Blob]) -> Blob:
    blob = kept.get(change.sha256)
    if blob is None or change.size not in (None, blob.size):
        raise PushRefusedError(
            f"{path}: its bytes ({change.sha256}) did not arrive for this dataset:"
            " upload them first."
        )
    if find_role(path) is FileRole.CONSENTS:
        raise PushRefusedError(f"{path} comes within the commit, so that its bytes are not kept.")
    return blob


def _take_inline_file(dataset: Dataset, commit: _Commit, path: str, content: bytes) -> None:
    if len(content) > INLINE_BYTES:
        raise PushRefusedError(f"{path} is too large to come within the commit.")
    if find_role(path) is FileRole.CONSENTS:
        commit.consents[path] = content
        return
    if not content:
        raise PushRefusedError(f"{path} has no bytes: leave it out.")
    if find_role(path) is FileRole.CARD:
        commit.card = content.decode(errors="replace")
    commit.files[path] = put_blob(dataset.uid, BytesIO(content))
    commit.oids[path] = compute_blob_oid(content)


def _refuse_clashes(dataset: Dataset, commit: _Commit) -> None:
    """No two files of the draft may differ by case or Unicode form alone."""
    known = {compute_clash_key(file.path): file.path for file in list_draft_files(dataset)}
    for path in commit.files:
        other = known.setdefault(compute_clash_key(path), path)
        if other != path:
            raise DuplicatePathError(f"{path} is the same name as {other} on some disks.")


def _decode_sounds(dataset: Dataset, commit: _Commit) -> None:
    report = Report()
    arrivals = [
        Arrival(ClipLine(row=0, path=path), blob=blob)
        for path, blob in commit.files.items()
        if find_role(path) is FileRole.SOUND
    ]
    for accepted in examine_arrivals(arrivals, report, dataset=dataset):
        commit.sounds[accepted.line.path] = accepted
    _refuse_wrong_files(report)


def _refuse_wrong_files(report: Report, source: str = "") -> None:
    if report.is_clean:
        return
    problems = [error.sentence() for error in report.row_errors]
    problems = [f"{source}, {text}" if source else text for text in problems]
    problems += [f"{error.path}: {error.message}" for error in report.file_errors]
    total = report.row_error_count + report.file_error_count
    more = f" … and {total - MOST_NAMED} more" if total > MOST_NAMED else ""
    raise PushRefusedError(
        f"Nothing of this commit was taken. {' '.join(problems[:MOST_NAMED])}{more}",
        errors=problems[:MOST_NAMED],
        report=report.as_json(),
    )


def _refuse_rows(errors: Iterable[RowError], table: str) -> None:
    found = RowErrors()
    for error in errors:
        found.add(error)
    report = Report()
    report.add_rows(found)
    _refuse_wrong_files(report, table)


def _write_commit(actor: User, dataset: Dataset, commit: _Commit) -> None:
    """Inside the transaction, with the dataset locked."""
    for removal in commit.removals:
        _remove_files(actor, dataset, removal)
    for path, content in commit.consents.items():
        _record_consents(actor, dataset, path, content)
    _keep_files(actor, dataset, commit)
    if commit.card is not None:
        changes = read_card_changes(commit.card)
        if changes:
            update_dataset(actor=actor, dataset=dataset, changes=changes)
    fresh = _admit_matching_clips(actor, dataset, commit)
    _label_clips(actor, dataset, commit, fresh)


def _remove_files(actor: User, dataset: Dataset, removal: Removal) -> None:
    inside = f"{removal.path}/"
    pushed = PushedFile.objects.filter(dataset=dataset)
    clips = Clip.objects.filter(dataset=dataset).exclude(state=Clip.State.REMOVED)
    if removal.folder:
        pushed = pushed.filter(path__startswith=inside)
        clips = clips.filter(path__startswith=inside)
    else:
        pushed, clips = pushed.filter(path=removal.path), clips.filter(path=removal.path)
    gone, _ = pushed.delete()
    paths = list(clips.values_list("path", flat=True))
    if paths:
        remove_clips(actor=actor, dataset=dataset, paths=paths)
    if not gone and not paths:
        raise PushedFileUnknownError(f"A file with this name doesn't exist: {removal.path}")


def _record_consents(actor: User, dataset: Dataset, path: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=settings.WORK_ROOT) as folder:
        table = Path(folder) / path
        table.write_bytes(content)
        report = import_consents(
            actor=actor, organisation=dataset.organisation, table=table, datasets=[dataset]
        )
    _refuse_wrong_files(report, path)


def _keep_files(actor: User, dataset: Dataset, commit: _Commit) -> None:
    rows = []
    for path, blob in commit.files.items():
        sound = commit.sounds.get(path)
        rows.append(
            PushedFile(
                dataset=dataset,
                path=path,
                blob=blob,
                git_oid=commit.oids[path],
                is_large=commit.oids[path] == compute_pointer_oid(blob.sha256, blob.size),
                probe=serialise_probe(sound.probed) if sound else {},
                pushed_by=actor,
            )
        )
    PushedFile.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["dataset", "path"],
        update_fields=["blob", "git_oid", "is_large", "probe", "pushed_by", "pushed_at"],
    )


def _admit_matching_clips(actor: User, dataset: Dataset, commit: _Commit) -> set[str]:
    """Make clips of what belongs together; returns the paths of those that are new."""
    table = find_table(dataset, FileRole.CLIPS)
    lines: list[ClipLine] = []
    if table is not None:
        lines, errors = read_pushed_clip_lines(dataset, table)
        if commit.has(FileRole.CLIPS):
            _refuse_rows(errors, table.path)
    matched = match_push(
        dataset, actor.pk, lines, None if commit.has(FileRole.CLIPS) else commit.sounds
    )
    total = Report()
    for pusher in User.objects.filter(pk__in=matched.accepted):
        report = Report()
        admit_clips(
            actor=pusher, dataset=dataset, accepted=matched.accepted[pusher.pk], report=report
        )
        total.added += report.added
        total.changed += report.changed
    PushedFile.objects.filter(dataset=dataset, pk__in=matched.taken).delete()
    _note_outcome(dataset, commit, matched, total)
    return matched.fresh


def _note_outcome(dataset: Dataset, commit: _Commit, matched: PushMatches, total: Report) -> None:
    if total.added or total.changed:
        commit.is_to_scan = True
        commit.notes.append(f"{total.added} clips were added, {total.changed} were changed.")
    waiting = PushedFile.objects.filter(dataset=dataset).exclude(probe={}).count()
    if waiting:
        commit.notes.append(
            f"{waiting} sounds wait in the draft until a row of clips.csv speaks of them."
        )
    if matched.without_file:
        commit.notes.append(
            f"{len(matched.without_file)} rows wait for their files,"
            f" {matched.without_file[0]} first."
        )


def _label_clips(actor: User, dataset: Dataset, commit: _Commit, fresh: set[str]) -> None:
    """Add the events of the table: all of a new one, of a known one those of new clips."""
    table = find_table(dataset, FileRole.EVENTS)
    if table is None or not (fresh or commit.has(FileRole.EVENTS)):
        return
    require_permission(actor, Permission.EVENT_EDIT, dataset.organisation)
    lines, errors = read_pushed_event_lines(table)
    losses = LossReport()
    rows = LabelReader(dataset, actor, errors, losses).read(lines)
    if not commit.has(FileRole.EVENTS):
        rows, errors, losses = rows.of_paths(fresh), RowErrors(), LossReport()
    report = Report()
    write_labels(dataset, rows, report, errors, losses)
    waiting = errors.by_code[Problem.CLIP_UNKNOWN]
    _refuse_rows([each for each in errors if each.code != Problem.CLIP_UNKNOWN], table.path)
    if waiting:
        commit.notes.append(f"{waiting} labels wait for their clips.")
    if report.added:
        commit.notes.append(f"{report.added} labels were added.")
    commit.notes += [f"{loss.count}: {loss.reason}." for loss in losses]


def _record_push(actor: User, dataset: Dataset, commit: _Commit) -> Push:
    dataset.refresh_from_db(fields=["draft_serial"])
    row = Push.objects.create(
        dataset=dataset,
        # Its own number is part of its id, so it is known only after it is written.
        oid=f"{uuid4().hex}00000000",
        title=commit.title or "Push",
        message=commit.message,
        pushed_by=actor,
        report=commit.notes,
    )
    row.oid = compute_head_after_push(dataset, row.pk)
    row.save(update_fields=["oid"])
    record.draft_pushed(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        commit=row.oid,
        files=len(commit.files),
        removed=len(commit.removals),
    )
    if commit.is_to_scan and has_permission(actor, Permission.FINDING_VIEW, dataset.organisation):
        start_scan(actor=actor, dataset=dataset)
    return row
