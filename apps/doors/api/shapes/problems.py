"""Refusals, as RFC 9457 has them."""

from typing import Any

from rest_framework import serializers

from datasets_catalog.errors import EarmarkError


class FieldProblem(serializers.Serializer[Any]):
    """What is wrong with one field of the request."""

    field = serializers.CharField(help_text="Path of the field, such as `rows.3.sha256`.")
    code = serializers.CharField()
    message = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """An answer that says no."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable and dotted, such as `ingest.path_invalid`.")
    detail = serializers.CharField(help_text="What happened and what to do, for people.")
    context = serializers.DictField(  # type: ignore[assignment]  # DRF has one too
        help_text="Values for programs."
    )
    errors = FieldProblem(  # type: ignore[assignment]  # DRF has one too
        many=True, required=False
    )


class Reason(serializers.Serializer[Any]):
    """Why one of many was refused while the others went on."""

    code = serializers.CharField()
    detail = serializers.CharField()


def build_reason(error: EarmarkError | None) -> dict[str, str] | None:
    return None if error is None else {"code": error.code, "detail": error.message}
