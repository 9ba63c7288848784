"""What one cell of a table may hold, kind by kind: each function returns the value or refuses."""

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit

from apps.ingest import paths
from apps.ingest.row_readers import CellError, Problem
from datasets_catalog.territories import TerritoryUnknownError, parse_territories

TITLE_CHARACTERS = 300
NAME_CHARACTERS = 200
CODE_CHARACTERS = 100
SPLIT_CHARACTERS = 64
LANGUAGE_CHARACTERS = 16
VERSION_CHARACTERS = 32
URL_CHARACTERS = 500
TIME_DIGITS = 6
"""Times are seconds with six digits: a microsecond is finer than any sample rate in use."""

NOBODY = "-"
# Marks alone are no code: a hyphen says that there is nobody.
_CODE = re.compile(r"[.:+#/-]*\w[\w.:+#/-]*")
_SPLIT = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_COARSE = re.compile(r"(\d{4})(?:-(\d\d))?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:[/?#][!-~]*)?")
_TRUE = frozenset({"true", "1", "yes"})
_FALSE = frozenset({"false", "0", "no"})
_MONTHS = 12

E = TypeVar("E", bound=StrEnum)


def _read_line(value: Any, limit: int) -> str:
    if isinstance(value, str) and value.isascii() and value.isprintable() and "  " not in value:
        line = value.strip()
    else:
        line = _normalise_line(value)
    if len(line) > limit:
        raise CellError(f"text of {limit} characters at most")
    return line


def _normalise_line(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise CellError("text")
    line = " ".join(unicodedata.normalize("NFC", str(value)).split())
    if not line.isprintable() and any(unicodedata.category(c) in {"Cc", "Cs"} for c in line):
        raise CellError("text without control characters")
    return line


def read_title(value: Any) -> str:
    """Read one line of text: NFC, runs of white space as one space."""
    return _read_line(value, TITLE_CHARACTERS)


def read_name(value: Any) -> str:
    return _read_line(value, NAME_CHARACTERS)


def read_names(value: Any) -> tuple[str, ...]:
    """Read names joined by commas."""
    if not isinstance(value, str):
        raise CellError("names joined by commas")
    return tuple(read_name(part) for part in value.split(",") if part.strip())


def read_form_name(value: Any) -> str:
    return _read_line(value, CODE_CHARACTERS)


def read_form_version(value: Any) -> str:
    # A spreadsheet turns version 1.0 into the number 1.0: taken as written.
    return _read_line(str(value) if isinstance(value, float) else value, VERSION_CHARACTERS)


def read_path(value: Any) -> str:
    if not isinstance(value, str):
        raise CellError("a path", Problem.PATH_INVALID)
    try:
        return paths.clean_path(value)
    except paths.PathInvalidError as error:
        raise CellError(f"a valid path: {error.reason}", Problem.PATH_INVALID) from error


def read_code(value: Any) -> str:
    """Read a short code without spaces, such as a contributor's pseudonym."""
    line = _read_line(value, CODE_CHARACTERS)
    if not _CODE.fullmatch(line):
        raise CellError("a code of letters, digits and . _ : + # / - (never a name or an address)")
    return line


def read_codes(value: Any) -> tuple[str, ...]:
    """Read codes joined by `;`, or a list of them; each kept once, in the order given.

    A hyphen alone says that there is nobody, which an empty cell does not.
    """
    parts = value.split(";") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise CellError("codes joined by ;, or - for nobody")
    if [str(part).strip() for part in parts] == [NOBODY]:
        return ()
    return tuple(dict.fromkeys(read_code(part) for part in parts if str(part).strip()))


def read_language(value: Any) -> str:
    """Read a language by its tag, in the usual letters: de, pt-BR, sr-Latn."""
    line = _read_line(value, LANGUAGE_CHARACTERS)
    if not _LANGUAGE.fullmatch(line):
        raise CellError("the tag of a language such as de or pt-BR (BCP 47)")
    first, *others = line.split("-")
    # Region and script are told by their length (BCP 47, section 2.1.1).
    spelled = ({2: s.upper(), 4: s.capitalize()}.get(len(s), s.lower()) for s in others)
    return "-".join([first.lower(), *spelled])


def read_territories(value: Any) -> frozenset[str]:
    """Read codes of countries and regions joined by `;`, or a list of them."""
    parts = value.split(";") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise CellError("codes of countries, EU or EEA, joined by ;")
    try:
        return parse_territories(map(str, parts))
    except TerritoryUnknownError as error:
        raise CellError("codes of countries such as DE, or EU or EEA, joined by ;") from error


def read_split(value: Any) -> str:
    """Read a subset's name; it becomes a folder's and a configuration's name later."""
    line = _read_line(value, SPLIT_CHARACTERS)
    if not _SPLIT.fullmatch(line):
        raise CellError("a name of letters and digits joined by . _ or -, such as train")
    return line


def read_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise CellError("true or false (or yes, no, 1, 0)")


def read_number(value: Any) -> float:
    """Read a finite decimal number, written with a point."""
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, str) and _DECIMAL.fullmatch(value)):
        raise CellError("a number such as 1.25")
    try:
        result = float(value)
    except (ValueError, OverflowError):
        result = math.inf
    if not math.isfinite(result):
        raise CellError("a finite number")
    return result


def _read_positive(value: Any, unit: str) -> float:
    result = read_number(value)
    if result < 0:
        raise CellError(f"{unit}, zero or more")
    return result + 0.0


def read_seconds(value: Any) -> float:
    """Read a time in seconds from the clip's start, rounded to `TIME_DIGITS`."""
    return round(_read_positive(value, "seconds"), TIME_DIGITS)


def read_hertz(value: Any) -> float:
    return _read_positive(value, "hertz")


def read_share(value: Any) -> float:
    result = read_number(value)
    if not 0 <= result <= 1:
        raise CellError("a number from 0 to 1")
    return result + 0.0


def read_channel(value: Any) -> int:
    """Read a channel's index, counted from 0."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**15:
        raise CellError("a channel's number, counted from 0")
    return value


def read_sha256(value: Any) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise CellError("a SHA-256 of 64 hexadecimal digits")
    return value.lower()


def read_url(value: Any) -> str:
    """Read a web address; anything a browser would run or that carries a password is refused."""
    if isinstance(value, str) and len(value) <= URL_CHARACTERS and _PLAIN_URL.fullmatch(value):
        return value
    expected = "a web address starting with http:// or https://"
    if not isinstance(value, str) or len(value) > URL_CHARACTERS:
        raise CellError(expected)
    if any(c.isspace() or not c.isprintable() for c in value):
        raise CellError(expected)
    try:
        parts = urlsplit(value)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web:
        raise CellError(expected)
    if parts.username is not None:
        raise CellError("a web address without a user name")
    return value


def build_choice_reader(options: type[E]) -> Callable[[Any], E]:
    """Make a reader of one of the values of `options`, whatever its case."""
    known = {option.value.lower(): option for option in options}
    expected = "one of " + ", ".join(option.value for option in options)

    def read(value: Any) -> E:
        found = known.get(value.strip().lower()) if isinstance(value, str) else None
        if found is None:
            raise CellError(expected)
        return found

    return read


def _parse_day(value: str) -> dt.date:
    try:
        return dt.date.fromisoformat(value)
    except ValueError as error:
        raise CellError("a day that exists, such as 2024-05-17") from error


def read_day(value: Any) -> dt.date:
    """Read a calendar day; a moment is refused, so that nobody's clock decides which day it was."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise CellError("a day such as 2024-05-17")
    return _parse_day(value)


def read_moment(value: Any) -> dt.datetime:
    """Read a moment in UTC: without a zone it is taken as UTC, a day as its first moment."""
    if isinstance(value, dt.datetime):
        found = value
    elif isinstance(value, dt.date):
        found = dt.datetime.combine(value, dt.time())
    else:
        found = _parse_moment(value)
    if found.tzinfo is None:
        return found.replace(tzinfo=dt.UTC)
    try:
        return found.astimezone(dt.UTC)
    except OverflowError as error:
        raise CellError("a moment between the years 1 and 9999") from error


def _parse_moment(value: Any) -> dt.datetime:
    expected = "a day or a moment such as 2024-05-17 or 2024-05-17T09:30:00+02:00"
    if not isinstance(value, str):
        raise CellError(expected)
    if _DAY.fullmatch(value):
        return dt.datetime.combine(_parse_day(value), dt.time(), dt.UTC)
    if not _MOMENT.fullmatch(value):
        raise CellError(expected)
    try:
        return dt.datetime.fromisoformat(value)
    except ValueError as error:
        raise CellError(expected) from error


def read_coarse_date(value: Any) -> str:
    """Keep when something was recorded as coarse as it was said: year, month, day or moment."""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    line = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(line, str):
        coarse = _COARSE.fullmatch(line)
        if coarse and int(coarse[1]) > 0 and 1 <= int(coarse[2] or 1) <= _MONTHS:
            return line
        if _DAY.fullmatch(line):
            return _parse_day(line).isoformat()
        if _MOMENT.fullmatch(line):
            _parse_moment(line)
            return line.replace(" ", "T").replace("Z", "+00:00")
    raise CellError("a year, month, day or moment such as 2024, 2024-05 or 2024-05-17T09:30:00Z")
