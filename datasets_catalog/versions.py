"""Version numbers: how they sort, in which order they may come out, and which comes next."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from datasets_catalog.errors import ConflictError, InvalidError

# Each of the three numbers has so many bits in the one number that versions are sorted by.
PART_BITS = 21
LARGEST_PART = 999_999
_PATTERN = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)


class VersionOrderError(ConflictError):
    """The version would come out behind one that is out, and is no patch of an older line."""

    code = "release.version_order"


class Step(StrEnum):
    """How far two versions are apart: which of the three numbers has to be counted up."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"

    @property
    def weight(self) -> int:
        return list(Step).index(self)


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Three numbers, such as 1.2.0; versions of one *line* have the first two in common."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def line(self) -> tuple[int, int]:
        return self.major, self.minor

    @property
    def order(self) -> int:
        """One integer that sorts as the versions do."""
        return (self.major << 2 * PART_BITS) | (self.minor << PART_BITS) | self.patch

    def after(self, step: Step) -> "Version":
        """The next version when this number is counted up."""
        if step is Step.MAJOR:
            return Version(self.major + 1, 0, 0)
        if step is Step.MINOR:
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1)


FIRST = Version(1, 0, 0)


def parse_version(text: str) -> Version:
    """Read `1.2.0` or `v1.2.0`. Raises InvalidError."""
    found = _PATTERN.fullmatch(text.removeprefix("v"))
    parts = [int(part) for part in found.groups()] if found else []
    if not parts:
        raise InvalidError(
            f"{text!r}: A version is three numbers joined by dots, such as 1.2.0.", value=text
        )
    if max(parts) > LARGEST_PART:
        raise InvalidError(
            f"{text!r}: each number of a version is at most {LARGEST_PART}.", value=text
        )
    return Version(*parts)


def compute_version_order(version: str) -> int:
    """The version's numbers as one integer that sorts as they do. Raises InvalidError."""
    return parse_version(version).order


def find_step(before: Version, after: Version) -> Step:
    """Which number was counted up from the one version to a later one."""
    if before.major != after.major:
        return Step.MAJOR
    return Step.MINOR if before.minor != after.minor else Step.PATCH


def refuse_out_of_order(version: Version, out: Collection[Version]) -> None:
    """Raise VersionOrderError unless the version may come out after those that are out.

    Versions come out in rising order. Behind the newest only the patch of an older line may come,
    above every version of that line, so that no reader of `main` ever goes back.
    """
    newest = max(out, default=None)
    if newest is None or version > newest:
        return
    of_line = [each for each in out if each.line == version.line]
    if of_line and version > max(of_line):
        return
    patches = sorted({max(e for e in out if e.line == line) for line in {e.line for e in out}})
    allowed = ", ".join(str(each.after(Step.PATCH)) for each in patches[:-1])
    also = f", or a patch of an older line ({allowed})" if allowed else ""
    raise VersionOrderError(
        f"{version} would come out behind {newest}, which is out. Give it a number above"
        f" {newest}{also}.",
        version=str(version),
        newest=str(newest),
    )


def find_version_before(version: Version, out: Collection[Version]) -> Version | None:
    """The version that this one follows: of an older line its last patch, else the newest."""
    return max((each for each in out if each < version), default=None)
