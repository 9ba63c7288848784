"""Vocabularies and their terms over the wire."""

from typing import Any

from rest_framework import serializers

from apps.datasets.models import Term, Vocabulary


class VocabularyOut(serializers.ModelSerializer[Vocabulary]):
    """One version of a label set."""

    class Meta:
        model = Vocabulary
        fields = ("name", "version", "title", "licence", "source_url", "sha256", "created_at")
        read_only_fields = fields


class TermOut(serializers.ModelSerializer[Term]):
    """One label; its parents by code."""

    parents: serializers.SlugRelatedField[Term] = serializers.SlugRelatedField(
        "code", many=True, read_only=True
    )

    class Meta:
        model = Term
        fields = ("code", "name", "description", "abstract", "parents")
        read_only_fields = fields


class VocabularyQuery(serializers.Serializer[Any]):
    """Which vocabularies."""

    name = serializers.CharField(max_length=96, required=False)


class TermQuery(serializers.Serializer[Any]):
    """Which terms."""

    q = serializers.CharField(max_length=100, required=False, help_text="Part of name or code.")
    parent = serializers.CharField(  # type: ignore[assignment]  # DRF has one too
        max_length=100, required=False, help_text="Code of a parent."
    )
