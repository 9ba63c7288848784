"""Names of files inside a dataset: which are accepted, and which would collide on some disk."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from datasets_catalog.errors import InvalidError

SEGMENT_BYTES = 255
PATH_BYTES = 1024

# Windows opens a device for these, whatever the extension.
_RESERVED_NAME = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE
)
_DRIVE = re.compile(r"[A-Za-z]:")
# Nearly every real name is plain, and of those only what looks suspect needs a closer look.
_PLAIN = re.compile(r"[\w-][\w. -]*(?:/[\w-][\w. -]*)*", re.ASCII)
_SUSPECT = re.compile(r"(?:^|/)(?:con|prn|aux|nul|com|lpt)|[. ](?:/|$)", re.IGNORECASE)
# They reorder or hide what a person reads, so two different names would look alike.
_INVISIBLE = frozenset(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
_CONTROL_CATEGORIES = frozenset({"Cc", "Zl", "Zp"})


class PathRule(StrEnum):
    """The rule a refused path breaks."""

    EMPTY = "empty"
    NOT_UNICODE = "not_unicode"
    CONTROL_CHARACTER = "control_character"
    BACKSLASH = "backslash"
    ABSOLUTE = "absolute"
    DRIVE_LETTER = "drive_letter"
    EMPTY_SEGMENT = "empty_segment"
    DOT_SEGMENT = "dot_segment"
    TRAILING_DOT_OR_SPACE = "trailing_dot_or_space"
    RESERVED_NAME = "reserved_name"
    SEGMENT_TOO_LONG = "segment_too_long"
    PATH_TOO_LONG = "path_too_long"


_RULE_TEXT = {
    PathRule.EMPTY: "a path must name a file",
    PathRule.NOT_UNICODE: "its bytes are not UTF-8 text",
    PathRule.CONTROL_CHARACTER: "control characters and line breaks are not allowed",
    PathRule.BACKSLASH: "write / between folders, not \\",
    PathRule.ABSOLUTE: "a path starts at the dataset's root, without a leading /",
    PathRule.DRIVE_LETTER: "a drive letter is not allowed",
    PathRule.EMPTY_SEGMENT: "two slashes in a row, or one at the end, name nothing",
    PathRule.DOT_SEGMENT: ". and .. are not allowed inside a path",
    PathRule.TRAILING_DOT_OR_SPACE: "a name may not end with a dot or a space (Windows drops it)",
    PathRule.RESERVED_NAME: "CON, PRN, AUX, NUL, COM1 and the like are devices on Windows",
    PathRule.SEGMENT_TOO_LONG: f"a name may have {SEGMENT_BYTES} bytes at most",
    PathRule.PATH_TOO_LONG: f"a path may have {PATH_BYTES} bytes at most",
}


class PathInvalidError(InvalidError):
    """The path cannot be the name of a file in a dataset; `rule` says why."""

    code = "ingest.path_invalid"

    def __init__(self, path: str, rule: PathRule) -> None:
        shown = quote_text(path)
        self.rule = rule
        self.reason = _RULE_TEXT[rule]
        super().__init__(f"The path {shown} is refused: {self.reason}.", path=shown, rule=rule)


def quote_text(text: str, limit: int = 120) -> str:
    """`text` quoted, with everything unprintable escaped and the middle of long values left out."""
    if len(text) > limit:
        half = limit // 2
        text = f"{text[:half]}…{text[-half:]}"
    return "'" + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text) + "'"


def clean_path(text: str) -> str:
    """Spell a path inside a dataset in the one way: NFC, POSIX, relative, no leading `./`.

    Raises `PathInvalidError`. Cleaning a clean path changes nothing.
    """
    if len(text) <= SEGMENT_BYTES and _PLAIN.fullmatch(text) and not _SUSPECT.search(text):
        return text
    path = _normalise_path(text)
    rule = _find_broken_rule(path)
    if rule is not None:
        raise PathInvalidError(text, rule)
    return path


def _normalise_path(text: str) -> str:
    path = unicodedata.normalize("NFC", text)
    while path.startswith("./"):
        path = path[2:]
    return path


def _find_broken_rule(path: str) -> PathRule | None:
    rule = _find_broken_text_rule(path)
    if rule is not None:
        return rule
    for segment in path.split("/"):
        rule = _find_broken_segment_rule(segment)
        if rule is not None:
            return rule
    if len(path.encode()) > PATH_BYTES:
        return PathRule.PATH_TOO_LONG
    return None


def _find_broken_text_rule(path: str) -> PathRule | None:
    if not path:
        return PathRule.EMPTY
    if not (path.isascii() and path.isprintable()):
        rule = _find_broken_character_rule(path)
        if rule is not None:
            return rule
    if "\\" in path:
        return PathRule.BACKSLASH
    if path.startswith("/"):
        return PathRule.ABSOLUTE
    return PathRule.DRIVE_LETTER if _DRIVE.match(path) else None


def _find_broken_character_rule(path: str) -> PathRule | None:
    if any("\ud800" <= c <= "\udfff" for c in path):
        return PathRule.NOT_UNICODE
    if any(unicodedata.category(c) in _CONTROL_CATEGORIES or c in _INVISIBLE for c in path):
        return PathRule.CONTROL_CHARACTER
    return None


def _find_broken_segment_rule(segment: str) -> PathRule | None:
    if not segment:
        return PathRule.EMPTY_SEGMENT
    if segment in {".", ".."}:
        return PathRule.DOT_SEGMENT
    if segment[-1] in ". ":
        return PathRule.TRAILING_DOT_OR_SPACE
    if _RESERVED_NAME.fullmatch(segment):
        return PathRule.RESERVED_NAME
    if len(segment.encode()) > SEGMENT_BYTES:
        return PathRule.SEGMENT_TOO_LONG
    return None


class ClashKind(StrEnum):
    """Why several paths cannot lie on one disk together."""

    SAME = "same"
    NORMALISATION = "normalisation"
    CASE = "case"
    FILE_AND_FOLDER = "file_and_folder"


@dataclass(frozen=True, slots=True)
class Clash:
    """Paths that name one file on a disk that folds case or normalises names."""

    kind: ClashKind
    paths: tuple[str, ...]


def compute_clash_key(path: str) -> str:
    """Equal for paths that a case-folding, normalising file system takes for one (Unicode D145)."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def find_duplicates(paths: Iterable[str]) -> list[Clash]:
    """Every group of paths that would overwrite each other, in order of first appearance.

    Takes raw or clean paths. A file whose name another path needs as a folder is a clash too.
    """
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[compute_clash_key(path)].append(path)
    clashes = [
        Clash(_classify_clash(group), tuple(group)) for group in groups.values() if len(group) > 1
    ]
    folders: dict[str, str] = {}
    for key, group in groups.items():
        for slash in re.finditer("/", key):
            folders.setdefault(key[: slash.start()], group[0])
    clashes += [
        Clash(ClashKind.FILE_AND_FOLDER, (group[0], folders[key]))
        for key, group in groups.items()
        if key in folders
    ]
    return clashes


def _classify_clash(group: list[str]) -> ClashKind:
    if len(set(group)) == 1:
        return ClashKind.SAME
    if len({unicodedata.normalize("NFC", path) for path in group}) == 1:
        return ClashKind.NORMALISATION
    return ClashKind.CASE
