"""What review did to the sound of clips, told from what it did to their files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from apps.datasets.models import Dataset
from apps.review.models import Redaction
from datasets_catalog.alterations import Alteration, AlteredContent, Content


class _Step(NamedTuple):
    """One redaction: from which content, in which way; `formats` as in `AlteredContent`."""

    before: Content
    way: Alteration
    formats: tuple[str, ...]


_Steps = Mapping[Content, Sequence[_Step]]


def load_alterations(
    dataset: Dataset, *, until: datetime | None = None
) -> Mapping[Content, AlteredContent]:
    """For each content that review made, all that was done on the way to it from what came in.

    As of a moment (None: now). What was taken back lies on no way to the bytes a clip has.
    """
    rows = Redaction.objects.filter(clip__dataset=dataset).order_by("pk")
    if until is not None:
        rows = rows.filter(made_at__lte=until)
    steps: defaultdict[Content, list[_Step]] = defaultdict(list)
    for uid, before, after, method, changes in rows.values_list(
        "clip__uid", "before__oid", "after__oid", "method", "changes"
    ):
        way = Alteration(method)
        # The first of them names the method again; of tags it is said what they were.
        formats = () if way is Alteration.STRIP else tuple(changes[1:])
        steps[str(uid), after].append(_Step((str(uid), before), way, formats))
    return {content: _build_altered_content(content, steps) for content in steps}


def find_stripped_contents(dataset: Dataset) -> frozenset[Content]:
    """Return the contents that differ from what came in by what files carry beside sound, alone.

    Whatever else review made of a clip has other sound than the one its licence was given for.
    """
    found = load_alterations(dataset)
    return frozenset(content for content, altered in found.items() if altered.is_stripped)


def _build_altered_content(content: Content, steps: _Steps) -> AlteredContent:
    way_back = list(_trace_steps(content, steps, set()))
    formats = (said for step in reversed(way_back) for said in step.formats)
    return AlteredContent(frozenset(step.way for step in way_back), tuple(dict.fromkeys(formats)))


def _trace_steps(content: Content, steps: _Steps, seen: set[Content]) -> Iterator[_Step]:
    # A clip whose redaction was taken back and made again runs in a circle.
    if content in seen:
        return
    seen.add(content)
    for step in steps.get(content, ()):
        yield step
        yield from _trace_steps(step.before, steps, seen)
