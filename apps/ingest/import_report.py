"""What an import did and what it refused, for people and for programs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from apps.ingest.row_readers import RowError, RowErrors
from datasets_catalog.errors import EarmarkError

MOST_KEPT = 1000
MOST_NAMED = 10


@dataclass(slots=True)
class FileError:
    """One file that was refused, and why."""

    path: str
    code: str
    message: str


@dataclass(slots=True)
class Report:
    """Counts of what came in, everything that did not, and what is worth knowing."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    dry_run: bool = False
    row_errors: list[RowError] = field(default_factory=list)
    row_error_count: int = 0
    file_errors: list[FileError] = field(default_factory=list)
    file_error_count: int = 0
    notes: list[str] = field(default_factory=list)
    losses: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.row_error_count and not self.file_error_count

    def refuse_file(self, path: str, problem: EarmarkError) -> None:
        self.file_error_count += 1
        if len(self.file_errors) < MOST_KEPT:
            self.file_errors.append(FileError(path, problem.code, problem.message))

    def add_rows(self, errors: RowErrors) -> None:
        self.row_errors.extend(list(errors)[: MOST_KEPT - len(self.row_errors)])
        self.row_error_count += len(errors)

    def note(self, text: str, names: Iterable[str] = ()) -> None:
        listed = list(names)
        shown = ", ".join(listed[:MOST_NAMED])
        if len(listed) > MOST_NAMED:
            shown += f" and {len(listed) - MOST_NAMED} more"
        self.notes.append(f"{text}: {shown}" if listed else text)

    def as_json(self) -> dict[str, Any]:
        return {
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "dry_run": self.dry_run,
            "errors": self.row_error_count + self.file_error_count,
            "row_errors": [
                {
                    "source": error.source,
                    "row": error.row,
                    "column": error.column,
                    "value": error.value,
                    "expected": error.expected,
                    "code": str(error.code),
                }
                for error in self.row_errors
            ],
            "file_errors": [
                {"path": error.path, "code": error.code, "message": error.message}
                for error in self.file_errors
            ],
            "notes": self.notes,
            "losses": self.losses,
        }

    def sentences(self) -> list[str]:
        """The report as lines to print."""
        verb = "would be" if self.dry_run else "were"
        lines = [
            f"{self.added} {verb} added, {self.changed} {verb} changed,"
            f" {self.unchanged} are as they were."
        ]
        lines += [f"note: {text}" for text in self.notes]
        lines += [f"loss: {loss['reason']} ({loss['count']})" for loss in self.losses]
        lines += [f"error: {error.sentence()}" for error in self.row_errors]
        lines += [f"error: {error.path}: {error.message}" for error in self.file_errors]
        hidden = self.row_error_count + self.file_error_count
        hidden -= len(self.row_errors) + len(self.file_errors)
        return [*lines, *([f"… and {hidden} more errors"] if hidden else [])]
