"""Real recordings with their licences, from packages of Debian that are not installed."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from debian.copyright import Copyright

from datasets_catalog.errors import EarmarkError, Kind

TIMEOUT_SECONDS = 180
EVERYTHING = "*"
# DEP-5 names its licences a little differently from SPDX.
SPDX = {
    "CC0": "CC0-1.0",
    "Expat": "MIT",
    "GPL-2": "GPL-2.0-only",
    "GPL-2+": "GPL-2.0-or-later",
    "GPL-3": "GPL-3.0-only",
    "GPL-3+": "GPL-3.0-or-later",
    "LGPL-2+": "LGPL-2.0-or-later",
    "LGPL-2.1": "LGPL-2.1-only",
    "LGPL-2.1+": "LGPL-2.1-or-later",
    "LGPL-3": "LGPL-3.0-only",
    "LGPL-3+": "LGPL-3.0-or-later",
    "BSD-2-clause": "BSD-2-Clause",
    "BSD-3-clause": "BSD-3-Clause",
    "public-domain": "LicenseRef-public-domain",
}
SPDX_FORM = re.compile(r"(CC0|CC-BY(-NC)?(-SA|-ND)?|MIT|Zlib|Apache|MPL|ISC)(-\d\.\d)?")
YEARS = re.compile(r"^(?:\(c\)|©|copyright)?\s*(?:\d{4}(?:\s*-\s*\d{4})?[\s,]*)*", re.IGNORECASE)
ADDRESS = re.compile(r"\s*<[^>]*>")


class RecordingsUnavailableError(EarmarkError):
    """The package cannot be fetched on this machine."""

    code: ClassVar[str] = "demo.recordings_unavailable"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class FileLicence:
    """What a package's copyright file says of the files that a pattern names.

    `licence` is an SPDX identifier (or `LicenseRef-…`), `author` the holders without years and
    addresses, `source_url` where the stanza (or else the whole package) says it came from.
    """

    pattern: str
    licence: str
    author: str
    source_url: str | None

    @property
    def is_own(self) -> bool:
        """Whether this speaks of these files, rather than of everything not mentioned."""
        return self.pattern != EVERYTHING


def fetch_package(package: str, into: Path) -> Path:
    """Unpack a Debian package under `into` and return its folder; done once, then kept.

    Needs neither root nor an installed package, only `apt-get`, `dpkg` and a mirror. Raises
    `RecordingsUnavailableError`.
    """
    folder = into / package
    if folder.is_dir():
        return folder
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise RecordingsUnavailableError(
            f"{package} can only be fetched where there are apt-get and dpkg (Debian, Ubuntu)."
        )
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into) as work:
        archive = _download_package(package, Path(work))
        unpacked = Path(work) / "unpacked"
        _run_command(["dpkg", "-x", str(archive), str(unpacked)], Path(work), package)
        if not folder.exists():
            unpacked.rename(folder)
    return folder


def _download_package(package: str, work: Path) -> Path:
    try:
        _run_command(["apt-get", "download", package], work, package)
    except RecordingsUnavailableError:
        # A fresh machine may have no package lists, and we may not write the system's: keep own.
        own = [f"-oDir::State::Lists={work}/lists", f"-oDir::Cache={work}/cache"]
        (work / "lists" / "partial").mkdir(parents=True)
        (work / "cache" / "archives" / "partial").mkdir(parents=True)
        _run_command(["apt-get", *own, "update"], work, package)
        _run_command(["apt-get", *own, "download", package], work, package)
    archives = sorted(work.glob("*.deb"))
    if not archives:
        raise RecordingsUnavailableError(f"apt-get fetched nothing for {package}.")
    return archives[0]


def _run_command(command: Sequence[str], folder: Path, package: str) -> None:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command and the name of a package
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RecordingsUnavailableError(f"Fetching {package} failed: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise RecordingsUnavailableError(
            f"`{' '.join(command)}` failed: {said[-1] if said else 'it said nothing'}. Is a mirror "
            "within reach?"
        )


def read_licences(copyright_file: Path) -> list[FileLicence]:
    """What a machine-readable copyright file (DEP-5) says, in its order: the last match counts."""
    with copyright_file.open(encoding="utf-8") as lines:
        parsed = Copyright(lines, strict=False)
    header: Any = parsed.header
    found = []
    for stanza in parsed.all_files_paragraphs():
        # python-debian describes its fields by descriptors, of which type checkers see nothing.
        fields: Any = stanza
        own_source = str(fields["Source"]) if "Source" in list(fields) else None
        found += [
            FileLicence(
                pattern=pattern,
                licence=_name_spdx_licence(fields.license.synopsis),
                author=_parse_author(fields.copyright),
                source_url=_find_url(own_source) or _find_url(str(header.source)),
            )
            for pattern in fields.files
        ]
    return found


def find_licence(path: PurePosixPath, known: Sequence[FileLicence]) -> FileLicence | None:
    """What the copyright file says of an installed file; patterns name files of the source tree.

    They are compared from the file's name upwards, as packaging moves files to other folders.
    """
    return next((each for each in reversed(known) if _matches_pattern(each.pattern, path)), None)


def _matches_pattern(pattern: str, path: PurePosixPath) -> bool:
    if pattern == EVERYTHING:
        return True
    tails = ["/".join(path.parts[start:]) for start in range(len(path.parts))]
    if any(letter in pattern for letter in "*?"):
        return any(fnmatchcase(tail, pattern) for tail in tails)
    return PurePosixPath(pattern).name == path.name


def _name_spdx_licence(name: str) -> str:
    if name in SPDX:
        return SPDX[name]
    return (
        name if SPDX_FORM.fullmatch(name) else f"LicenseRef-{re.sub(r'[^A-Za-z0-9.-]+', '-', name)}"
    )


def _parse_author(copyright_text: str) -> str:
    """Names only: years, mail and web addresses are left out."""
    lines = (YEARS.sub("", ADDRESS.sub("", line.strip())) for line in copyright_text.splitlines())
    return "; ".join(name.strip(" ,") for name in lines if name.strip(" ,"))


def _find_url(text: str | None) -> str | None:
    found = re.search(r"https?://\S+", text or "")
    return found.group().rstrip(".,") if found else None
