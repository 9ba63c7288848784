"""Reads file names and paths: recorders and people write times, places, numbers and names there."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from stdnum import luhn

from apps.detection.detectors.base import CellsSubject, Detection, Kinds, Looks, Observation
from apps.detection.detectors.given_names import GIVEN_NAMES
from apps.detection.detectors.patterns import KINDS_BY_FORM, find_personal
from datasets_catalog.finding_kinds import FindingKind

# Recordings whose times are told in their names are no older and no newer than this.
FIRST_YEAR, LAST_YEAR = 1970, 2069
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CLOCK = r"(?:[T_ .-]{1,4}(?:at )?\d{2}[h:._-]?\d{2}(?:[m:._-]?\d{2})?s?(?:Z|[+-]\d{2}:?\d{2})?)?"
YEAR_FIRST = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d{2})(?P<s>[-_. ]?)(?P<m>\d{2})(?P=s)(?P<d>\d{2})(?!\d(?!\d{3}))"
    rf"{CLOCK}"
)
DAY_FIRST = re.compile(
    rf"(?<!\d)(?P<d>\d{{1,2}})(?P<s>[-_.])(?P<m>\d{{1,2}})(?P=s)(?P<y>(?:19|20)\d{{2}})(?!\d){CLOCK}"
)
MONTH_NAMED = re.compile(
    r"(?<![A-Za-z\d])"
    r"(?:(?P<d>\d{1,2})[-_. ]?(?P<n>[A-Za-z]{3,9})|(?P<n2>[A-Za-z]{3,9})[-_. ]?(?P<d2>\d{1,2}))"
    r"[-_., ]{0,2}(?P<y>(?:19|20)\d{2})(?!\d)"
)
SHORT_YEAR = re.compile(
    r"(?<!\d)(?P<y>\d{2})(?P<m>\d{2})(?P<d>\d{2})[-_T](?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2})?(?!\d)"
)
EPOCH = re.compile(r"(?<!\w)(?P<t>1\d{9})(?:\d{3})?(?!\w)")
# AudioMoth's first firmware: seconds since 1970 in hexadecimal, and nothing else.
HEX_TIME = re.compile(r"(?=[0-9A-F]*[A-F])[0-9A-F]{8}")
EARLIEST_HEX = datetime(2010, 1, 1, tzinfo=UTC).timestamp()
LATEST_HEX = datetime(2050, 1, 1, tzinfo=UTC).timestamp()

TELEPHONE = re.compile(
    r"(?<!\d)(?:00[1-9]\d{8,12}|\(\d{3}\) ?\d{3}[-. ]\d{4}|\d{3}-\d{3}-\d{4})(?!\d)"
)
PLACE = re.compile(
    r"(?<![A-Za-z\d])[NS] ?\d{1,2}[.°d]\d{2,}['m]?[-_ ,]{1,2}[EW] ?\d{1,3}[.°d]\d{2,}"
    r"|(?<![\d.])-?\d{1,2}\.\d{3,}[-_ ,]{1,2}-?\d{1,3}\.\d{3,}(?!\d)"
    r"|\blat[-_ =]?-?\d{1,2}[.p]\d+[-_ ,]{1,2}lo?ng?[-_ =]?-?\d{1,3}[.p]\d+",
    re.IGNORECASE,
)
SERIAL = re.compile(
    r"(?<![A-Za-z\d])(?:"
    r"(?i:s/?n|serial(?:[-_ ]?(?:no|nr|number))?|device[-_ ]?id)[-_ :#=]{0,2}"
    r"(?=[A-Za-z]*\d[A-Za-z]*\d)[A-Za-z\d]{4,}"
    # Song Meters and AudioMoths put their own number in front of every file.
    r"|(?:S4A|S4U|SMA|SMU|2M[MAUB])\d{4,5}|(?=[0-9A-F]*[A-F])24[0-9A-F]{14}"
    r")(?![A-Za-z\d])"
)
IMEI = re.compile(r"(?<!\d)\d{15}(?!\d)")
ROLES = (
    "patient|speaker|participant|interviewee?|interview with|witness|caller|call with|call from"
    "|child|mother|father|student|teacher|nurse|client|mr|mrs|ms|miss|dr|prof|voice of|recorded by"
)
# A word for a person, then two words with capitals: "patient_Jane_Doe".
NAMED_PERSON = re.compile(
    rf"(?<![A-Za-z])(?i:{ROLES})[-_. ]{{1,2}}"
    r"(?P<name>[A-Z][a-z]+(?:[-_. ]?[A-Z][a-z]+){1,2})(?![a-z])"
)
TWO_WORDS = re.compile(
    r"(?<![A-Za-z])(?P<first>[A-Z][a-z]+)[-_. ]?(?P<last>[A-Z][a-z]{2,})(?![a-z])"
)


class PathClue(NamedTuple):
    """What a part of a path tells; `moment` is an ISO date where it is a time."""

    kind: FindingKind
    start: int
    end: int
    score: float
    moment: str = ""


class NamesDetector:
    """Times, places, telephone numbers, serial numbers and names of people in a clip's path.

    A time that the row states itself (`recorded_at`) tells nothing new and is no finding; with
    `dates_are_personal` every time is one, and so is an exact date in `recorded_at`.
    """

    name = "names"
    version = "1"
    model_sha256 = ""
    looks_at = Looks.CELLS
    kinds: Kinds = KINDS_BY_FORM | {FindingKind.DATE, FindingKind.PERSON_NAME}

    def __init__(self, *, dates_are_personal: bool = False) -> None:
        self.dates_are_personal = dates_are_personal
        self.parameters: Mapping[str, Any] = {
            "dates_are_personal": dates_are_personal,
            "given_names": len(GIVEN_NAMES),
        }

    def detect(self, subject: CellsSubject) -> Detection:
        path, stated = subject.cells.get("path", ""), subject.cells.get("recorded_at", "")
        told = list(find_clues(path))
        findings = [
            _build_observation(path, each)
            for each in told
            if self.dates_are_personal or not (each.moment and stated.startswith(each.moment))
        ]
        if self.dates_are_personal and len(stated) >= len("2024-05-06"):
            detail = "Column 'recorded_at' holds an exact day; a year or a month is less telling"
            findings.append(
                Observation(FindingKind.DATE, detail, 0.8, evidence={"column": "recorded_at"})
            )
        return Detection(
            findings=tuple(findings),
            evidence={"times": [each.moment for each in told if each.moment], "stated": stated},
        )


def find_clues(path: str) -> Iterator[PathClue]:
    """What a path tells, each stretch once, in order. Its own extension tells nothing."""
    text = str(PurePosixPath(path).with_suffix("")) if PurePosixPath(path).suffix else path
    taken: list[PathClue] = []
    for find in FINDERS:
        for told in find(text):
            if all(told.end <= other.start or told.start >= other.end for other in taken):
                taken.append(told)
    yield from sorted(taken, key=lambda told: told.start)


def _find_personal_forms(text: str) -> Iterator[PathClue]:
    """What is personal by its form once underscores are read as spaces."""
    plain = find_personal(text)
    for match in find_personal(text.replace("_", " ")):
        # What shows without that, the detector of cells reports.
        if all(match.start >= other.end or match.end <= other.start for other in plain):
            yield PathClue(match.kind, match.start, match.end, 1.0)


def _build_date_finder(
    pattern: re.Pattern[str], score: float
) -> Callable[[str], Iterator[PathClue]]:
    def find(text: str) -> Iterator[PathClue]:
        for match in pattern.finditer(text):
            moment = _parse_date(match.groupdict())
            if moment:
                yield PathClue(FindingKind.DATE, match.start(), match.end(), score, moment)

    return find


def _parse_date(parts: Mapping[str, str | None]) -> str:
    """The ISO date that the parts name; nothing where there is no such day."""
    year, month, day = (int(parts.get(name) or 0) for name in ("y", "m", "d"))
    word = parts.get("n") or parts.get("n2")
    if word:
        month = MONTHS.index(word[:3].lower()) + 1 if word[:3].lower() in MONTHS else 0
        day = day or int(parts.get("d2") or 0)
    if "H" in parts:
        year += 2000
        if int(parts["H"] or 0) > 23 or int(parts["M"] or 0) > 59:  # noqa: PLR2004 - of a clock
            return ""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return ""
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def _find_epochs(text: str) -> Iterator[PathClue]:
    for match in EPOCH.finditer(text):
        moment = datetime.fromtimestamp(int(match.group("t")), UTC).date().isoformat()
        yield PathClue(FindingKind.DATE, match.start(), match.end(), 0.5, moment)


def _find_hexadecimal_times(text: str) -> Iterator[PathClue]:
    stem = PurePosixPath(text).name
    if HEX_TIME.fullmatch(stem) and EARLIEST_HEX <= int(stem, 16) < LATEST_HEX:
        moment = datetime.fromtimestamp(int(stem, 16), UTC).date().isoformat()
        yield PathClue(FindingKind.DATE, len(text) - len(stem), len(text), 0.7, moment)


def _build_finder(
    pattern: re.Pattern[str], kind: FindingKind, score: float
) -> Callable[[str], Iterator[PathClue]]:
    return lambda text: (
        PathClue(kind, match.start(), match.end(), score) for match in pattern.finditer(text)
    )


def _find_imeis(text: str) -> Iterator[PathClue]:
    for match in IMEI.finditer(text):
        if luhn.is_valid(match.group()):
            yield PathClue(FindingKind.DEVICE_ADDRESS, match.start(), match.end(), 0.7)


def _find_people(text: str) -> Iterator[PathClue]:
    for match in NAMED_PERSON.finditer(text):
        yield PathClue(FindingKind.PERSON_NAME, match.start("name"), match.end("name"), 0.7)
    for match in TWO_WORDS.finditer(text):
        if match.group("first").lower() in GIVEN_NAMES:
            yield PathClue(FindingKind.PERSON_NAME, match.start(), match.end(), 0.6)


FINDERS: tuple[Callable[[str], Iterator[PathClue]], ...] = (
    _find_personal_forms,
    _build_date_finder(YEAR_FIRST, 0.9),
    _build_date_finder(DAY_FIRST, 0.9),
    _build_date_finder(MONTH_NAMED, 0.9),
    _build_date_finder(SHORT_YEAR, 0.7),
    _build_finder(PLACE, FindingKind.COORDINATES, 0.8),
    _build_finder(TELEPHONE, FindingKind.PHONE, 0.7),
    _build_finder(SERIAL, FindingKind.DEVICE_ADDRESS, 0.8),
    _find_imeis,
    _find_epochs,
    _find_hexadecimal_times,
    _find_people,
)


def _build_observation(path: str, told: PathClue) -> Observation:
    value = path[told.start : told.end]
    what = told.kind.replace("_", " ")
    return Observation(
        kind=told.kind,
        detail=f"The path tells a {what}: {value[:2]}…",
        score=told.score,
        evidence={"column": "path", "start": told.start, "end": told.end},
    )
