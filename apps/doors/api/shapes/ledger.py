"""Forms of consent, corrections and minors, over the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.consent.entries import UNSAID_LANGUAGE, ConsentEntry
from apps.consent.forms import list_current_reaches
from apps.consent.models import ConsentForm, Contributor, FormReach
from apps.doors.api.shapes.choices import PURPOSES
from datasets_catalog.purposes import Answer, Purpose
from datasets_catalog.territories import parse_territories

IMPLICATIONS = {
    "type": "object",
    "nullable": True,
    "description": "What its purposes contain, purposes by purpose; null: as the platform says.",
    "additionalProperties": {"type": "array", "items": {"enum": PURPOSES}},
}
SHA256 = r"^[0-9a-f]{64}$"


@extend_schema_field(IMPLICATIONS)
class ImplicationsField(serializers.JSONField):
    """A table of what a form's purposes contain."""


class ReachOut(serializers.ModelSerializer[FormReach]):
    """What a form asks about: a dataset, or one recording of it."""

    dataset = serializers.CharField(source="dataset.full_name")

    class Meta:
        model = FormReach
        fields = ("dataset", "recording", "reason", "added_at")
        read_only_fields = fields


class FormOut(serializers.ModelSerializer[ConsentForm]):
    """A form of consent; `reach` is what it asks about now."""

    implications = ImplicationsField()
    reach = serializers.SerializerMethodField()

    class Meta:
        model = ConsentForm
        fields = (
            "uid",
            "name",
            "version",
            "language",
            "study",
            "text",
            "text_sha256",
            "implications",
            "reach",
            "created_at",
        )
        read_only_fields = fields

    @extend_schema_field(ReachOut(many=True))
    def get_reach(self, form: ConsentForm) -> list[dict[str, Any]]:
        return list(ReachOut(list_current_reaches(form), many=True).data)


class FormNew(serializers.Serializer[Any]):
    """A form to put on record before it is answered."""

    name = serializers.CharField(max_length=100)
    version = serializers.CharField(max_length=32)
    language = serializers.RegexField(
        r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=16, default=UNSAID_LANGUAGE
    )
    study = serializers.CharField(max_length=200, required=False, allow_blank=True)
    text = serializers.CharField(
        max_length=200_000, required=False, allow_blank=True, trim_whitespace=False
    )
    implications = ImplicationsField(required=False, allow_null=True)
    datasets = serializers.ListField(
        child=serializers.CharField(max_length=96),
        default=list,
        help_text="Names of the datasets that it asks about.",
    )


class ReachNew(serializers.Serializer[Any]):
    """What a form asks about, too, or not after all."""

    dataset = serializers.CharField(max_length=96, help_text="Its name in the organisation.")
    recording = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    reason = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)


class CorrectionNew(serializers.Serializer[Any]):
    """What is right, as a whole; without answers: there was no consent."""

    form = serializers.CharField(max_length=100)
    form_version = serializers.CharField(max_length=32)
    language = serializers.CharField(max_length=16, required=False, default="")
    given_at = serializers.DateTimeField()
    valid_from = serializers.DateTimeField(required=False, allow_null=True, default=None)
    valid_until = serializers.DateTimeField(required=False, allow_null=True, default=None)
    territories = serializers.ListField(child=serializers.CharField(max_length=3), default=list)
    evidence_sha256 = serializers.RegexField(SHA256, required=False, default="")
    guardian = serializers.CharField(max_length=100, required=False, default="")
    answers = serializers.DictField(
        child=serializers.ChoiceField(choices=[Answer.ALLOWED.value, Answer.DENIED.value]),
        help_text="`allowed` or `denied` by purpose; purposes left out were not asked.",
    )
    reason = serializers.CharField(max_length=2000)

    def validate_answers(self, answers: dict[str, str]) -> dict[Purpose, Answer]:
        unknown = sorted(answers.keys() - set(PURPOSES))
        if unknown:
            raise serializers.ValidationError(
                f"{unknown[0]!r} is no purpose. Purposes: {', '.join(PURPOSES)}."
            )
        return {Purpose(purpose): Answer(answer) for purpose, answer in answers.items()}


def build_entry(contributor: str, body: dict[str, Any]) -> ConsentEntry:
    """The entry that a correction describes. Raises TerritoryUnknownError."""
    said = {name: value for name, value in body.items() if name != "reason"}
    said["territories"] = parse_territories(said["territories"])
    return ConsentEntry(contributor=contributor, **said)


class MinorNew(serializers.Serializer[Any]):
    """Who is, or was, under age, and up to which day."""

    contributor = serializers.RegexField(r"^[\w.:+#/-]+$", max_length=100)
    of_age_on = serializers.DateField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=2000)
    evidence_sha256 = serializers.RegexField(SHA256, required=False, default="")


class MajorityNew(serializers.Serializer[Any]):
    """Who is of age from today on."""

    contributor = serializers.CharField(max_length=100)
    reason = serializers.CharField(max_length=2000)
    evidence_sha256 = serializers.RegexField(
        SHA256, required=False, default="", help_text="Of what shows it; without one it is refused."
    )


class AgeOut(serializers.ModelSerializer[Contributor]):
    """What is known of a contributor's age."""

    class Meta:
        model = Contributor
        fields = ("code", "is_minor", "of_age_on")
        read_only_fields = fields
