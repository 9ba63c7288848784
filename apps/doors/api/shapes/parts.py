"""Parts of releases over the wire: selections, their archives, flavours."""

from typing import Any

from rest_framework import serializers

from apps.deliveries.flavours import CONTAINERS, RATES
from apps.deliveries.selections import MOST_CLIPS
from apps.doors.api.shapes.columns import Field
from apps.doors.api.shapes.jobs import JobOut
from apps.doors.api.shapes.releases import TakingQuery
from datasets_catalog.clip_columns import SELECTABLE

MOST_VALUES = 200


def _build_words_field(
    help_text: str, length: int, *, most: int = MOST_VALUES
) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=length, allow_blank=True, trim_whitespace=False),
        max_length=most,
        required=False,
        help_text=help_text,
    )


class SelectionIn(serializers.Serializer[Any]):
    """Which clips: any value of each list, and every list that is given."""

    labels = _build_words_field("Labels or terms that are heard in the clip.", 200)
    splits = _build_words_field("Splits; an empty text means clips without one.", 64)
    licences = _build_words_field("Licences, as the clips name them.", 200)
    clips = _build_words_field("Paths or clip ids.", 1024, most=MOST_CLIPS)
    since = serializers.CharField(
        max_length=32,
        required=False,
        help_text="An earlier version: only clips that it lacks or has otherwise.",
    )

    def get_fields(self) -> dict[str, Field]:
        return {
            **super().get_fields(),
            **{
                name: _build_words_field(f"{c.title}: {c.description}.", 200)
                for name, c in SELECTABLE.items()
            },
        }


class SelectionQuery(SelectionIn):
    """The same in an address: each value once more (`labels=dog&labels=cat`)."""

    clips = _build_words_field("Paths or clip ids.", 1024, most=MOST_VALUES)
    selection = serializers.RegexField(
        r"^[0-9a-f]{64}$",
        required=False,
        help_text="The name of a selection that was kept, instead of the lists.",
    )


class PartQuery(SelectionQuery, TakingQuery):
    """Which clips, in which flavour, and what for."""

    flavour = serializers.CharField(
        max_length=40,
        required=False,
        help_text="Such as `16000-mono-flac`; else as released.",
    )


class SelectionOut(serializers.Serializer[Any]):
    """How much a selection holds. Size in bytes, length in seconds."""

    selection = serializers.CharField(
        allow_null=True, help_text="The name under which it is kept, where it was sent to be kept."
    )
    wanted = serializers.DictField()
    clips = serializers.IntegerField()
    events = serializers.IntegerField()
    size = serializers.IntegerField()
    seconds = serializers.FloatField()
    examples = serializers.ListField(child=serializers.CharField(), help_text="The first paths.")
    archive = serializers.CharField(help_text="Address of its tar.")
    manifest = serializers.CharField(help_text="Address of its list of signed addresses.")


class SignedQuery(serializers.Serializer[Any]):
    """What was signed."""

    key = serializers.CharField(max_length=2000, help_text="As the manifest gave it.")


class FlavourNew(SelectionIn):
    """Which form, and of which clips: of all without a selection."""

    sample_rate = serializers.ChoiceField(
        choices=RATES,
        required=False,
        allow_null=True,
        help_text="Hertz; else each clip's own.",
    )
    mono = serializers.BooleanField(required=False, default=False)
    container = serializers.ChoiceField(choices=CONTAINERS, required=False, default="flac")


class FlavourOut(serializers.Serializer[Any]):
    """A flavour of a release: how many of its sounds are made, and what is being made."""

    name = serializers.CharField(
        source="flavour.name", help_text="What `flavour` takes in an address."
    )
    sample_rate = serializers.IntegerField(source="flavour.sample_rate", allow_null=True)
    mono = serializers.BooleanField(source="flavour.mono")
    container = serializers.CharField(source="flavour.container")
    tools = serializers.DictField(source="flavour.tools", child=serializers.CharField())
    ready = serializers.IntegerField(help_text="Different sounds of the release that are made.")
    of = serializers.IntegerField(help_text="Different sounds of the release.")
    job = JobOut(allow_null=True)
