"""The columns a vertical adds to the clip table: typed and checked by its JSON Schema."""

import datetime as dt
import json
import math
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

from apps.ingest.row_readers import CellError, Problem, RowReader
from datasets_catalog.errors import InvalidError

LIST_SEPARATOR = ";"

_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TYPE_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "values joined by ;",
    "object": "an object",
}
# What a schema can say beyond its single properties; only then is every whole row checked again.
_WHOLE_ROW_KEYWORDS = frozenset(
    {
        "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentRequired",
        "dependentSchemas", "minProperties", "maxProperties", "patternProperties",
        "propertyNames", "unevaluatedProperties", "$ref", "$dynamicRef",
    }
)  # fmt: skip


class ProfileInvalidError(InvalidError):
    """The vertical's profile is not a JSON Schema of an object's properties."""

    code = "ingest.profile_invalid"


class VerticalFields:
    """Reads a row's vertical fields; each distinct cell is checked once.

    Columns in `reserved` are never fields. Raises ProfileInvalidError.
    """

    def __init__(self, profile: Mapping[str, Any], *, reserved: Collection[str] = ()) -> None:
        try:
            Draft202012Validator.check_schema(profile)
        except SchemaError as error:
            raise ProfileInvalidError(f"The profile is no JSON Schema: {error.message}.") from error
        self._validator = Draft202012Validator(
            profile, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        self._properties: dict[str, Any] = {
            column: schema
            for column, schema in profile.get("properties", {}).items()
            if column not in reserved
        }
        self._required = [c for c in profile.get("required", []) if c in self._properties]
        self._checks_rows = bool(_WHOLE_ROW_KEYWORDS & profile.keys())
        self._kinds = {column: partial(self._read_cell, column) for column in self._properties}

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self._properties)

    def read(self, row: RowReader) -> dict[str, Any]:
        """Return the fields that are filled in; what is wrong goes to the row's errors."""
        fields: dict[str, Any] = {}
        for column, kind in self._kinds.items():
            value = row.read_optional(column, kind)
            if value is not None:
                fields[column] = value
        for column in self._required:
            if row.cell(column) is None:
                row.refuse(column, "", "a value", Problem.VALUE_MISSING)
        if self._checks_rows and row.is_clean:
            self._check_row(row, fields)
        return fields

    def _read_cell(self, column: str, cell: Any) -> Any:
        schema = self._properties[column]
        value = _parse_cell(cell, schema) if isinstance(cell, str) else _refuse_non_json(cell)
        if not fits_simple_schema(value, schema):
            for error in self._validator.descend(value, schema, path=column):
                raise CellError(
                    describe_expectation(schema) or _describe_error(error), Problem.FIELD_INVALID
                )
        return value

    def _check_row(self, row: RowReader, fields: dict[str, Any]) -> None:
        for error in self._validator.iter_errors(fields):
            column = str(error.absolute_path[0]) if error.absolute_path else ""
            found = fields.get(column, "")
            row.refuse(column, found, _describe_error(error), Problem.FIELD_INVALID)


def _describe_error(error: ValidationError) -> str:
    return f"a value that fits the profile ({error.message})"


def _refuse_non_json(cell: Any) -> Any:
    """Refuse what a Parquet cell can hold and JSON cannot; a date becomes its ISO text."""
    if isinstance(cell, dt.date):
        return cell.isoformat()
    try:
        json.dumps(cell, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CellError("a value that JSON can hold", Problem.FIELD_INVALID) from error
    return cell


def _list_types(schema: Any) -> list[str]:
    declared = schema.get("type", []) if isinstance(schema, dict) else []
    return [declared] if isinstance(declared, str) else list(declared)


def _parse_cell(cell: str, schema: Any) -> Any:
    """Turn a cell into the first of the schema types it can be; else leave it text."""
    types = _list_types(schema)
    for kind in types:
        if kind == "array":
            item = schema.get("items", {})
            return [
                _parse_cell(part.strip(), item)
                for part in cell.split(LIST_SEPARATOR)
                if part.strip()
            ]
        value = _parse_as_type(cell, kind)
        if value is not None:
            return value
    return cell


def _parse_as_type(cell: str, kind: str) -> Any:
    if kind == "boolean":
        return _BOOLEANS.get(cell.lower())
    if kind not in {"integer", "number"} or "_" in cell:
        return cell if kind == "string" else None
    try:
        return int(cell)
    except ValueError:
        pass
    try:
        value = float(cell)
    except ValueError:
        return None
    is_finite = value - value == 0
    return value if is_finite and (kind == "number" or value.is_integer()) else None


def describe_expectation(schema: Any) -> str:
    """Say in words what a property's schema asks for; empty where it asks for nothing known."""
    if not isinstance(schema, dict):
        return ""
    if "enum" in schema:
        return "one of " + ", ".join(str(option) for option in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    words = " or ".join(_TYPE_WORDS[kind] for kind in _list_types(schema) if kind in _TYPE_WORDS)
    limits = [
        text.format(schema[keyword]) for keyword, text in _LIMIT_WORDS.items() if keyword in schema
    ]
    return ", ".join([words or "a value", *limits]) if words or limits else ""


def fits_simple_schema(value: Any, schema: Any) -> bool:
    """Accept what plainly fits a simple schema; everything else is for the validator to judge."""
    if not isinstance(schema, dict) or not schema.keys() <= _SIMPLE_KEYWORDS:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    kind = schema.get("type")
    if kind == "string" and isinstance(value, str):
        return bool(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf))
    if isinstance(kind, str) and type(value) in _NUMBER_TYPES.get(kind, ()):
        return bool(schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf))
    return False


_SIMPLE_KEYWORDS = frozenset(
    {"type", "title", "description", "enum", "minimum", "maximum", "minLength", "maxLength"}
)
_NUMBER_TYPES: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float)}
_LIMIT_WORDS = {
    "minimum": "{} or more",
    "exclusiveMinimum": "more than {}",
    "maximum": "{} or less",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "{} characters or more",
    "maxLength": "{} characters or less",
    "pattern": "matching {}",
    "format": "in the format {}",
}
