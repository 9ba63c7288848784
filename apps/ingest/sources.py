"""A folder or an archive on this server, as local files with their names."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apps.ingest.archives import read_members
from apps.ingest.folders import walk_folder
from apps.ingest.import_report import Report
from apps.ingest.members import ArchiveError, ArchiveTornError, Member, MemberError
from apps.ingest.paths import PathInvalidError
from datasets_catalog.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file under its name in the source, in the source's own order."""

    name: str
    file: Path


def open_source(source: Path, work: Path, report: Report) -> Iterator[SourceFile]:
    """The files of a folder, or of an archive unpacked into `work` under names of our own.

    Members that are refused, and where a torn archive ends, go into the report; what came whole
    before is yielded. Raises `NotFoundError` and `ArchiveError` for an unusable source.
    """
    if not source.exists():
        raise NotFoundError(f"There is nothing at {source}: give a folder or an archive.")

    def note_refused(name: str, problem: ArchiveError | PathInvalidError) -> None:
        report.refuse_file(name, problem)

    passed_over: list[str] = []

    def note_skipped(name: str, reason: str) -> None:
        passed_over.append(f"{name} ({reason})")

    if source.is_dir():
        for name, location in walk_folder(source, refused=note_refused, skipped=note_skipped):
            yield SourceFile(name, location)
    else:
        try:
            members = read_members(source, refused=note_refused, skipped=note_skipped)
            for number, member in enumerate(members):
                file = _unpack_member(member, work / f"{number:08d}", report)
                if file is not None:
                    yield SourceFile(member.name, file)
        except ArchiveTornError as problem:
            report.refuse_file(source.name, problem)
    if passed_over:
        report.note("Passed over", passed_over)


def _unpack_member(member: Member, target: Path, report: Report) -> Path | None:
    try:
        with target.open("wb") as file:
            shutil.copyfileobj(member.stream, file, 1 << 20)
    except MemberError as problem:
        report.refuse_file(member.name, problem)
        return None
    return target
