"""Finds personal data in the text cells of a table row: by form, and by what the column is for."""

import re
from collections.abc import Mapping
from typing import Any

from apps.detection.detectors.base import CellsSubject, Detection, Kinds, Looks, Observation
from apps.detection.detectors.patterns import KINDS_BY_FORM, OLDEST_AGE, find_personal, shorten_text
from datasets_catalog.finding_kinds import FindingKind
from datasets_catalog.verticals import load_place_decimals

# What a column holds when its header says so, whatever the value looks like.
HEADERS = {
    FindingKind.PERSON_NAME: r"(first|last|full|sur|given|family|maiden|middle|nick|legal|real)"
    r"[ _-]?name|"
    r"(patient|participant|speaker|subject|child|parent|mother|father|driver|client|user|donor)"
    r"([ _-]?name)",
    FindingKind.STREET_ADDRESS: r"(home|postal|street|mailing|residential)?"
    r"[ _-]?(address|street)(es)?",
    FindingKind.PHONE: r"((mobile|cell|tele)?[ _-]?phone|mobile|tel|fax)([ _-]?(no|nr|number))?",
    FindingKind.EMAIL: r"e[ _-]?mail([ _-]?address)?",
    FindingKind.BIRTH_DATE: r"dob|birth[ _-]?(day|date)|date[ _-]?of[ _-]?birth",
    FindingKind.MEDICAL_RECORD_NUMBER: r"mrn|medical[ _-]?record([ _-]?(no|nr|number|id))?",
    FindingKind.SOCIAL_SECURITY_NUMBER: r"ssn|social[ _-]?security([ _-]?(no|nr|number))?",
    FindingKind.NATIONAL_IDENTITY_NUMBER: r"(national|passport|tax|insurance)"
    r"[ _-]?(id|no|nr|number)",
    FindingKind.LICENCE_PLATE: r"(licen[cs]e|number|registration)[ _-]?plate|vin",
}
HEADER_PATTERNS = {
    kind: re.compile(rf"(?:{form})", re.IGNORECASE) for kind, form in HEADERS.items()
}
LATITUDE = re.compile(r"(gps|geo)?[ _-]?lat(itude)?", re.IGNORECASE)
LONGITUDE = re.compile(r"(gps|geo)?[ _-]?(lon|lng|long)(gitude)?", re.IGNORECASE)
AGE_HEADER = re.compile(r"(\w+[ _-])?age([ _-]?(in[ _-]?)?years)?", re.IGNORECASE)
NUMBER = re.compile(r"\s*[-+]?\d+(?:[.,](\d+))?\s*")
NOTHING_SAID = frozenset({"", "-", "n/a", "na", "none", "null", "unknown", "anonymous", "?", "0"})
PLACE_HEADER = re.compile(
    r"place|location|gps|geo|coordinates?|position|lat[ _-]?lo?ng?", re.IGNORECASE
)
DECIMAL_PAIR = re.compile(
    r"(?<![\w.])[-+]?(\d{1,2}\.\d+)\s*°?\s*[NS]?\s*[,;/\s]\s*[-+]?(\d{1,3}\.\d+)(?![\w.])"
)
POLE, DATE_LINE = 90, 180
AGE_VALUE = re.compile(
    r"\s*(\d{2,3})(?:[.,]\d+)?\s*(?:y(?:ears?|rs?)?(?:[ -]old)?)?\s*", re.IGNORECASE
)
DATE_OF_LIFE = re.compile(
    r"(admission|discharge|death|deceased|visit|surgery|operation|exam(ination)?)"
    r"[ _-]?(day|date)|(day|date)[ _-]?of[ _-]?(admission|discharge|death|visit|surgery)",
    re.IGNORECASE,
)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{8}")
# The vertical's own fields carry this in front of their names.
OWN_FIELD = "fields."
# Columns whose values are digests and identifiers: digits in them mean nothing.
OPAQUE = frozenset({"md5", "sha256", "clip_id", "event_id", "uuid"})


class CellsDetector:
    """The light layer that always looks: e-mail, telephone, cards, accounts, places, ages.

    Published credits (the author column) are not findings by themselves; an e-mail address or a
    telephone number in them is. `regions` are ISO 3166 codes for national telephone numbers.
    """

    name = "cells"
    version = "2"
    model_sha256 = ""
    looks_at = Looks.CELLS
    kinds: Kinds = frozenset({*KINDS_BY_FORM, *HEADERS, FindingKind.DATE})

    def __init__(self, *, regions: tuple[str, ...] = ()) -> None:
        self.regions = regions
        self.parameters: Mapping[str, Any] = {
            "regions": list(regions),
            "place_decimals": dict(load_place_decimals()),
        }

    def detect(self, subject: CellsSubject) -> Detection:
        findings: list[Observation] = []
        cells = {header: value for header, value in subject.cells.items() if value.strip()}
        for header, value in cells.items():
            if header.strip().lower() not in OPAQUE:
                findings += self._by_form(header, value) or _find_by_header(
                    header, value, subject.place_decimals
                )
        findings += _find_by_columns(cells, subject.place_decimals)
        return Detection(
            findings=tuple(findings),
            evidence={"cells": len(cells), "characters": sum(map(len, cells.values()))},
        )

    def _by_form(self, header: str, value: str) -> list[Observation]:
        matches = find_personal(value, self.regions)
        return [
            Observation(
                kind=match.kind,
                detail=f"{_spell_kind(match.kind)} in column {header!r}:"
                f" {shorten_text(value, matches)}",
                evidence={"column": header, "start": match.start, "end": match.end},
            )
            for match in matches
        ]


def _find_by_header(header: str, value: str, decimals: int) -> list[Observation]:
    bare = _strip_prefix(header)
    if value.strip().lower() in NOTHING_SAID:
        return []
    evidence = {"column": header}
    if AGE_HEADER.fullmatch(bare) and _read_age(value) > OLDEST_AGE:
        detail = f"Column {header!r} holds an age over {OLDEST_AGE}"
        return [Observation(kind=FindingKind.AGE_OVER_89, detail=detail, evidence=evidence)]
    if DATE_OF_LIFE.fullmatch(bare) and DAY.search(value):
        detail = f"Column {header!r} holds an exact day of somebody's life"
        return [Observation(kind=FindingKind.DATE, detail=detail, score=0.8, evidence=evidence)]
    if PLACE_HEADER.fullmatch(bare) and (told := _count_pair_decimals(value)) > decimals:
        return [_build_place_observation(f"Column {header!r} tells", told, decimals, [header])]
    kind = next((kind for kind, form in HEADER_PATTERNS.items() if form.fullmatch(bare)), None)
    if kind is None:
        return []
    detail = f"{_spell_kind(kind)} by the header of column {header!r}: {value.strip()[:2]}…"
    return [Observation(kind=kind, detail=detail, score=0.7, evidence=evidence)]


def _find_by_columns(cells: Mapping[str, str], decimals: int) -> list[Observation]:
    """A place told by a latitude column and a longitude column together."""
    latitude = next((header for header in cells if LATITUDE.fullmatch(_strip_prefix(header))), None)
    longitude = next(
        (header for header in cells if LONGITUDE.fullmatch(_strip_prefix(header))), None
    )
    if latitude is None or longitude is None:
        return []
    told = min(_count_decimals(cells[latitude]), _count_decimals(cells[longitude]))
    if told <= decimals:
        return []
    return [
        _build_place_observation(
            f"Columns {latitude!r} and {longitude!r} tell", told, decimals, [latitude, longitude]
        )
    ]


def _build_place_observation(
    where: str, told: int, allowed: int, columns: list[str]
) -> Observation:
    return Observation(
        kind=FindingKind.COORDINATES,
        detail=f"{where} a place to {told} decimals of a degree; this dataset allows {allowed}",
        evidence={"columns": columns, "decimals": told, "allowed": allowed},
    )


def _count_pair_decimals(value: str) -> int:
    """The decimals of a pair of degrees in a cell; 0 where there is none."""
    match = DECIMAL_PAIR.search(value)
    if match is None or float(match.group(1)) > POLE or float(match.group(2)) > DATE_LINE:
        return 0
    return min(len(number.partition(".")[2]) for number in match.groups())


def _strip_prefix(header: str) -> str:
    return header.strip().removeprefix(OWN_FIELD)


def _count_decimals(value: str) -> int:
    match = NUMBER.fullmatch(value)
    return len(match.group(1) or "") if match else 0


def _read_age(value: str) -> int:
    match = AGE_VALUE.fullmatch(value)
    return int(match.group(1)) if match else 0


def _spell_kind(kind: FindingKind) -> str:
    return kind.replace("_", " ").capitalize()
