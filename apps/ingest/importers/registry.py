"""The label formats Earmark reads, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from apps.ingest.importers import audacity, audioset_strong, desed, fsd50k, native
from apps.ingest.importers.imported_labels import Labels, LayoutClips
from apps.ingest.licence_names import LicenceCheck
from apps.ingest.paths import quote_text
from datasets_catalog.errors import InvalidError, NotFoundError
from datasets_catalog.licences import Licences


class FormatUnknownError(InvalidError):
    """No label format has this name, or none fits the file."""

    code = "ingest.format_unknown"


@dataclass(frozen=True, slots=True)
class Format:
    """One label format: `detect_format` looks at the first bytes only, `read` gives the labels."""

    name: str
    title: str
    detect: Callable[[Path], bool]
    read: Callable[[Path], Labels]


# In the order in which they are tried: those with unmistakable columns first.
FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format("native", "Earmark's event table", native.recognises_source, native.read_labels),
        Format("fsd50k", "FSD50K", fsd50k.recognises_source, fsd50k.read_labels),
        Format(
            "audioset_strong",
            "AudioSet strong labels",
            audioset_strong.recognises_source,
            audioset_strong.read_labels,
        ),
        Format("desed", "DCASE task 4 (DESED)", desed.recognises_source, desed.read_labels),
        Format(
            "audacity", "Audacity label tracks", audacity.recognises_source, audacity.read_labels
        ),
    )
}


def detect_format(source: Path) -> str | None:
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
    name = format_name or detect_format(source)
    known = ", ".join(FORMATS)
    if name is None:
        raise FormatUnknownError(f"{source.name} fits no known format; name one of {known}.")
    if name not in FORMATS:
        raise FormatUnknownError(
            f"There is no label format {quote_text(name)}; it is one of {known}."
        )
    return FORMATS[name].read(source)


def read_layout_clips(folder: Path, *, licence: LicenceCheck | None = None) -> LayoutClips | None:
    """Read the clip lines a known corpus's folder brings along; None where it is no such folder.

    Without `licence` only the packaged licences are known, not an organisation's own terms.
    """
    return fsd50k.read_clips(folder, licence or _normalise_licence) or desed.read_clips(folder)


def _normalise_licence(text: str) -> str:
    return Licences().expression(text).text
