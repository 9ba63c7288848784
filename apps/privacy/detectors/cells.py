"""Finds personal data in the text cells of a table row: by form, and by what the column is for."""

import re
from collections.abc import Mapping
from typing import Any

from apps.privacy.detectors.base import CellsSubject, Detection, Looks, Seen
from apps.privacy.detectors.patterns import OLDEST_AGE, find_personal, shorten

# What a column holds when its header says so, whatever the value looks like.
HEADERS = {
    "person_name": r"(first|last|full|sur|given|family|maiden|middle|nick|legal|real)[ _-]?name|"
    r"(patient|participant|speaker|subject|child|parent|mother|father|driver|client|user|donor)"
    r"([ _-]?name)",
    "street_address": r"(home|postal|street|mailing|residential)?[ _-]?(address|street)(es)?",
    "phone": r"((mobile|cell|tele)?[ _-]?phone|mobile|tel|fax)([ _-]?(no|nr|number))?",
    "email": r"e[ _-]?mail([ _-]?address)?",
    "birth_date": r"dob|birth[ _-]?(day|date)|date[ _-]?of[ _-]?birth",
    "medical_record_number": r"mrn|medical[ _-]?record([ _-]?(no|nr|number|id))?",
    "social_security_number": r"ssn|social[ _-]?security([ _-]?(no|nr|number))?",
    "national_identity_number": r"(national|passport|tax|insurance)[ _-]?(id|no|nr|number)",
    "licence_plate": r"(licen[cs]e|number|registration)[ _-]?plate|vin",
}
HEADER_PATTERNS = {
    kind: re.compile(rf"(?:{form})", re.IGNORECASE) for kind, form in HEADERS.items()
}
LATITUDE = re.compile(r"(gps|geo)?[ _-]?lat(itude)?", re.IGNORECASE)
LONGITUDE = re.compile(r"(gps|geo)?[ _-]?(lon|lng|long)(gitude)?", re.IGNORECASE)
AGE_HEADER = re.compile(r"(\w+[ _-])?age([ _-]?(in[ _-]?)?years)?", re.IGNORECASE)
NUMBER = re.compile(r"\s*[-+]?\d+(?:[.,](\d+))?\s*")
NOTHING_SAID = frozenset({"", "-", "n/a", "na", "none", "null", "unknown", "anonymous", "?", "0"})
# Degrees with up to two decimals are a kilometre or more: a region, not a place.
COARSE_DECIMALS = 2
# Columns whose values are digests and identifiers: digits in them mean nothing.
OPAQUE = frozenset({"md5", "sha256", "clip_id", "event_id", "uuid"})


class CellsDetector:
    """The light layer that always looks: e-mail, telephone, cards, accounts, places, ages.

    Published credits (the author column) are not findings by themselves; an e-mail address or a
    telephone number in them is. `regions` are ISO 3166 codes for national telephone numbers.
    """

    name = "cells"
    version = "1"
    model_sha256 = ""
    looks_at = Looks.CELLS

    def __init__(self, *, regions: tuple[str, ...] = ()) -> None:
        self.regions = regions
        self.parameters: Mapping[str, Any] = {"regions": list(regions)}

    def detect(self, subject: CellsSubject) -> Detection:
        findings: list[Seen] = []
        cells = {header: value for header, value in subject.cells.items() if value.strip()}
        for header, value in cells.items():
            if header.strip().lower() not in OPAQUE:
                findings += self._by_form(header, value) or _by_header(header, value)
        findings += _by_columns(cells)
        return Detection(
            findings=tuple(findings),
            evidence={"cells": len(cells), "characters": sum(map(len, cells.values()))},
        )

    def _by_form(self, header: str, value: str) -> list[Seen]:
        matches = find_personal(value, self.regions)
        return [
            Seen(
                kind=match.kind,
                detail=f"{_words(match.kind)} in column {header!r}: {shorten(value, matches)}",
                evidence={"column": header, "start": match.start, "end": match.end},
            )
            for match in matches
        ]


def _by_header(header: str, value: str) -> list[Seen]:
    bare = header.strip()
    if value.strip().lower() in NOTHING_SAID:
        return []
    evidence = {"column": header}
    if AGE_HEADER.fullmatch(bare) and _number(value) > OLDEST_AGE:
        detail = f"Column {header!r} holds an age over {OLDEST_AGE}"
        return [Seen(kind="age_over_89", detail=detail, evidence=evidence)]
    kind = next((kind for kind, form in HEADER_PATTERNS.items() if form.fullmatch(bare)), None)
    if kind is None:
        return []
    detail = f"{_words(kind)} by the header of column {header!r}: {value.strip()[:2]}…"
    return [Seen(kind=kind, detail=detail, score=0.7, evidence=evidence)]


def _by_columns(cells: Mapping[str, str]) -> list[Seen]:
    """A place told by a latitude column and a longitude column together."""
    latitude = next((header for header in cells if LATITUDE.fullmatch(header.strip())), None)
    longitude = next((header for header in cells if LONGITUDE.fullmatch(header.strip())), None)
    if latitude is None or longitude is None:
        return []
    decimals = min(_decimals(cells[latitude]), _decimals(cells[longitude]))
    if decimals <= COARSE_DECIMALS:
        return []
    detail = (
        f"Columns {latitude!r} and {longitude!r} tell a place to {decimals} decimals of a degree; "
        f"up to {COARSE_DECIMALS} (about a kilometre) is coarse"
    )
    evidence = {"columns": [latitude, longitude], "decimals": decimals}
    return [Seen(kind="coordinates", detail=detail, evidence=evidence)]


def _decimals(value: str) -> int:
    match = NUMBER.fullmatch(value)
    return len(match.group(1) or "") if match else 0


def _number(value: str) -> float:
    return float(value.replace(",", ".")) if NUMBER.fullmatch(value) else 0.0


def _words(kind: str) -> str:
    return kind.replace("_", " ").capitalize()
