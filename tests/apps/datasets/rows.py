"""Rows of a draft, written as an import leaves them."""

from typing import Any

from apps.datasets.models import Clip, Dataset, EmptyAnnotation, Event, Recording, WeakLabel
from tests.factories.published import keep
from tests.factories.sounds import sound_bytes


def add_clip(dataset: Dataset, path: str = "a.wav", *, recording: str = "", **more: Any) -> Clip:
    """A clip of a fifth of a second; another path has other bytes."""
    session = None
    if recording:
        session, _ = Recording.objects.get_or_create(dataset=dataset, name=recording)
    values = {
        "blob": keep(dataset, sound_bytes(300 + sum(path.encode()))),
        "media_type": "audio/wav",
        "codec": "pcm_s16le",
        "sample_rate": 16_000,
        "channels": 1,
        "frames": 3200,
        "duration": 0.2,
        "added_by": dataset.created_by,
        "recording": session,
        **more,
    }
    return Clip.objects.create(dataset=dataset, path=path, **values)


def add_event(clip: Clip, label: str = "Bark", **more: Any) -> Event:
    values = {"onset": 0.05, "offset": 0.1, "created_by": clip.added_by, **more}
    return Event.objects.create(clip=clip, label=label, **values)


def add_weak_label(clip: Clip, label: str = "Bark", **more: Any) -> WeakLabel:
    values = {"created_by": clip.added_by, **more}
    return WeakLabel.objects.create(clip=clip, label=label, **values)


def find_empty(clip: Clip, **more: Any) -> EmptyAnnotation:
    return EmptyAnnotation.objects.create(clip=clip, **{"created_by": clip.added_by, **more})


def touched(dataset: Dataset) -> dict[str, int]:
    """At which count of the draft each clip last changed, by path."""
    return dict(Clip.objects.filter(dataset=dataset).values_list("path", "touched"))
