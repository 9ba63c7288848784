"""The kinds that a deployment declares for its own detectors, in the file that names those."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from datasets_catalog.errors import InvalidError
from datasets_catalog.finding_kinds import (
    DEFAULT_WEIGHT,
    KIND_POLICIES,
    FindingKind,
    FindingPlace,
    KindPolicy,
    OwnKind,
)

NAME = re.compile(r"[a-z][a-z0-9_]{1,47}")
OPTIONAL: Mapping[str, Any] = {"weight": DEFAULT_WEIGHT, "speaks_for_recording": False}


class DetectorFileError(InvalidError):
    """The file that `EARMARK_DETECTORS` names is not what it should be."""

    code: ClassVar[str] = "privacy.detectors_file"


def read_detector_file(path: Path) -> Mapping[str, Sequence[Any]]:
    """The tables of a TOML or JSON file, `detector` and `kind`. Raises `DetectorFileError`."""
    try:
        raw = path.read_text(encoding="utf-8")
        parsed = json.loads(raw) if path.suffix == ".json" else tomllib.loads(raw)
    except (OSError, ValueError) as error:
        raise DetectorFileError(f"EARMARK_DETECTORS: {path} cannot be read: {error}") from error
    if not isinstance(parsed, dict):
        raise DetectorFileError(f"EARMARK_DETECTORS: {path} holds no [[detector]].")
    found = {name: parsed.get(name, []) for name in ("detector", "kind")}
    unknown = sorted(parsed.keys() - found.keys())
    if unknown:
        raise DetectorFileError(f"{path}: {unknown[0]!r} means nothing here.")
    for name, entries in found.items():
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            raise DetectorFileError(f"{path}: {name} is not a list of tables: write [[{name}]].")
    return found


def read_own_kinds(file: Mapping[str, Sequence[Any]], path: Path) -> Mapping[OwnKind, KindPolicy]:
    """The kinds that a file declares, each once and none that is built in.

    Raises `DetectorFileError`, also for a detector whose kind nobody declared.
    """
    found: dict[OwnKind, KindPolicy] = {}
    for entry in file["kind"]:
        kind, policy = _parse_kind(entry, path)
        if kind in set(FindingKind) | found.keys():
            raise DetectorFileError(f"{path}: there is a kind {kind} already.")
        found[kind] = policy
    for entry in file["detector"]:
        find_declared_kind(str(entry.get("kind", FindingKind.SPEECH)), found, path)
    return found


def find_declared_kind(
    name: str, own: Mapping[OwnKind, KindPolicy], path: Path
) -> FindingKind | OwnKind:
    """The kind of that name that findings in a sound may have.

    Raises `DetectorFileError` where there is none: what nobody declared has no weight and no rule.
    """
    kind = OwnKind(name)
    if kind in own:
        return kind
    in_sound = [
        each for each, policy in KIND_POLICIES.items() if policy.place is FindingPlace.SOUND
    ]
    if name not in in_sound:
        raise DetectorFileError(
            f"{path}: kind = {name!r} is no kind of finding in a sound: take one of"
            f" {', '.join(in_sound)}, or declare it beside the detectors:"
            f' [[kind]] name = "{name}", weight = {DEFAULT_WEIGHT}.'
        )
    return FindingKind(name)


def _parse_kind(entry: Mapping[str, Any], path: Path) -> tuple[OwnKind, KindPolicy]:
    unknown = sorted(entry.keys() - {"name"} - OPTIONAL.keys())
    if "name" not in entry or unknown:
        what = f"has {unknown[0]}, which means nothing" if unknown else "lacks name"
        raise DetectorFileError(f"{path}: a kind {what}.")
    given = {**OPTIONAL, **entry}
    name, weight, speaks = given["name"], given["weight"], given["speaks_for_recording"]
    is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
    expected = {
        "name": isinstance(name, str) and bool(NAME.fullmatch(name)),
        "weight": is_number and 0 < weight <= 1,
        "speaks_for_recording": isinstance(speaks, bool),
    }
    wrong = next((each for each, good in expected.items() if not good), None)
    if wrong:
        raise DetectorFileError(
            f"{path}: {wrong} = {given[wrong]!r} is not allowed for a kind. Names are lower case,"
            " 0 < weight <= 1, and speaks_for_recording is true or false."
        )
    return OwnKind(name), KindPolicy(FindingPlace.SOUND, float(weight), speaks)
