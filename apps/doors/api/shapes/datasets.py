"""Datasets over the wire."""

from typing import Any

from rest_framework import serializers

from apps.datasets.models import Dataset, Vocabulary
from datasets_catalog.licences import Use
from datasets_catalog.verticals import Vertical


class VocabularyRef(serializers.Serializer[Vocabulary]):
    """Which vocabulary, in which version."""

    name = serializers.CharField(max_length=96)
    version = serializers.CharField(max_length=32)


class DatasetOut(serializers.ModelSerializer[Dataset]):
    """A dataset and its settings."""

    full_name = serializers.CharField(help_text="`organisation/name`.")
    organisation = serializers.CharField(source="organisation.name")
    vertical = serializers.ChoiceField(choices=[v.value for v in Vertical])
    use = serializers.ChoiceField(choices=[u.value for u in Use])
    vocabulary = VocabularyRef(allow_null=True)

    class Meta:
        model = Dataset
        fields = (
            "uid",
            "full_name",
            "organisation",
            "name",
            "title",
            "description",
            "vertical",
            "vocabulary",
            "privacy_profile",
            "use",
            "wanted_licence",
            "access",
            "verified_share",
            "draft_serial",
            "created_at",
        )
        read_only_fields = fields


class DatasetSettings(serializers.Serializer[Any]):
    """What may be changed of a dataset."""

    title = serializers.CharField(max_length=200, required=False, allow_blank=True)
    description = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    privacy_profile = serializers.CharField(max_length=16, required=False)
    use = serializers.ChoiceField(choices=[u.value for u in Use], required=False)
    wanted_licence = serializers.CharField(max_length=100, required=False, allow_blank=True)
    access = serializers.ChoiceField(choices=Dataset.Access.choices, required=False)
    verified_share = serializers.FloatField(min_value=0, max_value=1, required=False)
    vocabulary = VocabularyRef(required=False, allow_null=True)


class DatasetNew(DatasetSettings):
    """What a dataset begins with."""

    organisation = serializers.CharField(max_length=96)
    name = serializers.CharField(max_length=96)
    vertical = serializers.ChoiceField(choices=[v.value for v in Vertical])


class DatasetQuery(serializers.Serializer[Any]):
    """Which datasets."""

    q = serializers.CharField(
        max_length=200, required=False, help_text="Part of name, title or description."
    )
    organisation = serializers.CharField(max_length=96, required=False)
    vertical = serializers.ChoiceField(choices=[v.value for v in Vertical], required=False)
    access = serializers.ChoiceField(choices=Dataset.Access.choices, required=False)
