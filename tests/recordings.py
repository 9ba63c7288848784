"""Real voices and sounds for tests, from Debian packages, kept in `.cache/recordings`.

Where CI is set a package that cannot be fetched is an error; elsewhere its tests are skipped.
"""

import os
from pathlib import Path

import pytest

from earmark.demo.debian import RecordingsUnavailableError, fetch_package

CACHE = Path(__file__).parent.parent / ".cache" / "recordings"
VOICES = "asterisk-core-sounds-en-wav"
INSTRUMENTS = "sonic-pi-samples"
DESKTOP = "sound-theme-freedesktop"


def recordings(package: str) -> Path:
    """The unpacked package, fetched at most once per checkout."""
    try:
        return fetch_package(package, CACHE)
    except RecordingsUnavailableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no real recordings: {error.message}")


def sounds_of(package: str) -> list[Path]:
    """Its sound files, without links to others, in order of their names."""
    found = recordings(package).rglob("*")
    kinds = {".wav", ".flac", ".oga"}
    return sorted(path for path in found if path.suffix in kinds and not path.is_symlink())


def copyright_of(package: str) -> Path:
    return recordings(package) / "usr" / "share" / "doc" / package / "copyright"
