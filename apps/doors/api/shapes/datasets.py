"""Datasets over the wire."""

from typing import Any

from rest_framework import serializers

from apps.datasets.models import Dataset, Lowering, Vocabulary
from datasets_catalog.licences import Use
from datasets_catalog.request_forms import FieldType
from datasets_catalog.split_policies import LONGEST_GAP, MOST_FOLDS, MOST_NAMED
from datasets_catalog.verticals import Vertical


class VocabularyRef(serializers.Serializer[Vocabulary]):
    """Which vocabulary, in which version."""

    name = serializers.CharField(max_length=96)
    version = serializers.CharField(max_length=32)


class RequestField(serializers.Serializer[Any]):
    """A question of the form by which the dataset is asked for."""

    name = serializers.RegexField(r"^[a-z][a-z0-9_]{0,39}$")
    label = serializers.CharField(max_length=200)  # type: ignore[assignment]  # a question's own
    type = serializers.ChoiceField(choices=[each.value for each in FieldType])
    required = serializers.BooleanField(  # type: ignore[assignment]  # a question's own
        required=False, default=False
    )
    options = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        help_text="The choices of a `select`.",
    )
    help = serializers.CharField(max_length=200, required=False, allow_blank=True)


class SplitPolicy(serializers.Serializer[Any]):
    """What splits mean; what is not said is at its default (docs/gates.md)."""

    apart = serializers.ListField(
        child=serializers.CharField(max_length=100),
        required=False,
        max_length=MOST_NAMED,
        help_text="Traits, or `fields.NAME`, of which no value may be in two splits.",
    )
    shared = serializers.ListField(
        child=serializers.CharField(max_length=100),
        required=False,
        max_length=MOST_NAMED,
        help_text="Traits of which every value has to be in what is learnt from.",
    )
    folds = serializers.IntegerField(
        required=False, min_value=0, max_value=MOST_FOLDS, help_text="fold1 to foldK; 0: none."
    )
    gap = serializers.FloatField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=LONGEST_GAP,
        help_text="Seconds between clips of one recording in several splits.",
    )
    order = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=MOST_NAMED,
        help_text="Splits in the time of each recording.",
    )


class CreatorShape(serializers.Serializer[Any]):
    """Whom to cite."""

    name = serializers.CharField(max_length=200)
    orcid = serializers.CharField(max_length=60, required=False, allow_blank=True)
    affiliation = serializers.CharField(max_length=200, required=False, allow_blank=True)


class SheetShape(serializers.Serializer[Any]):
    """What the keepers of a dataset say of it beside title and description."""

    provenance = serializers.CharField(
        max_length=20_000, required=False, allow_blank=True, help_text="How it was made."
    )
    limitations = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    funding = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    languages = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, help_text="BCP 47 tags."
    )
    creators = CreatorShape(many=True, required=False)


class DatasetOut(serializers.ModelSerializer[Dataset]):
    """A dataset and its settings."""

    full_name = serializers.CharField(help_text="`organisation/name`.")
    organisation = serializers.CharField(source="organisation.name")
    vertical = serializers.ChoiceField(choices=[v.value for v in Vertical])
    use = serializers.ChoiceField(choices=[u.value for u in Use])
    vocabulary = VocabularyRef(allow_null=True)
    request_fields = RequestField(many=True)
    embargoes = serializers.DictField(child=serializers.DateTimeField())
    quasi_identifiers = serializers.ListField(child=serializers.CharField())
    sheet = SheetShape()

    class Meta:
        model = Dataset
        fields = (
            "uid",
            "full_name",
            "organisation",
            "name",
            "title",
            "description",
            "sheet",
            "vertical",
            "vocabulary",
            "privacy_profile",
            "use",
            "wanted_licence",
            "access",
            "auto_grant",
            "grant_days",
            "request_fields",
            "embargo_until",
            "embargoes",
            "terms_version",
            "terms_required",
            "evidence_required",
            "guardian_notice_days",
            "verified_share",
            "split_policy",
            "quasi_identifiers",
            "fewest_alike",
            "draft_serial",
            "created_at",
        )
        read_only_fields = fields


class DatasetSettings(serializers.Serializer[Any]):
    """What may be changed of a dataset."""

    title = serializers.CharField(max_length=200, required=False, allow_blank=True)
    description = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    sheet = SheetShape(required=False, help_text="Takes the place of the whole sheet.")
    privacy_profile = serializers.CharField(max_length=16, required=False)
    use = serializers.ChoiceField(choices=[u.value for u in Use], required=False)
    wanted_licence = serializers.CharField(max_length=100, required=False, allow_blank=True)
    access = serializers.ChoiceField(choices=Dataset.Access.choices, required=False)
    auto_grant = serializers.BooleanField(
        required=False,
        help_text="Complete requests for purposes the newest release is cleared for are granted"
        " at once.",
    )
    grant_days = serializers.IntegerField(
        min_value=1,
        max_value=36_500,
        required=False,
        allow_null=True,
        help_text="How long access lasts that nobody gave an end.",
    )
    request_fields = RequestField(many=True, required=False)
    embargo_until = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Before it only members see into releases."
    )
    embargoes = serializers.DictField(
        child=serializers.CharField(max_length=40),
        required=False,
        help_text="The same for single versions: version to moment.",
    )
    evidence_required = serializers.BooleanField(
        required=False,
        help_text="Whether every consent in a release needs the hash of its evidence.",
    )
    guardian_notice_days = serializers.IntegerField(
        min_value=0,
        max_value=366,
        required=False,
        help_text="For how long a guardian's answers still count after somebody came of age.",
    )
    verified_share = serializers.FloatField(min_value=0, max_value=1, required=False)
    quasi_identifiers = serializers.ListField(
        child=serializers.CharField(max_length=100),
        required=False,
        help_text="Columns that together may single out a person, beside those of the vertical.",
    )
    fewest_alike = serializers.IntegerField(
        min_value=2,
        max_value=1000,
        required=False,
        help_text="As many people at least have to share what those columns say.",
    )
    vocabulary = VocabularyRef(required=False, allow_null=True)
    split_policy = SplitPolicy(required=False, allow_null=True)


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


class LoweringOut(serializers.ModelSerializer[Lowering]):
    """A request to lower what a dataset is held to."""

    before = serializers.DictField(help_text="The bars by name, as they were when it was asked.")
    becomes = serializers.DictField()
    proposed_by = serializers.CharField(source="proposed_by.username")
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)

    class Meta:
        model = Lowering
        fields = (
            "uid",
            "before",
            "becomes",
            "reason",
            "state",
            "proposed_by",
            "proposed_at",
            "decided_by",
            "decided_at",
            "answer",
        )
        read_only_fields = fields


class LoweringNew(serializers.Serializer[Any]):
    """Which bars become lower, and why."""

    privacy_profile = serializers.CharField(max_length=16, required=False)
    verified_share = serializers.FloatField(min_value=0, max_value=1, required=False)
    quasi_identifiers = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False
    )
    fewest_alike = serializers.IntegerField(min_value=2, max_value=1000, required=False)
    evidence_required = serializers.BooleanField(required=False)
    guardian_notice_days = serializers.IntegerField(min_value=0, max_value=366, required=False)
    request_fields = RequestField(many=True, required=False)
    split_policy = SplitPolicy(required=False, allow_null=True)
    use = serializers.ChoiceField(choices=[use.value for use in Use], required=False)
    wanted_licence = serializers.CharField(max_length=100, required=False, allow_blank=True)
    vocabulary = serializers.CharField(
        max_length=129, required=False, allow_null=True, help_text="Its name, a space, its version."
    )
    grant_days = serializers.IntegerField(min_value=0, required=False, allow_null=True)
    reason = serializers.CharField(max_length=1000)


class LoweringAnswer(serializers.Serializer[Any]):
    """Why a reviewer agrees, or does not."""

    reason = serializers.CharField(max_length=1000)
