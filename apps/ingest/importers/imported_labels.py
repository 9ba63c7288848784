"""What every importer gives: labels, clips, and a report of what the format's meaning lost."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from apps.ingest.clip_table import ClipLine
from apps.ingest.event_table import LabelLine
from apps.ingest.row_readers import Problem, RowError, RowErrors
from apps.ingest.table_files import TableUnreadableError
from datasets_catalog.errors import InvalidError

KEPT_EXAMPLES = 5

T = TypeVar("T")


class LabelsUnreadableError(InvalidError):
    """The file or folder is not what its format says; the message names what was expected."""

    code = "ingest.labels_unreadable"


@dataclass(slots=True)
class Loss:
    """One way in which what came in says less, or something else, than the source."""

    reason: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


class LossReport:
    """Everything that was dropped or changed, counted by reason with a few examples."""

    def __init__(self) -> None:
        self._by_reason: dict[str, Loss] = {}

    def note(self, reason: str, example: str = "", count: int = 1) -> None:
        loss = self._by_reason.setdefault(reason, Loss(reason))
        loss.count += count
        if example and len(loss.examples) < KEPT_EXAMPLES:
            loss.examples.append(example)

    def count(self, reason: str) -> int:
        return self._by_reason[reason].count if reason in self._by_reason else 0

    def __iter__(self) -> Iterator[Loss]:
        return iter(self._by_reason.values())

    def __bool__(self) -> bool:
        return bool(self._by_reason)

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {"reason": loss.reason, "count": loss.count, "examples": loss.examples} for loss in self
        ]


@dataclass(slots=True)
class Labels:
    """Lines as a stream, read once; the other fields are complete when the stream has ended.

    The path of a line is the clip's where the source says it, else the file's name or its stem.
    """

    lines: Iterable[LabelLine]
    errors: RowErrors = field(default_factory=RowErrors)
    losses: LossReport = field(default_factory=LossReport)


@dataclass(slots=True)
class LayoutClips:
    """Clip lines that a corpus's folder brings along, read once; paths start at the folder."""

    lines: Iterable[ClipLine]
    errors: RowErrors = field(default_factory=RowErrors)
    losses: LossReport = field(default_factory=LossReport)

    def __iter__(self) -> Iterator[ClipLine]:
        return iter(self.lines)


def read_each_file(
    source: Path,
    files: Iterable[Path],
    errors: RowErrors,
    read: Callable[[Path], Iterator[T]],
) -> Iterator[T]:
    """Chain what `read` gives for each file; in a folder, an unreadable file is one error."""
    for file in files:
        is_only = file == source
        errors.source = "" if is_only else file.relative_to(source).as_posix()
        try:
            yield from read(file)
        except TableUnreadableError as error:
            if is_only:
                raise
            row = int(error.detail.get("line", 0))
            errors.add(RowError(row, "", "", error.message, Problem.ROW_UNREADABLE))
    errors.source = ""
