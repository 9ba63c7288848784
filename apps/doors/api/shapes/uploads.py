"""The upload protocol over the wire."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.doors.api.shapes.problems import Reason
from apps.ingest import upload_bytes, uploads
from apps.ingest.models import Upload, UploadPart


class Limits(serializers.Serializer[Any]):
    """How much fits where; sizes in bytes."""

    check_files = serializers.IntegerField(help_text="Files in one check.")
    commit_rows = serializers.IntegerField(help_text="Rows in one commit.")
    file_bytes = serializers.IntegerField(help_text="Largest file.")
    pack_bytes = serializers.IntegerField(help_text="Largest pack, unpacked.")
    pack_entries = serializers.IntegerField(help_text="Entries in one pack.")
    pack_file_bytes = serializers.IntegerField(help_text="Largest entry of a pack.")
    part_bytes = serializers.IntegerField(help_text="Recommended size of a part.")
    part_max_bytes = serializers.IntegerField(help_text="Largest part.")
    parts = serializers.IntegerField(help_text="Parts of one file.")


def list_limits() -> dict[str, int]:
    return {
        "check_files": uploads.CHECK_FILES,
        "commit_rows": uploads.COMMIT_ROWS,
        "file_bytes": settings.INGEST_MAX_FILE_BYTES,
        "pack_bytes": upload_bytes.PACK_BYTES,
        "pack_entries": upload_bytes.PACK_ENTRIES,
        "pack_file_bytes": uploads.PACK_FILE_BYTES,
        "part_bytes": upload_bytes.PART_BYTES,
        "part_max_bytes": upload_bytes.PART_MAX_BYTES,
        "parts": upload_bytes.PARTS_MAX,
    }


class UploadOut(serializers.ModelSerializer[Upload]):
    """An upload under way."""

    dataset = serializers.CharField(source="dataset.full_name")
    waiting = serializers.SerializerMethodField(help_text="Rows committed and not taken in yet.")
    job = serializers.UUIDField(
        source="job.uid", default=None, allow_null=True, help_text="Job of the last finish."
    )
    limits = serializers.SerializerMethodField()

    class Meta:
        model = Upload
        fields = (
            "uid",
            "dataset",
            "started_at",
            "expires_at",
            "waiting",
            "job",
            "finished_at",
            "limits",
        )
        read_only_fields = fields

    def get_waiting(self, upload: Upload) -> int:
        return upload.rows.count()

    @extend_schema_field(Limits)
    def get_limits(self, upload: Upload) -> dict[str, int]:
        return list_limits()


class Sha256Field(serializers.RegexField):
    """64 lower-case hexadecimal digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(r"^[0-9a-f]{64}\Z", **options)


class AnnouncedFile(serializers.Serializer[Any]):
    """A file the client has."""

    path = serializers.CharField(
        max_length=4096, trim_whitespace=False, help_text="Its name inside the dataset."
    )
    sha256 = Sha256Field()
    size = serializers.IntegerField(min_value=0, max_value=2**62, help_text="Bytes.")


class Check(serializers.Serializer[Any]):
    """Files to ask about."""

    files = serializers.ListField(child=AnnouncedFile(), max_length=uploads.CHECK_FILES)


class CheckedFile(serializers.Serializer[Any]):
    """What to do with one file."""

    path = serializers.CharField()
    sha256 = serializers.CharField()
    way = serializers.ChoiceField(
        choices=[way.value for way in uploads.Way],
        help_text="`have`: nothing; `pack`: an entry of a pack; `put`: its bytes to `url`;"
        " `parts`: in parts below `url`; `refused`: see `problem`.",
    )
    url = serializers.URLField(allow_null=True)
    problem = Reason(allow_null=True)


class Checked(serializers.Serializer[Any]):
    """What to do with each file, in the order asked."""

    files = CheckedFile(many=True)


class Kept(serializers.Serializer[Any]):
    """Bytes that are kept now."""

    sha256 = serializers.CharField()
    md5 = serializers.CharField(source="oid")
    size = serializers.IntegerField()


class PackEntry(serializers.Serializer[Any]):
    """What became of one entry of a pack."""

    name = serializers.CharField()
    kept = serializers.BooleanField()
    problem = Reason(allow_null=True)


class PackOut(serializers.Serializer[Any]):
    """What became of a pack."""

    entries = PackEntry(many=True)
    stopped = Reason(
        allow_null=True, help_text="Why the rest of the pack was not read; null at its end."
    )


class PartOut(serializers.ModelSerializer[UploadPart]):
    """A part that is there."""

    sha256 = serializers.CharField(source="part_sha256", help_text="Of the part alone.")

    class Meta:
        model = UploadPart
        fields = ("number", "size", "sha256")
        read_only_fields = fields


class Complete(serializers.Serializer[Any]):
    """The whole file that the parts make."""

    size = serializers.IntegerField(min_value=0, max_value=2**62, help_text="Bytes.")


@extend_schema_field({"type": "object", "additionalProperties": True})
class CellsField(serializers.Field[dict[str, Any], Any, dict[str, Any], Any]):
    """One row: its cells by column. What they say is judged at the finish."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Expected an object of cells by column.")
        return data

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


class Commit(serializers.Serializer[Any]):
    """Rows of the clip table; each has `path` and `sha256` beside the table's other columns."""

    rows = serializers.ListField(child=CellsField(), min_length=1, max_length=uploads.COMMIT_ROWS)


class Committed(serializers.Serializer[Any]):
    """How many rows wait for the finish now."""

    waiting = serializers.IntegerField()


class Finish(serializers.Serializer[Any]):
    """How to finish."""

    dry_run = serializers.BooleanField(
        required=False, default=False, help_text="Decode and check everything, change nothing."
    )
