"""Model files of installed packages: found without importing, and checked before they are used."""

import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import ClassVar

from datasets_catalog.errors import EarmarkError


class ModelMissingError(EarmarkError):
    """The model that was measured is not installed."""

    code: ClassVar[str] = "privacy.model_missing"


def find_packaged_file(package: str, name: str) -> Path:
    """Where a package's file lies. Raises `ModelMissingError`."""
    try:
        path = Path(str(distribution(package).locate_file(name)))
    except PackageNotFoundError:
        path = Path(name)
    if not path.exists():
        raise ModelMissingError(
            f"The model {name} is not installed: it comes with the package {package}. "
            "Run `make setup`."
        )
    return path


def read_checked_file(path: Path, sha256: str, package: str) -> bytes:
    """The bytes of the very model that was measured. Raises `ModelMissingError`."""
    raw = path.read_bytes()
    check_model_hash(path.name, hashlib.sha256(raw).hexdigest(), sha256, package)
    return raw


def hash_files(files: Iterable[Path]) -> str:
    """SHA-256 over the bytes of several files, in the order given."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def check_model_hash(name: str, found: str, expected: str, package: str) -> None:
    """Raises `ModelMissingError` where the hashes differ."""
    if found != expected:
        raise ModelMissingError(
            f"{name} is not the model whose recall was measured (SHA-256 {found[:12]}…, expected "
            f"{expected[:12]}…). Install {package} as constraints.txt says.",
            found=found,
            expected=expected,
        )
