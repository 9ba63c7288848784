"""Personal data that can be told by its form: by patterns with check digits, never by guessing."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

import phonenumbers
from stdnum import iban, luhn
from stdnum.us import ssn

from datasets_catalog.finding_kinds import FindingKind

LONGEST_TEXT = 100_000
LONGEST_SHOWN = 60
FEWEST_PHONE_DIGITS = 7
OLDEST_AGE = 89
OLDEST_PERSON = 124
POLE, DATE_LINE = 90, 180
# Everything but e-mail has at least two digits, or is a hexadecimal address with colons.
HAS_NUMBER = re.compile(r"\d.*\d|::|[0-9a-f]:[0-9a-f]", re.IGNORECASE | re.DOTALL)


class Match(NamedTuple):
    """Something personal in a text: from character `start` up to `end`."""

    kind: FindingKind
    start: int
    end: int


EMAIL = re.compile(
    r"[A-Z0-9._%+'-]{1,64}@(?:[A-Z0-9](?:[A-Z0-9-]{0,62})\.){1,8}[A-Z]{2,24}(?![A-Z0-9])",
    re.IGNORECASE,
)
# "name at example dot org", as people write it to hide from machines.
SPELLED_EMAIL = re.compile(
    r"\b[A-Z0-9._%+-]{2,64}\s*[\[(]\s*at\s*[\])]\s*[A-Z0-9-]{2,64}"
    r"\s*(?:\.|[\[(]\s*dot\s*[\])])\s*[A-Z]{2,24}\b",
    re.IGNORECASE,
)
URL = re.compile(r"\b(?:https?|ftp|doi|urn)://?[^\s<>\"]+|\bwww\.[^\s<>\"]+", re.IGNORECASE)
CARD = re.compile(r"(?<![\w.])(?:\d[ -]?){12,18}\d(?![\w.])")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]|-\d)")
IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-F]{0,4}:){2,7}[0-9A-F]{0,4}(?![\w:.])", re.IGNORECASE)
MAC = re.compile(
    r"(?<![\w:-])[0-9A-F]{2}(?:([:-])[0-9A-F]{2})(?:\1[0-9A-F]{2}){4}(?![\w:-])", re.IGNORECASE
)
# Four decimals of a degree are about ten metres; two numbers with fewer are often no place.
COORDINATE_PAIR = re.compile(
    r"(?<![\w.])[-+]?(\d{1,2}\.\d{4,})\s*°?\s*[NS]?\s*[,;/\s]\s*[-+]?(\d{1,3}\.\d{4,})(?![\w.])"
)
NAMED_COORDINATES = re.compile(
    r"\blat(?:itude)?\b\W{0,3}[-+]?\d{1,2}\.\d+.{0,20}?"
    r"\blon(?:g(?:itude)?)?\b\W{0,3}[-+]?\d{1,3}\.\d+",
    re.IGNORECASE,
)
DEGREES = re.compile(
    r"\d{1,3}\s*°\s*\d{1,2}\s*['\u2032\u2019]\s*(?:\d{1,2}(?:\.\d+)?\s*[\"\u2033\u201d]\s*)?[NSEW]",
    re.IGNORECASE,
)
# ISO 6709, as cameras and telephones write it.
ISO_6709 = re.compile(r"(?<![\d.])[-+]\d{2}\.\d{3,}[-+]\d{3}\.\d{3,}(?:[-+]\d+(?:\.\d+)?)?/?")
GEO_URI = re.compile(r"\bgeo:-?\d{1,2}\.\d+,-?\d{1,3}\.\d+", re.IGNORECASE)
RECORD_NUMBER = re.compile(
    r"\b(?:MRN|medical record(?: n(?:o|umber|r))?|patient (?:id|n(?:o|umber|r)))\b"
    r"[\s:.#=]{1,4}(?=[A-Z-]*\d)[A-Z0-9-]{4,}",
    re.IGNORECASE,
)
BIRTH_DATE = re.compile(
    r"\b(?:DOB|date of birth|birth ?date|born(?: on)?)\b[\s:=]{1,3}"
    r"(?:\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{1,2}\.? \w{3,9}\.? \d{4}|\w{3,9} \d{1,2},? \d{4})",
    re.IGNORECASE,
)
AGE = re.compile(
    r"\b(?:(?:aged?|age:|age =)\s*(\d{2,3})\b|(\d{2,3})[\s-]*(?:years?[\s-]old|y/?o\b|yrs?\s+old))",
    re.IGNORECASE,
)
VERSION_BEFORE = re.compile(r"(?:\bv|\bver(?:sion)?|\brelease|[a-z]/)\.?\s*$", re.IGNORECASE)


@lru_cache(maxsize=8192)
def find_personal(text: str, regions: tuple[str, ...] = ()) -> tuple[Match, ...]:
    """Personal data in a text, in order, each stretch once.

    `regions` are ISO 3166 codes of countries whose national telephone numbers are looked for
    besides international ones. Addresses of web pages are not searched, except for e-mail in them.
    Remembers its answers: columns repeat themselves.
    """
    text = text[:LONGEST_TEXT]
    found = [
        *_search_text(EMAIL, FindingKind.EMAIL, text),
        *_search_text(SPELLED_EMAIL, FindingKind.EMAIL, text),
    ]
    if HAS_NUMBER.search(text):
        # Replaced by as many spaces: numbers of pages and sounds are not numbers of people.
        bare = URL.sub(lambda match: " " * len(match.group()), text)
        for find in FINDERS:
            found += find(bare)
        found += _find_phones(bare, regions)
    kept: list[Match] = []
    for match in sorted(found, key=lambda match: (match.start, -match.end)):
        if not kept or match.start >= kept[-1].end:
            kept.append(match)
    return tuple(kept)


def _search_text(
    pattern: re.Pattern[str],
    kind: FindingKind,
    text: str,
    holds: Callable[[re.Match[str]], bool] = lambda _: True,
) -> Iterator[Match]:
    return (
        Match(kind, match.start(), match.end()) for match in pattern.finditer(text) if holds(match)
    )


def _build_finder(
    pattern: re.Pattern[str],
    kind: FindingKind,
    holds: Callable[[re.Match[str]], bool] = lambda _: True,
) -> Callable[[str], Iterator[Match]]:
    return lambda text: _search_text(pattern, kind, text, holds)


def _is_card(match: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", match.group())
    return digits[0] in "23456" and bool(luhn.is_valid(digits))


def _is_iban(match: re.Match[str]) -> bool:
    return bool(iban.is_valid(match.group()))


def _is_ssn(match: re.Match[str]) -> bool:
    return bool(ssn.is_valid(match.group()))


def _is_address(match: re.Match[str]) -> bool:
    try:
        address = ip_address(match.group())
    except ValueError:
        return False
    if VERSION_BEFORE.search(match.string[: match.start()]):
        return False
    # Two colons are a time of day.
    is_time = match.group().count(":") == "hh:mm:ss".count(":")
    return not (address.is_loopback or address.is_unspecified or is_time)


def _is_place(match: re.Match[str]) -> bool:
    return float(match.group(1)) <= POLE and float(match.group(2)) <= DATE_LINE


def _is_very_old(match: re.Match[str]) -> bool:
    return OLDEST_AGE < int(match.group(1) or match.group(2)) <= OLDEST_PERSON


KINDS_BY_FORM = frozenset(
    {
        FindingKind.EMAIL,
        FindingKind.PHONE,
        FindingKind.CARD_NUMBER,
        FindingKind.BANK_ACCOUNT,
        FindingKind.SOCIAL_SECURITY_NUMBER,
        FindingKind.NETWORK_ADDRESS,
        FindingKind.DEVICE_ADDRESS,
        FindingKind.COORDINATES,
        FindingKind.MEDICAL_RECORD_NUMBER,
        FindingKind.BIRTH_DATE,
        FindingKind.AGE_OVER_89,
    }
)
FINDERS = (
    _build_finder(CARD, FindingKind.CARD_NUMBER, _is_card),
    _build_finder(IBAN, FindingKind.BANK_ACCOUNT, _is_iban),
    _build_finder(SSN, FindingKind.SOCIAL_SECURITY_NUMBER, _is_ssn),
    _build_finder(IPV4, FindingKind.NETWORK_ADDRESS, _is_address),
    _build_finder(IPV6, FindingKind.NETWORK_ADDRESS, _is_address),
    _build_finder(MAC, FindingKind.DEVICE_ADDRESS),
    _build_finder(COORDINATE_PAIR, FindingKind.COORDINATES, _is_place),
    _build_finder(NAMED_COORDINATES, FindingKind.COORDINATES),
    _build_finder(DEGREES, FindingKind.COORDINATES),
    _build_finder(ISO_6709, FindingKind.COORDINATES),
    _build_finder(GEO_URI, FindingKind.COORDINATES),
    _build_finder(RECORD_NUMBER, FindingKind.MEDICAL_RECORD_NUMBER),
    _build_finder(BIRTH_DATE, FindingKind.BIRTH_DATE),
    _build_finder(AGE, FindingKind.AGE_OVER_89, _is_very_old),
)


def _find_phones(text: str, regions: tuple[str, ...]) -> Iterator[Match]:
    if sum(character.isdigit() for character in text) < FEWEST_PHONE_DIGITS:
        return
    # Without a region only what starts with a plus sign can be a number.
    for region in (*((None,) if "+" in text else ()), *regions):
        for match in phonenumbers.PhoneNumberMatcher(text, region):
            yield Match(FindingKind.PHONE, match.start, match.end)


def shorten_text(value: str, matches: Iterable[Match] | None = None) -> str:
    """The value with everything personal cut to its first two letters, 60 characters at most."""
    shown, position = "", 0
    for match in find_personal(value) if matches is None else matches:
        shown += value[position : match.start] + value[match.start : match.start + 2] + "…"
        position = match.end
    shown = " ".join((shown + value[position:]).split())
    return shown if len(shown) <= LONGEST_SHOWN else shown[: LONGEST_SHOWN - 1] + "…"
