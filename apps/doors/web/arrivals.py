"""Files that came with a form, kept where the workers find them until their job is done with."""

import re
import shutil
import time
import uuid
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from apps.ingest.paths import clean_path

# Long enough to mend a table and import again from the job's page without sending all anew.
KEPT_SECONDS = 7 * 24 * 3600
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def find_arrivals_root() -> Path:
    return Path(settings.WORK_ROOT) / "arrivals"


def make_arrival() -> Path:
    """A fresh folder, private to this import; older ones past their time go away."""
    root = find_arrivals_root()
    root.mkdir(parents=True, exist_ok=True)
    clear_arrivals(older_than=KEPT_SECONDS)
    folder = root / uuid.uuid4().hex
    folder.mkdir(mode=0o700)
    return folder


def keep_file(file: "UploadedFile[Any]", folder: Path, stem: str) -> Path:
    """Write a sent file under a name of our own that keeps its endings."""
    endings = "".join(Path(UNSAFE.sub("_", file.name or "")).suffixes[-2:])[:16]
    target = folder / f"{stem}{endings}"
    with target.open("wb") as out:
        for chunk in file.chunks():
            out.write(chunk)
    return target


def keep_file_by_name(file: "UploadedFile[Any]", folder: Path) -> Path:
    """Write a sent file under its own name, which says what it is about.

    Raises PathInvalidError for a name that is none inside a dataset.
    """
    target = folder / PurePosixPath(clean_path(file.name or "")).name
    with target.open("wb") as out:
        for chunk in file.chunks():
            out.write(chunk)
    return target


def clear_arrivals(*, older_than: float) -> int:
    """Remove folders untouched for that many seconds; returns how many."""
    cutoff = time.time() - older_than
    old = [path for path in find_arrivals_root().iterdir() if path.stat().st_mtime < cutoff]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return len(old)
