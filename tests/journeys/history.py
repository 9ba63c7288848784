"""One dataset on its way, as the product has it and as the model has it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apps.datasets.models import Clip, Dataset
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips
from apps.releases.models import Release
from apps.review.models import Decision
from datasets_catalog.release_states import PUBLIC_STATES
from tests.cast import Cast
from tests.factories.drafts import make_dataset, write_table
from tests.journeys.door_asking import hertz_of, md5_of
from tests.journeys.promise_model import Promise
from tests.sounds import tone, write_sound
from tests.stand_ins.hub.handle import HubHandle

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
# Who can be heard in each sound, which no table ever changes.
HEARD = {"solo": {"ben"}, "duo": {"ben", "kim"}, "voice": {"kim"}, "birds": set[str]()}
# The pitch of each, by which it is known again in whatever coding; hertz.
PITCH = {name: 400.0 + 90 * number for number, name in enumerate(HEARD)}
SAID = (
    "publish.open",
    "publish.gated",
    "share.raw_audio",
    "research.noncommercial",
    "research.commercial",
    "train.generative",
    "transfer.outside_eea",
)


@dataclass
class History:
    """The dataset, what was granted to whom until which day, and what happened so far."""

    cast: Cast
    folder: Path
    hub: HubHandle
    dataset: Dataset
    promise: Promise
    day: float = 0.0
    serial: int = 0
    granted: dict[str, list[tuple[frozenset[str], float | None]]] = field(default_factory=dict)
    sounds: dict[str, str] = field(default_factory=dict)
    signed: list[tuple[str, Release, str]] = field(default_factory=list)
    exclusions: dict[str, Decision] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, hertz in PITCH.items():
            file = write_sound(self.folder / f"{name}.wav", tone(hertz=hertz))
            self.sounds[md5_of(file.read_bytes())] = name
        self.bring({f"{name}.wav": (name, sorted(people)) for name, people in HEARD.items()})

    @property
    def now(self) -> datetime:
        return BEGIN + timedelta(days=self.day)

    @property
    def access(self) -> str:
        return self.current().access

    @property
    def repository(self) -> str:
        """Where this history sends its releases; no other does."""
        return f"acme/{self.folder.name.replace('_', '-')}"

    @property
    def story(self) -> str:
        """What happened, one line for each step."""
        return "\n".join(self.log)

    def bring(self, rows: Mapping[str, tuple[str, Sequence[str]]]) -> None:
        """Import sounds, by path, with whatever the rows say of who is in them."""
        folder = self.folder / f"import-{self.serial}"
        self.serial += 1
        folder.mkdir()
        for path, (sound, _) in rows.items():
            shutil.copy(self.folder / f"{sound}.wav", folder / path)
        table = [
            {"path": path, "licence": "CC0-1.0", "contributors": ";".join(people)}
            for path, (_, people) in rows.items()
        ]
        metadata = write_table(folder / "clips.csv", table)
        import_clips(actor=self.cast.ada, dataset=self.dataset, source=folder, metadata=metadata)
        scan_dataset(actor=self.cast.ada, dataset=self.current())

    def current(self) -> Dataset:
        return Dataset.objects.select_related("organisation").get(pk=self.dataset.pk)

    def releases(self) -> list[Release]:
        """What is out, newest first."""
        rows = Release.objects.filter(dataset=self.dataset, state__in=PUBLIC_STATES)
        return list(rows.select_related("dataset__organisation").order_by("-order"))

    def clip_of(self, sound: str) -> Clip:
        """A clip of the draft in which the sound is; DoesNotExist where there is none."""
        clips = Clip.objects.filter(dataset=self.dataset, path__startswith=sound)
        return clips.exclude(state=Clip.State.REMOVED).select_related("dataset", "blob")[:1].get()

    def sound_of(self, content: bytes) -> str | None:
        """Which sound it is, in whatever coding; None for what is none of them."""
        if name := self.sounds.get(md5_of(content)):
            return name
        hertz = hertz_of(content)
        close = (name for name, pitch in PITCH.items() if hertz and abs(hertz - pitch) < 20)
        return next(close, None)


def start_history(cast: Cast, folder: Path, hub: HubHandle) -> History:
    people = {name: frozenset(heard) for name, heard in HEARD.items()}
    return History(cast, folder, hub, make_dataset(cast), Promise(people))
