"""What the pages hold of clips: pictures of their sound, and files that came with a form."""

from __future__ import annotations

from collections.abc import Iterator

from apps.doors.web.arrivals import find_arrivals_root
from apps.doors.web.page_sounds import SPECTROGRAM
from apps.storage.holders import (
    ClipTrace,
    Departure,
    Held,
    Holder,
    Holding,
    Medium,
    declare_clip_free,
    register_holder,
)


def _find_pictures(trace: ClipTrace) -> Iterator[Holding]:
    """Under names that begin so; the cache lists no keys, so whether they are there is unknown."""
    for sha256 in trace.sha256s:
        for prefix in (f"spectrogram:{SPECTROGRAM}:{sha256}", f"peaks:{sha256}"):
            yield Holding(Medium.CACHE, prefix, is_certain=False)


def _find_arrivals(trace: ClipTrace) -> Iterator[Holding]:
    """Every folder of an arrival: what is in its archives is not said outside them."""
    root = find_arrivals_root()
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        yield Holding(Medium.DISK, str(path), is_certain=False)


def _find_marks(trace: ClipTrace) -> Iterator[Holding]:
    for sha256 in trace.sha256s:
        yield Holding(Medium.CACHE, f"ahead:*:{sha256}", is_certain=False)


register_holder(
    Holder(
        name="pictures in the cache",
        what="spectrograms (for an hour) and outlines (for a week) of the sound",
        held=Held.DERIVED,
        departure=Departure.EXPIRES,
        way="forgotten by the cache after their time; each is shown only to who may see the clip",
        find=_find_pictures,
        modules=("apps.doors.web.page_sounds",),
    )
)
register_holder(
    Holder(
        name="arrivals",
        what="archives and tables that came with a form of a page",
        held=Held.BYTES,
        departure=Departure.EXPIRES,
        way="when their job is done with, or after seven days, when somebody imports again",
        find=_find_arrivals,
        folders=("work/arrivals/**",),
        modules=("apps.doors.web.arrivals",),
    )
)
register_holder(
    Holder(
        name="marks of sounds fetched ahead",
        what="that a stretch of a content was fetched before it was shown, for an hour",
        held=Held.HASH,
        departure=Departure.EXPIRES,
        way="forgotten by the cache",
        find=_find_marks,
        modules=("apps.doors.web.views.review.sounds",),
    )
)
declare_clip_free("it makes a tone in memory", "apps.doors.web.views.styleguide")
