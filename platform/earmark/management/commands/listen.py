"""Hand a reviewer what has to be heard before it is decided on, and note that it was."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.access import require
from apps.accounts.models import User
from apps.datasets.access import dataset_to_edit
from apps.datasets.models import Clip
from apps.doors.web.hearing import stretches_of, windows_of
from apps.doors.web.listening import window
from apps.privacy.access import finding_for, findings_for, open_ones
from apps.privacy.models import Finding
from apps.privacy.playing import choose_batch_sample, find_unheard, note_playback, span_of
from apps.privacy.sampling import sample_clip_for
from datasets_catalog.errors import InvalidError
from datasets_catalog.roles import Permission
from earmark.management.base import Command as Base


@dataclass(frozen=True, slots=True)
class Written:
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

    def _write(self, actor: User, options: dict[str, Any]) -> Iterator[Written]:
        folder: Path = options["output"]
        if options["sample"]:
            clip = sample_clip_for(actor, options["what"]).clip
            for at, part in enumerate(stretches_of(clip.duration), 1):
                yield _hand_out(actor, clip, part.start, part.end, folder / f"{clip.uid}-{at}.wav")
            return
        for row in self._findings(actor, options):
            for at, part in enumerate(windows_of([row], row.clip.duration), 1):
                name = f"{row.uid}-{at}.wav"
                yield _hand_out(actor, row.clip, part.start, part.end, folder / name)

    def _findings(self, actor: User, options: dict[str, Any]) -> list[Finding]:
        if not options["batch"]:
            row = finding_for(actor, options["what"])
            if span_of(row) is None:
                raise InvalidError(f"{row.kind} in {row.clip.path} is not in the sound: read it.")
            return [row]
        dataset = dataset_to_edit(actor, options["what"], Permission.FINDING_VIEW)
        rows = open_ones(findings_for(actor, dataset)).filter(kind=options["batch"])
        sample = choose_batch_sample(list(rows))
        return find_unheard(actor, sample.findings) if sample else []

    def say(self, value: list[dict[str, Any]]) -> list[str]:
        if not value:
            return ["Nothing of it is left to be heard."]
        return [
            f"{row['file']}  {row['onset']:.2f}-{row['offset']:.2f} s of {row['clip']}"
            for row in value
        ]


def _hand_out(actor: User, clip: Clip, onset: float, offset: float, file: Path) -> Written:
    require(actor, Permission.FINDING_DECIDE, clip.dataset.organisation)
    file.write_bytes(window(clip.blob, onset, offset))
    note_playback(
        actor=actor,
        dataset=clip.dataset,
        content=clip.blob.sha256,
        onset=onset,
        offset=offset,
    )
    return Written(file, clip.path, onset, offset)
