"""Releases over the wire."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.access.authorizations import Action, Binding, Code
from apps.datasets.models import Vocabulary
from apps.doors.api.shapes.choices import GRANTABLE, PURPOSES, RELEASE_STATES
from apps.doors.api.shapes.columns import Field, build_cell_field, build_filter_field
from apps.releases.lapses import find_lapse_start
from apps.releases.models import GateResult, Lapse, Release, SignOff
from apps.releases.release_usage import compute_usage
from apps.storage.parquet_tables import ClipRow
from datasets_catalog.clip_columns import CLIP_COLUMNS, FILTERABLE
from datasets_catalog.licences import Use


def _build_territories_field() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=3),
        required=False,
        max_length=300,
        help_text="Where it may go: ISO 3166-1 codes, `EU` or `EEA`. None: everywhere.",
    )


class VocabularyFrozen(serializers.Serializer[Vocabulary]):
    """Which vocabulary in which version, and the SHA-256 of its file."""

    name = serializers.CharField()
    version = serializers.CharField()
    sha256 = serializers.CharField()


class ReleaseOut(serializers.ModelSerializer[Release]):
    """A numbered state of a dataset. Sizes in bytes, lengths in seconds."""

    dataset = serializers.CharField(source="dataset.full_name")
    state = serializers.ChoiceField(choices=RELEASE_STATES)
    purposes = serializers.ListField(child=serializers.ChoiceField(choices=PURPOSES))
    territories = serializers.ListField(
        child=serializers.CharField(),
        help_text="Where it may go: countries, `EU` or `EEA`. None: everywhere.",
    )
    use = serializers.ChoiceField(choices=[use.value for use in Use])
    vocabulary = VocabularyFrozen(
        allow_null=True, help_text="What its labels are terms of, as of its freeze."
    )
    frozen_by = serializers.CharField(source="frozen_by.username", default=None, allow_null=True)
    published_by = serializers.CharField(
        source="published_by.username", default=None, allow_null=True
    )

    lapsed_since = serializers.SerializerMethodField(
        help_text="Since when it is closed to readers, because people, terms or review say so."
    )

    class Meta:
        model = Release
        fields = (
            "uid",
            "dataset",
            "version",
            "tag",
            "state",
            "purposes",
            "territories",
            "use",
            "vocabulary",
            "notes",
            "root",
            "clips",
            "events",
            "seconds",
            "size",
            "licence",
            "dvc_commit",
            "created_at",
            "frozen_by",
            "frozen_at",
            "published_by",
            "published_at",
            "deprecation",
            "lapsed_since",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_lapsed_since(self, row: Release) -> datetime | None:
        return find_lapse_start(row)


class ReleaseFull(ReleaseOut):
    """A release with what was counted in it when it was frozen, and what it may be used for."""

    permitted_purposes = serializers.SerializerMethodField(
        help_text="The declared purposes that the licences of all clips allow today."
    )
    taken_away = serializers.SerializerMethodField(
        help_text="What licences take away of the declared purposes, in words."
    )

    class Meta:
        model = Release
        fields = (*ReleaseOut.Meta.fields, "statistics", "permitted_purposes", "taken_away")
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=PURPOSES)))
    def get_permitted_purposes(self, release: Release) -> list[str]:
        return list(compute_usage(release, on=timezone.now().date()).permitted)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_taken_away(self, release: Release) -> list[str]:
        return [each.sentence for each in compute_usage(release, on=timezone.now().date()).taken]


class ReleaseNew(serializers.Serializer[Any]):
    """A release to be."""

    version = serializers.CharField(max_length=32, help_text="Three numbers, such as 1.2.0.")
    purposes = serializers.ListField(
        child=serializers.ChoiceField(choices=PURPOSES),
        min_length=1,
        help_text="What consent has to cover.",
    )
    territories = _build_territories_field()
    notes = serializers.CharField(max_length=20_000, required=False, allow_blank=True)


class DryRunNew(serializers.Serializer[Any]):
    """What the release would be for."""

    purposes = serializers.ListField(child=serializers.ChoiceField(choices=PURPOSES), min_length=1)
    territories = _build_territories_field()


class FailingRow(serializers.Serializer[Any]):
    """A row that fails a gate."""

    path = serializers.CharField(allow_null=True)
    clip_id = serializers.CharField(allow_null=True)
    message = serializers.CharField()
    advice = serializers.CharField(required=False, help_text="What can be done before it is out.")


class GateOut(serializers.ModelSerializer[GateResult]):
    """What a gate said of the release's root."""

    failing = FailingRow(many=True, help_text="The first thousand.")
    numbers = serializers.DictField()

    class Meta:
        model = GateResult
        fields = (
            "code",
            "title",
            "blocking",
            "passed",
            "summary",
            "failing",
            "failing_count",
            "numbers",
            "checked_at",
        )
        read_only_fields = fields


class SignOffOut(serializers.ModelSerializer[SignOff]):
    """A person answered for one part of the root."""

    signed_by = serializers.CharField(source="signed_by.username")

    class Meta:
        model = SignOff
        fields = ("part", "root", "signed_by", "note", "signed_at")
        read_only_fields = fields


class SignOffNew(serializers.Serializer[Any]):
    """Which part to answer for."""

    part = serializers.ChoiceField(choices=SignOff.Part.choices)
    note = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class DeprecationReason(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=10_000)


class ReopeningReason(serializers.Serializer[Any]):
    """Why, if there is something to say."""

    reason = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class DiffQuery(serializers.Serializer[Any]):
    """With which earlier release to compare."""

    since = serializers.CharField(max_length=32, help_text="The earlier version, such as 1.1.0.")


class ManifestQuery(serializers.Serializer[Any]):
    """Which rows."""

    path = serializers.CharField(max_length=1024, required=False, trim_whitespace=False)

    def get_fields(self) -> dict[str, Field]:
        filters = {column.name: build_filter_field(column) for column in FILTERABLE}
        return {**super().get_fields(), **filters}


class TakingQuery(serializers.Serializer[Any]):
    """What somebody takes bytes for."""

    purpose = serializers.ChoiceField(
        choices=GRANTABLE,
        required=False,
        help_text="One of those that may be taken; the receipt keeps it. Without it all of the"
        " grant, or of an open release, stand in the receipt.",
    )


class AuthorizationQuery(serializers.Serializer[Any]):
    """What one would like to do, and for what."""

    action = serializers.ChoiceField(choices=[action.value for action in Action])
    purpose = serializers.ChoiceField(choices=PURPOSES, required=False)


class AuthorizationOut(serializers.Serializer[Any]):
    """Whether one may, and why or why not."""

    allowed = serializers.BooleanField()
    code = serializers.ChoiceField(choices=[code.value for code in Code])
    reason = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)
    binding = serializers.ChoiceField(
        choices=[binding.value for binding in Binding], allow_null=True
    )


class ManifestRow(serializers.Serializer[ClipRow]):
    """One clip of a release, as its table states it. Size in bytes, duration in seconds."""

    def get_fields(self) -> dict[str, Field]:
        return {column.name: build_cell_field(column) for column in CLIP_COLUMNS}


class LapseOut(serializers.ModelSerializer[Lapse]):
    """A clip that closes the release, and why; `contributor` for those who see consents."""

    contributor = serializers.SerializerMethodField()

    class Meta:
        model = Lapse
        fields = ("clip_uid", "path", "cause", "contributor", "since")
        read_only_fields = fields

    def get_contributor(self, row: Lapse) -> str | None:
        sees = self.context.get("sees_people", False)
        return row.contributor.code if sees and row.contributor else None
