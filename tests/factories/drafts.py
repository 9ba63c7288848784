"""Drafts to release: a folder of sounds with its tables, and a dataset made of them."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.consent.forms import bind_form
from apps.consent.models import ConsentForm, FormReach
from apps.datasets.actions import create_dataset
from apps.datasets.models import Dataset
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips, import_consents
from apps.ingest.label_imports import import_labels
from apps.publishing.release_publication import publish_release_here
from apps.releases.actions import create_release, freeze_release, sign_off_release, submit_release
from apps.releases.models import Release
from tests.cast import Cast
from tests.sounds import tone, write_sound

PURPOSES = ("research.noncommercial", "publish.gated", "share.raw_audio")
# For an open door.
OPEN_PURPOSES = (*PURPOSES, "publish.open")


def write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """A CSV with the columns of all rows."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


@dataclass(frozen=True, slots=True)
class Folder:
    """Sounds and tables as a steward has them."""

    sounds: Path
    clips: Path
    consents: Path
    events: Path


def write_folder(base: Path, *, clips: int = 4) -> Folder:
    """A few tones: the first two with ben's consented part in them, two recordings, two splits."""
    sounds = base / "sounds"
    (sounds / "field").mkdir(parents=True)
    rows, events = [], []
    for number in range(clips):
        path = f"field/{number:03d}.wav"
        hertz = 300.0 + 20 * number
        write_sound(sounds / path, tone(seconds=0.5 + number / 100, hertz=hertz))
        rows.append(
            {
                "path": path,
                "licence": "CC-BY-4.0" if number % 2 else "CC0-1.0",
                "title": f"Tone {number}",
                "author": "Ada",
                "contributors": "ben" if number < 2 else "",
                "recording": f"session-{number // 2}",
                "split": "train" if number // 2 % 2 == 0 else "test",
                "environment": "studio",
            }
        )
        events.append({"path": path, "onset": 0.1, "offset": 0.3, "label": f"tone-{number % 3}"})
    consents = [
        {
            "contributor": "ben",
            "form": "voices",
            "form_version": "2",
            "given_at": "2026-01-15",
            "evidence_sha256": "ab" * 32,
            **dict.fromkeys(OPEN_PURPOSES, "allowed"),
            "train.generative": "denied",
        }
    ]
    return Folder(
        sounds,
        write_table(base / "clips.csv", rows),
        write_table(base / "consents.csv", consents),
        write_table(base / "events.csv", events),
    )


def make_dataset(cast: Cast, name: str = "tones", **settings: str) -> Dataset:
    return create_dataset(
        actor=cast.ada,
        organisation=cast.acme,
        name=name,
        vertical="sfx",
        title="Tones",
        description="Tones that stand for sounds in tests.",
        **settings,
    )


def ask_about(cast: Cast, dataset: Dataset) -> None:
    """Let a form that was answered for another dataset ask about this one, too."""
    for form in ConsentForm.objects.filter(organisation=cast.acme):
        if FormReach.objects.filter(form=form).exists():
            bind_form(actor=cast.cleo, form=form, dataset=dataset, reason="asked about both")


def make_draft(cast: Cast, base: Path, *, clips: int = 4, name: str = "tones") -> Dataset:
    """A dataset whose draft is ready to freeze: imported, consented, labelled, scanned."""
    folder = write_folder(base, clips=clips)
    dataset = make_dataset(cast, name)
    report = import_clips(
        actor=cast.ada, dataset=dataset, source=folder.sounds, metadata=folder.clips
    )
    assert report.is_clean, report.sentences()
    ask_about(cast, dataset)
    consented = import_consents(
        actor=cast.ada, organisation=cast.acme, table=folder.consents, datasets=[dataset]
    )
    assert consented.is_clean, consented.sentences()
    import_labels(actor=cast.ada, dataset=dataset, source=folder.events, format_name="native")
    scan_dataset(actor=cast.ada, dataset=dataset)
    dataset.refresh_from_db()
    return dataset


def allow_more(cast: Cast, base: Path, dataset: Dataset, purposes: Sequence[str]) -> None:
    """Have ben answer a later version of the form, in which these are allowed as well."""
    row = {
        "contributor": "ben",
        "form": "voices",
        "form_version": "3",
        "given_at": "2026-01-16",
        "evidence_sha256": "cd" * 32,
        **dict.fromkeys([*OPEN_PURPOSES, *purposes], "allowed"),
    }
    table = write_table(base / "more.csv", [row])
    import_consents(actor=cast.ada, organisation=cast.acme, table=table, datasets=[dataset])


def make_release(
    cast: Cast, dataset: Dataset, version: str = "1.0.0", purposes: Sequence[str] = PURPOSES
) -> Release:
    """A frozen release of the draft."""
    release = create_release(actor=cast.ada, dataset=dataset, version=version, purposes=purposes)
    return freeze_release(actor=cast.ada, release=release)


def approve(cast: Cast, release: Release) -> Release:
    """Submit and sign a frozen release for both parts."""
    release = submit_release(actor=cast.ada, release=release)
    release = sign_off_release(actor=cast.cleo, release=release, part="privacy")
    return sign_off_release(actor=cast.cleo, release=release, part="rights")


def make_published(
    cast: Cast,
    base: Path,
    *,
    clips: int = 4,
    name: str = "tones",
    version: str = "1.0.0",
    purposes: Sequence[str] = PURPOSES,
) -> Release:
    """A published release, walked the whole way by the people whose steps they are."""
    dataset = make_draft(cast, base, clips=clips, name=name)
    if more := sorted(set(purposes) - set(OPEN_PURPOSES)):
        allow_more(cast, base, dataset, more)
    release = make_release(cast, dataset, version, purposes)
    return publish_release_here(actor=cast.rita, release=approve(cast, release))
