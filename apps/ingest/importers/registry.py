"""The label formats Earmark reads, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from apps.ingest.importers import audacity, audioset_strong, desed, fsd50k, native
from apps.ingest.importers.labels import Labels, LayoutClips
from apps.ingest.licence_names import LicenceCheck
from apps.ingest.paths import readable
from datasets_catalog.errors import InvalidError, NotFoundError
from datasets_catalog.licences import Licences


class FormatUnknownError(InvalidError):
    """No label format has this name, or none fits the file."""

    code = "ingest.format_unknown"


@dataclass(frozen=True, slots=True)
class Format:
    """One label format: `detect` looks at the first bytes only, `read` gives the labels."""

    name: str
    title: str
    detect: Callable[[Path], bool]
    read: Callable[[Path], Labels]


# In the order in which they are tried: those with unmistakable columns first.
FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format("native", "Earmark's event table", native.detect, native.read),
        Format("fsd50k", "FSD50K", fsd50k.detect, fsd50k.read),
        Format(
            "audioset_strong",
            "AudioSet strong labels",
            audioset_strong.detect,
            audioset_strong.read,
        ),
        Format("desed", "DCASE task 4 (DESED)", desed.detect, desed.read),
        Format("audacity", "Audacity label tracks", audacity.detect, audacity.read),
    )
}


def detect(source: Path) -> str | None:
    """Name the format of a file or folder; None where none fits."""
    for entry in FORMATS.values():
        if entry.detect(source):
            return entry.name
    return None


def read_labels(source: Path, format_name: str | None = None) -> Labels:
    """Read labels in the named format, or in the one that fits.

    Raises NotFoundError, FormatUnknownError, LabelsUnreadableError and TableUnreadableError.
    """
    if not source.exists():
        raise NotFoundError(f"There is nothing at {source}: give a label file or a folder.")
    name = format_name or detect(source)
    known = ", ".join(FORMATS)
    if name is None:
        raise FormatUnknownError(f"{source.name} fits no known format; name one of {known}.")
    if name not in FORMATS:
        raise FormatUnknownError(
            f"There is no label format {readable(name)}; it is one of {known}."
        )
    return FORMATS[name].read(source)


def clips_of_layout(folder: Path, *, licence: LicenceCheck | None = None) -> LayoutClips | None:
    """Read the clip lines a known corpus's folder brings along; None where it is no such folder.

    Without `licence` only the packaged licences are known, not an organisation's own terms.
    """
    return fsd50k.clips(folder, licence or _packaged) or desed.clips(folder)


def _packaged(text: str) -> str:
    return Licences().expression(text).text
