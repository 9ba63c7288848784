"""Hand a reviewer what has to be heard before it is decided on, and note that it was."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.datasets.access import fetch_dataset_to_edit
from apps.datasets.models import Clip
from apps.detection.models import Finding
from apps.doors.web.page_sounds import cut_window
from apps.doors.web.review_windows import find_windows, split_into_windows
from apps.review.access import fetch_finding, filter_open_findings, list_visible_findings
from apps.review.playback_records import choose_batch_sample, find_span, find_unheard, note_playback
from apps.review.sampling import fetch_sample_clip
from datasets_catalog.errors import InvalidError
from datasets_catalog.roles import Permission
from earmark.management.base import Command as Base


@dataclass(frozen=True, slots=True)
class WrittenExcerpt:
    """A file for the ears: which seconds of which clip."""

    file: Path
    clip: str
    onset: float
    offset: float

    def as_json(self) -> dict[str, Any]:
        return {
            "file": str(self.file),
            "clip": self.clip,
            "onset": self.onset,
            "offset": self.offset,
        }


class Command(Base):
    help = (
        "Write what was found in the sound to WAV files, to be heard before it is cleared: a"
        " finding, a clip of a sample, or the random part of a batch."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "what",
            metavar="FINDING",
            help="as `findings` lists it; with --batch ORG/NAME; with --sample a clip's UID",
        )
        parser.add_argument("--output", required=True, type=Path, metavar="FOLDER")
        parser.add_argument(
            "--batch",
            metavar="KIND",
            help="what has to be heard before all of the kind are cleared",
        )
        parser.add_argument(
            "--sample", action="store_true", help="a clip of a sample, as `sample show` lists it"
        )

    def work(self, actor: User | None, options: dict[str, Any]) -> list[dict[str, Any]]:
        assert actor is not None
        options["output"].mkdir(parents=True, exist_ok=True)
        return [each.as_json() for each in self._write(actor, options)]

    def _write(self, actor: User, options: dict[str, Any]) -> Iterator[WrittenExcerpt]:
        folder: Path = options["output"]
        if options["sample"]:
            clip = fetch_sample_clip(actor, options["what"]).clip
            for at, part in enumerate(split_into_windows(clip.duration), 1):
                yield _write_excerpt(
                    actor, clip, part.start, part.end, folder / f"{clip.uid}-{at}.wav"
                )
            return
        for row in self._choose_findings(actor, options):
            for at, part in enumerate(find_windows([row], row.clip.duration), 1):
                name = f"{row.uid}-{at}.wav"
                yield _write_excerpt(actor, row.clip, part.start, part.end, folder / name)

    def _choose_findings(self, actor: User, options: dict[str, Any]) -> list[Finding]:
        if not options["batch"]:
            row = fetch_finding(actor, options["what"])
            if find_span(row) is None:
                raise InvalidError(f"{row.kind} in {row.clip.path} is not in the sound: read it.")
            return [row]
        dataset = fetch_dataset_to_edit(actor, options["what"], Permission.FINDING_VIEW)
        rows = filter_open_findings(list_visible_findings(actor, dataset)).filter(
            kind=options["batch"]
        )
        sample = choose_batch_sample(list(rows))
        return find_unheard(actor, sample.findings) if sample else []

    def say(self, value: list[dict[str, Any]]) -> list[str]:
        if not value:
            return ["Nothing of it is left to be heard."]
        return [
            f"{row['file']}  {row['onset']:.2f}-{row['offset']:.2f} s of {row['clip']}"
            for row in value
        ]


def _write_excerpt(
    actor: User, clip: Clip, onset: float, offset: float, file: Path
) -> WrittenExcerpt:
    require_permission(actor, Permission.FINDING_DECIDE, clip.dataset.organisation)
    file.write_bytes(cut_window(clip.blob, onset, offset))
    note_playback(
        actor=actor,
        dataset=clip.dataset,
        content=clip.blob.sha256,
        onset=onset,
        offset=offset,
    )
    return WrittenExcerpt(file, clip.path, onset, offset)
