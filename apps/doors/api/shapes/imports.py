"""Tables that are sent whole, and what became of their rows, over the wire."""

from typing import Any

from rest_framework import serializers

from apps.ingest.importers.registry import FORMATS


class WrongRow(serializers.Serializer[Any]):
    """What is wrong with one row of a table."""

    row = serializers.IntegerField()
    column = serializers.CharField()
    value = serializers.CharField()
    expected = serializers.CharField()
    code = serializers.CharField()


class Loss(serializers.Serializer[Any]):
    """Something the file says that is not kept, how often, and the first few of it."""

    reason = serializers.CharField()
    count = serializers.IntegerField()
    examples = serializers.ListField(child=serializers.CharField())


class ImportOut(serializers.Serializer[Any]):
    """What a table brought."""

    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    dry_run = serializers.BooleanField()
    row_errors = WrongRow(many=True)
    notes = serializers.ListField(child=serializers.CharField())
    losses = Loss(many=True)


class DryRunQuery(serializers.Serializer[Any]):
    """Whether to change anything."""

    dry_run = serializers.BooleanField(
        required=False, default=False, help_text="Check everything, change nothing."
    )


class ConsentsQuery(DryRunQuery):
    """What new forms of a table of consents ask about."""

    datasets = serializers.CharField(
        max_length=2000,
        required=False,
        default="",
        help_text="Names of the organisation's datasets, joined by commas; beside what the column"
        " `datasets` says. Needed for a new form unless there is only one dataset.",
    )


class LabelsQuery(DryRunQuery):
    """How to read a label file."""

    format = serializers.ChoiceField(choices=list(FORMATS))
    name = serializers.CharField(
        max_length=255,
        help_text="The file's own name: its ending says how to read a table, and in some formats"
        " it names the clip.",
    )
    replace = serializers.BooleanField(
        required=False,
        default=False,
        help_text="The file says all there is of the clips that it names: the rest is taken out."
        " Nothing is replaced while a line is wrong.",
    )
