"""What the demo is made of: files in a folder, and the tables that say what they are."""

import csv
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from earmark.demo.debian import (
    FileLicence,
    RecordingsUnavailableError,
    fetch_package,
    find_licence,
    read_licences,
)
from earmark.demo.soundscapes import Soundscape, synthesise_soundscapes

# Our own choice from each package; licence and author come from its copyright file.
CHOSEN = {
    "sonic-pi-samples": (
        "drum_cowbell", "drum_cymbal_hard", "drum_heavy_kick", "drum_roll", "drum_snare_hard",
        "drum_tom_lo_hard", "elec_bell", "elec_chime", "elec_wood", "guit_em9", "guit_harmonics",
        "loop_amen", "misc_crow", "perc_bell", "perc_snap", "perc_swash", "tabla_ke1", "tabla_na",
        "tabla_tun1", "vinyl_hiss", "vinyl_scratch",
    ),
    "sound-theme-freedesktop": (
        "bell", "camera-shutter", "complete", "message", "power-plug", "trash-empty",
        "alarm-clock-elapsed",
    ),
    "asterisk-core-sounds-en-wav": ("auth-thankyou", "vm-goodbye"),
}  # fmt: skip
# Real voices of people who were never asked: what the detectors must catch.
VOICES = "asterisk-core-sounds-en-wav"
LATER = {"perc_snap", "power-plug"}
FREE = ("CC0", "CC-BY")
CONTRIBUTOR = "ben"
MOVED_SECONDS = 0.04

Row = Mapping[str, object]


@dataclass(slots=True)
class Material:
    """Files under `sounds` and the rows about them; `later` come with the second version."""

    folder: Path
    rows: list[dict[str, object]] = field(default_factory=list)
    later: list[dict[str, object]] = field(default_factory=list)
    events: list[dict[str, object]] = field(default_factory=list)
    moved: list[dict[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def sounds(self) -> Path:
        return self.folder / "sounds"


def gather_material(folder: Path) -> Material:
    """Real recordings where they can be fetched, synthetic soundscapes always."""
    material = Material(folder)
    shutil.rmtree(material.sounds, ignore_errors=True)
    for package, names in CHOSEN.items():
        try:
            _take_package(material, package, names)
        except RecordingsUnavailableError as problem:
            material.notes.append(f"No real recordings from {package}: {problem.message}")
    scapes = synthesise_soundscapes(material.sounds / "synthetic", clips=12)
    for number, scape in enumerate(scapes):
        _take_soundscape(material, scape, consented=number % 3 == 0)
    return material


def _take_package(material: Material, package: str, names: Sequence[str]) -> None:
    unpacked = fetch_package(package, material.folder / "packages")
    known = read_licences(unpacked / "usr" / "share" / "doc" / package / "copyright")
    for path in sorted(unpacked.rglob("*")):
        if path.stem not in names or path.is_symlink() or not path.is_file():
            continue
        said = find_licence(PurePosixPath(path.relative_to(unpacked)), known)
        if said is None or not said.licence.startswith(FREE):
            continue
        if package == "sonic-pi-samples" and not said.is_own:
            # Its copyright file and its readme disagree on samples without a stanza of their own.
            continue
        _take_file(material, package, path, said)


def _take_file(material: Material, package: str, path: Path, said: FileLicence) -> None:
    name = f"{package.split('-en-', maxsplit=1)[0]}/{path.name}"
    target = material.sounds / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    row: dict[str, object] = {
        "path": name,
        "licence": said.licence,
        "title": path.stem.replace("_", " ").replace("-", " "),
        "author": said.author,
        "source_url": said.source_url or "",
        "recording": f"{package}/{path.stem}",
        "split": "test" if sum(path.stem.encode()) % 4 == 0 else "train",
    }
    (material.later if path.stem in LATER else material.rows).append(row)


def _take_soundscape(material: Material, scape: Soundscape, *, consented: bool) -> None:
    path = f"synthetic/{scape.path.name}"
    material.rows.append(
        {
            "path": path,
            "licence": "CC0-1.0",
            "title": scape.title,
            "author": "The demo of Earmark",
            "contributors": CONTRIBUTOR if consented else "",
            "recording": scape.recording,
            "environment": scape.environment,
            "split": "train",
            "synthetic": "true",
        }
    )
    for number, event in enumerate(scape.events):
        row: dict[str, object] = {
            "path": path,
            "onset": round(event.onset, 4),
            "offset": round(event.offset, 4),
            "label": event.label,
            "f_low": event.f_low,
            "f_high": event.f_high,
            "source": "synthetic",
        }
        material.events.append(row)
        if scape.path.stem.endswith("001"):
            shift = MOVED_SECONDS if number == 0 else 0.0
            material.moved.append({**row, "onset": round(event.onset + shift, 4)})


CONSENT = {
    "contributor": CONTRIBUTOR,
    "form": "demonstration",
    "form_version": "1",
    "given_at": "2026-01-05",
    "research.noncommercial": "allowed",
    "train.discriminative": "allowed",
    "publish.gated": "allowed",
    "share.raw_audio": "allowed",
    "publish.open": "denied",
    "train.generative": "denied",
}


def write_csv(path: Path, rows: Sequence[Row]) -> Path:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def list_sound_paths(rows: Sequence[Row]) -> Iterator[str]:
    return (str(row["path"]) for row in rows)
