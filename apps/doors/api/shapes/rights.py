"""Consents, terms, and what they mean for a draft, over the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.consent.models import Consent, Contributor
from apps.doors.api.shapes.choices import PURPOSES
from apps.licensing.models import Terms
from datasets_catalog.consent import Coverage
from datasets_catalog.ledger import Refusal
from datasets_catalog.licence_terms import AiTerms
from datasets_catalog.licences import Use
from datasets_catalog.outbound import WantedOutcome
from datasets_catalog.purposes import Answer, Purpose

SHOWN_UNCOVERED = 1000
ANSWERS = {
    "type": "object",
    "description": "`allowed` or `denied` by purpose; purposes left out were not asked.",
    "additionalProperties": {"enum": [Answer.ALLOWED.value, Answer.DENIED.value]},
}


class ContributorOut(serializers.ModelSerializer[Contributor]):
    """A contributor, known by a code alone."""

    clips = serializers.IntegerField()
    consents = serializers.IntegerField(source="given")

    class Meta:
        model = Contributor
        fields = ("code", "is_minor", "of_age_on", "clips", "consents", "created_at")
        read_only_fields = fields


class ContributorQuery(serializers.Serializer[Any]):
    """Which contributors."""

    q = serializers.CharField(max_length=100, required=False, help_text="Part of the code.")


class ConsentOut(serializers.ModelSerializer[Consent]):
    """One contributor's answers under one form."""

    contributor = serializers.CharField(source="contributor.code")
    form = serializers.CharField(source="form.name")
    form_version = serializers.CharField(source="form.version")
    language = serializers.CharField(source="form.language")
    territories = serializers.ListField(child=serializers.CharField())
    supersedes = serializers.UUIDField(
        source="supersedes.uid", default=None, allow_null=True, help_text="What it corrects."
    )
    superseded_by = serializers.UUIDField(
        source="superseded_by.uid",
        default=None,
        allow_null=True,
        help_text="What corrected it: then it counts no more.",
    )
    answers = serializers.SerializerMethodField()
    recorded_by = serializers.CharField(source="recorded_by.username")

    class Meta:
        model = Consent
        fields = (
            "uid",
            "contributor",
            "form",
            "form_version",
            "language",
            "given_at",
            "valid_from",
            "valid_until",
            "evidence_sha256",
            "guardian",
            "territories",
            "supersedes",
            "superseded_by",
            "correction_reason",
            "answers",
            "recorded_by",
            "recorded_at",
        )
        read_only_fields = fields

    @extend_schema_field(ANSWERS)
    def get_answers(self, consent: Consent) -> dict[str, str]:
        return {answer.purpose: answer.answer for answer in consent.answers.all()}


class ConsentQuery(serializers.Serializer[Any]):
    """Which consents."""

    contributor = serializers.CharField(max_length=100, required=False, help_text="A code.")


class ParticipationOut(serializers.Serializer[Any]):
    """Who can be heard or seen in a clip."""

    contributor = serializers.CharField(source="contributor.code")


class TermsOut(serializers.ModelSerializer[Terms]):
    """An organisation's own terms and what they allow."""

    ai_terms = serializers.ChoiceField(choices=[terms.value for terms in AiTerms])
    field_of_use = serializers.ListField(child=serializers.ChoiceField(choices=PURPOSES))
    territories = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Terms
        fields = (
            "licence",
            "title",
            "text",
            "sha256",
            "attribution",
            "share_alike",
            "noncommercial",
            "no_derivatives",
            "redistribution",
            "ai_terms",
            "field_of_use",
            "territories",
            "expires_on",
            "created_at",
        )
        read_only_fields = fields


class TermsNew(serializers.Serializer[Any]):
    """Terms to record; they never change under one name. Flags left out are the strict ones."""

    licence = serializers.CharField(
        max_length=100,
        help_text="`LicenseRef-…`, or the SPDX identifier of a licence that nobody judged here.",
    )
    title = serializers.CharField(max_length=200)
    text = serializers.CharField(
        max_length=200_000,
        trim_whitespace=False,
        required=False,
        help_text="Left out for a licence of SPDX's list, which brings its own.",
    )
    attribution = serializers.BooleanField(required=False)
    share_alike = serializers.BooleanField(required=False)
    noncommercial = serializers.BooleanField(required=False)
    no_derivatives = serializers.BooleanField(required=False)
    redistribution = serializers.BooleanField(required=False)
    ai_terms = serializers.ChoiceField(
        choices=[terms.value for terms in AiTerms],
        required=False,
        help_text="What they say of training models.",
    )
    field_of_use = serializers.ListField(
        child=serializers.ChoiceField(choices=PURPOSES),
        required=False,
        max_length=len(PURPOSES),
        help_text="The only uses, or ways of giving, that they allow. None: they do not say.",
    )
    territories = serializers.ListField(
        child=serializers.CharField(max_length=3),
        required=False,
        max_length=300,
        help_text="Where they hold: ISO 3166-1 codes, `EU` or `EEA`. None: everywhere.",
    )
    expires_on = serializers.DateField(
        required=False, allow_null=True, help_text="The last day on which they hold."
    )


class LicenceQuery(serializers.Serializer[Any]):
    """For which use, and what is wanted of it."""

    use = serializers.ChoiceField(choices=[use.value for use in Use], required=False)
    wanted = serializers.CharField(
        max_length=100,
        required=False,
        help_text=f"One of {', '.join(WantedOutcome)}, or the id of a licence.",
    )


class Share(serializers.Serializer[Any]):
    """How much stands under one licence expression."""

    expression = serializers.CharField()
    clips = serializers.IntegerField()
    seconds = serializers.FloatField()


class Conflict(serializers.Serializer[Any]):
    """Licence families that cannot be together."""

    families = serializers.ListField(child=serializers.CharField())
    clips = serializers.ListField(child=serializers.IntegerField())
    sentence = serializers.CharField()


class Rights(serializers.Serializer[Any]):
    """What may be done with the whole, and what is owed for it."""

    commercial = serializers.BooleanField()
    derivatives = serializers.BooleanField()
    redistribution = serializers.BooleanField()
    share_alike = serializers.BooleanField()
    attribution = serializers.BooleanField()
    ai_terms = serializers.ChoiceField(choices=[terms.value for terms in AiTerms])


class Drop(serializers.Serializer[Any]):
    """The fewest clips whose removal reaches the goal; empty when nothing need go."""

    clip_ids = serializers.ListField(child=serializers.CharField())
    paths = serializers.ListField(child=serializers.CharField())
    seconds = serializers.FloatField()
    shares = Share(many=True)
    remaining = serializers.IntegerField()
    sentence = serializers.CharField()


class LicenceReport(serializers.Serializer[Any]):
    """The licence of the draft as a whole; `licence` is null while there are conflicts."""

    use = serializers.ChoiceField(choices=[use.value for use in Use])
    wanted = serializers.CharField(allow_null=True)
    licence = serializers.CharField(allow_null=True)
    rights = Rights()
    mix = Share(many=True)
    conflicts = Conflict(many=True)
    drop = Drop()
    reached = serializers.BooleanField()
    unreadable = serializers.SerializerMethodField(
        help_text="Paths of clips without a known licence: they are left out of all this."
    )

    permitted_purposes = serializers.SerializerMethodField(
        help_text="The purposes that the licences of all clips allow, today and everywhere."
    )
    taken_away = serializers.SerializerMethodField(
        help_text="Which purposes licences take away, and why."
    )

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_unreadable(self, _: Any) -> list[str]:
        return list(self.context["outlook"].unreadable)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=PURPOSES)))
    def get_permitted_purposes(self, _: Any) -> list[str]:
        return list(self.context["outlook"].usage.permitted)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_taken_away(self, _: Any) -> list[str]:
        return [each.sentence for each in self.context["outlook"].usage.taken]


class CoverageQuery(serializers.Serializer[Any]):
    """For which purposes, and when."""

    purposes = serializers.CharField(
        max_length=1000, help_text=f"Joined by commas, of: {', '.join(PURPOSES)}."
    )
    at = serializers.DateTimeField(required=False, help_text="Now, if left out.")

    def validate_purposes(self, text: str) -> list[Purpose]:
        names = [part.strip() for part in text.split(",") if part.strip()]
        unknown = sorted(set(names) - set(PURPOSES))
        if unknown or not names:
            raise serializers.ValidationError(f"Expected some of {', '.join(PURPOSES)}.")
        return [Purpose(name) for name in dict.fromkeys(names)]


class Uncovered(serializers.Serializer[Any]):
    """One reason why a clip is not covered."""

    clip_id = serializers.CharField()
    path = serializers.CharField()
    contributor = serializers.CharField(
        allow_null=True, help_text="null where somebody in the clip is not recorded."
    )
    purpose = serializers.ChoiceField(
        choices=PURPOSES, allow_null=True, help_text="null where that blocks every purpose."
    )
    refusal = serializers.ChoiceField(choices=[refusal.value for refusal in Refusal])
    sentence = serializers.CharField()


class CoverageOut(serializers.Serializer[Any]):
    """How far consent covers the draft; of the clips that need it, `needing`."""

    clips = serializers.IntegerField()
    needing = serializers.IntegerField()
    covered = serializers.IntegerField()
    seconds_needing = serializers.FloatField()
    seconds_covered = serializers.FloatField()
    is_complete = serializers.BooleanField()
    reasons = serializers.SerializerMethodField(help_text="How many rows `uncovered` has in all.")
    uncovered = serializers.SerializerMethodField(help_text="The first thousand.")

    def get_reasons(self, found: Coverage) -> int:
        return len(found.uncovered)

    @extend_schema_field(Uncovered(many=True))
    def get_uncovered(self, found: Coverage) -> list[dict[str, Any]]:
        return list(Uncovered(found.uncovered[:SHOWN_UNCOVERED], many=True).data)
