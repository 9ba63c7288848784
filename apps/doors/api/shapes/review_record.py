"""Emergency stops, the checklist, documents and the review report over the wire."""

from typing import Any

from rest_framework import serializers

from apps.releases.models import ChecklistAnswer, Document, Stop


class StopNew(serializers.Serializer[Any]):
    """What to close: the dataset, or with one of them a release by version or a clip by path."""

    reason = serializers.CharField(max_length=4000)
    release = serializers.CharField(required=False, max_length=32)
    clip = serializers.CharField(required=False, max_length=1024)


class StopLifting(serializers.Serializer[Any]):
    """Why it is opened again."""

    reason = serializers.CharField(max_length=4000)


class StopOut(serializers.ModelSerializer[Stop]):
    """A stop; `overdue`: nobody confirmed it in time, and it stays closed."""

    of = serializers.CharField(source="subject")
    overdue = serializers.BooleanField(source="is_overdue")
    stopped_by = serializers.CharField(source="stopped_by.username")
    confirmed_by = serializers.CharField(source="confirmed_by.username", default=None)
    lifted_by = serializers.CharField(source="lifted_by.username", default=None)

    class Meta:
        model = Stop
        fields = (
            "uid",
            "of",
            "reason",
            "stopped_by",
            "stopped_at",
            "confirm_by",
            "confirmed_by",
            "confirmed_at",
            "overdue",
            "lifted_by",
            "lifted_at",
            "lift_reason",
        )
        read_only_fields = fields


class AnswerNew(serializers.Serializer[Any]):
    """An answer to one question of the checklist."""

    question = serializers.CharField(max_length=64)
    answer = serializers.ChoiceField(choices=ChecklistAnswer.Answer.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=4000)


class QuestionOut(serializers.Serializer[Any]):
    """A question with what was answered for the release's root, or null."""

    question = serializers.CharField()
    ask = serializers.CharField()
    why = serializers.CharField()
    expected = serializers.CharField()
    blocking = serializers.BooleanField()
    answer = serializers.CharField(allow_null=True)
    note = serializers.CharField(allow_null=True)
    answered_by = serializers.CharField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class DocumentQuery(serializers.Serializer[Any]):
    """What the body is; `valid_until` is the last day on which it holds."""

    kind = serializers.ChoiceField(choices=Document.Kind.choices)
    title = serializers.CharField(max_length=200)
    valid_until = serializers.DateField(required=False)


class DocumentOut(serializers.ModelSerializer[Document]):
    """A document that the dataset rests on."""

    sha256 = serializers.CharField(source="blob.sha256")
    size = serializers.IntegerField(source="blob.size")
    added_by = serializers.CharField(source="added_by.username")
    retired_by = serializers.CharField(source="retired_by.username", default=None)

    class Meta:
        model = Document
        fields = (
            "uid",
            "kind",
            "title",
            "media_type",
            "size",
            "sha256",
            "valid_until",
            "added_by",
            "added_at",
            "retired_by",
            "retired_at",
            "retire_reason",
        )
        read_only_fields = fields


class Retirement(serializers.Serializer[Any]):
    """Why a document no longer holds."""

    reason = serializers.CharField(max_length=4000)


class ReportQuery(serializers.Serializer[Any]):
    """In which form."""

    form = serializers.ChoiceField(choices=("json", "pdf"), default="json")
