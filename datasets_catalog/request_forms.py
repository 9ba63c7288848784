"""What a dataset asks of whoever requests it: the fields of its form, and whether answers do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from datasets_catalog.countries import COUNTRIES
from datasets_catalog.errors import InvalidError

FIELDS = 30
OPTIONS = 100
LABEL_CHARACTERS = 200
TEXT_CHARACTERS = 4000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEYS = {"name", "label", "type", "required", "options", "help"}
# A checkbox on a page sends `on`; programs send true.
_YES = {"true", "on", "yes", "1"}
_NO = {"false", "off", "no", "0", ""}


class FormInvalidError(InvalidError):
    """The fields of a request form cannot be used; `problems` in the detail says which and why."""

    code = "access.form_invalid"


class AnswersInvalidError(InvalidError):
    """Answers to a request form are missing or wrong; `problems` in the detail names each."""

    code = "access.answers_invalid"


class FieldType(StrEnum):
    """What a field takes."""

    TEXT = "text"
    CHECKBOX = "checkbox"
    SELECT = "select"
    DATE = "date"
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `options` are the choices of a `select`."""

    name: str
    label: str
    type: FieldType
    required: bool = False
    options: tuple[str, ...] = ()
    help: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type.value,
            "required": self.required,
            "options": list(self.options),
            "help": self.help,
        }


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one field does not do."""

    field: str
    value: str
    expected: str

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "value": self.value, "expected": self.expected}


def parse_fields(fields: Any) -> tuple[Field, ...]:
    """The fields of a form from JSON. Raises FormInvalidError that names every wrong one."""
    if not isinstance(fields, list) or len(fields) > FIELDS:
        raise FormInvalidError(f"The fields are a list of at most {FIELDS}.")
    problems: list[Problem] = []
    found: list[Field] = []
    for position, entry in enumerate(fields):
        wrong = _find_fault(entry)
        if wrong:
            problems.append(Problem(str(position), str(entry)[:200], wrong))
        elif entry["name"] in {field.name for field in found}:
            problems.append(Problem(str(position), entry["name"], "a name of its own"))
        else:
            found.append(_build_field(entry))
    if problems:
        first = problems[0]
        raise FormInvalidError(
            f"Field {int(first.field) + 1} of the form: expected {first.expected}.",
            problems=[problem.as_json() for problem in problems],
        )
    return tuple(found)


def check_answers(fields: Sequence[Field], answers: Mapping[str, Any]) -> list[dict[str, str]]:
    """The answers as they are kept, in the form's order: name, label, value.

    Raises AnswersInvalidError that names each field that is missing, unknown or wrong.
    """
    unknown = sorted(answers.keys() - {field.name for field in fields})
    problems = [
        Problem(name, str(answers[name])[:200], "no such field: leave it out") for name in unknown
    ]
    kept = []
    for field in fields:
        given = answers.get(field.name, "")
        value = str(given).strip() if given is not None else ""
        expected = _find_expectation(field, value)
        if expected:
            problems.append(Problem(field.name, value[:200], expected))
        else:
            kept.append(
                {"name": field.name, "label": field.label, "value": _normalise_value(field, value)}
            )
    if problems:
        first = problems[0]
        raise AnswersInvalidError(
            f"{first.field}: expected {first.expected}.",
            problems=[problem.as_json() for problem in problems],
        )
    return kept


def _find_fault(entry: Any) -> str:  # noqa: PLR0911 - one line for each rule reads best
    if not isinstance(entry, dict) or entry.keys() - _KEYS:
        return f"an object with the keys {', '.join(sorted(_KEYS))} and no others"
    if not _NAME.fullmatch(str(entry.get("name", ""))):
        return "a name of lower-case letters, digits and underscores, beginning with a letter"
    label = entry.get("label")
    if not isinstance(label, str) or not 0 < len(label.strip()) <= LABEL_CHARACTERS:
        return f"a label of 1 to {LABEL_CHARACTERS} characters"
    if entry.get("type") not in set(FieldType):
        return f"a type out of {', '.join(FieldType)}"
    if not isinstance(entry.get("required", False), bool):
        return "true or false for required"
    help_text = entry.get("help", "")
    if not isinstance(help_text, str) or len(help_text) > LABEL_CHARACTERS:
        return f"a help text of at most {LABEL_CHARACTERS} characters"
    return _find_options_fault(entry)


def _find_options_fault(entry: dict[str, Any]) -> str:
    options = entry.get("options", [])
    strings = isinstance(options, list) and all(
        isinstance(each, str) and 0 < len(each.strip()) <= LABEL_CHARACTERS for each in options
    )
    if not strings or len(options) > OPTIONS or len(set(options)) < len(options):
        return f"options that are at most {OPTIONS} different texts"
    if bool(options) != (entry["type"] == FieldType.SELECT):
        return "options for a select, and for nothing else"
    return ""


def _build_field(entry: dict[str, Any]) -> Field:
    return Field(
        name=entry["name"],
        label=entry["label"].strip(),
        type=FieldType(entry["type"]),
        required=entry.get("required", False),
        options=tuple(entry.get("options", [])),
        help=entry.get("help", "").strip(),
    )


def _find_expectation(field: Field, value: str) -> str:
    """What was expected instead of the value; empty where it does."""
    if field.type is FieldType.CHECKBOX:
        return _find_tick_expectation(value, required=field.required)
    if not value:
        return "an answer" if field.required else ""
    match field.type:
        case FieldType.SELECT:
            good, expected = value in field.options, f"one of {', '.join(field.options)}"
        case FieldType.COUNTRY:
            good, expected = value.upper() in COUNTRIES, "a country's two letters, such as FR"
        case FieldType.DATE:
            good, expected = _is_date(value), "a day as YYYY-MM-DD"
        case _:
            good = len(value) <= TEXT_CHARACTERS
            expected = f"at most {TEXT_CHARACTERS} characters"
    return "" if good else expected


def _find_tick_expectation(value: str, *, required: bool) -> str:
    if value.lower() not in _YES | _NO:
        return "true or false"
    return "a tick" if required and value.lower() not in _YES else ""


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", value))


def _normalise_value(field: Field, value: str) -> str:
    match field.type:
        case FieldType.CHECKBOX:
            return "yes" if value.lower() in _YES else "no"
        case FieldType.COUNTRY:
            return value.upper()
        case _:
            return value
