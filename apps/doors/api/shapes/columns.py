"""Released columns over the wire: how a cell is shown, and how one asks for it."""

from typing import Any

from rest_framework import serializers

from datasets_catalog.columns import Column, Kind

Field = serializers.Field[Any, Any, Any, Any]
_SHOWN: dict[Kind, type[Field]] = {
    Kind.TEXT: serializers.CharField,
    Kind.JSON: serializers.CharField,
    Kind.FLAG: serializers.BooleanField,
    Kind.INT16: serializers.IntegerField,
    Kind.INT32: serializers.IntegerField,
    Kind.INT64: serializers.IntegerField,
    Kind.FLOAT64: serializers.FloatField,
}
LONGEST = 1024


def build_cell_field(column: Column) -> Field:
    """The field of a released row."""
    unit = f"; {column.unit}" if column.unit else ""
    return _SHOWN[column.kind](
        allow_null=column.nullable, help_text=f"{column.description}{unit}".capitalize() + "."
    )


def build_draft_field(column: Column) -> Field:
    """The field of a clip of the draft, which holds the value elsewhere than under its name."""
    absent: dict[str, Any] = {"default": None} if column.nullable else {}
    return _SHOWN[column.kind](source=column.source.replace("__", "."), **absent)


def build_filter_field(column: Column) -> Field:
    """What a query may say of a column: exactly this value."""
    if column.kind is Kind.FLAG:
        return serializers.BooleanField(required=False, allow_null=True, default=None)
    if column.is_text:
        return serializers.CharField(max_length=LONGEST, required=False)
    return _SHOWN[column.kind](required=False)
