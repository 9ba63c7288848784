"""What review did to the sound of clips, told from what it did to their files."""

from collections import defaultdict

from apps.datasets.models import Dataset
from apps.privacy.models import Redaction
from apps.privacy.redaction import STRIP

Content = tuple[str, str]
"""The uid of a clip and the md5 of bytes it had."""


def stripped_contents(dataset: Dataset) -> frozenset[Content]:
    """Return the contents that differ from what came in by what files carry beside sound, alone.

    Whatever else review made of a clip has other sound than the one its licence was given for.
    """
    rows = Redaction.objects.filter(clip__dataset=dataset).order_by("pk")
    made: defaultdict[Content, set[tuple[Content, bool]]] = defaultdict(set)
    for uid, before, after, method in rows.values_list(
        "clip__uid", "before__oid", "after__oid", "method"
    ):
        made[str(uid), after].add(((str(uid), before), method == STRIP))
    return frozenset(content for content in made if _is_stripped(content, made, set()))


def _is_stripped(
    content: Content,
    made: defaultdict[Content, set[tuple[Content, bool]]],
    seen: set[Content],
) -> bool:
    # A clip whose redaction was taken back and made again runs in a circle.
    if content in seen:
        return True
    seen.add(content)
    return all(
        by_strip and (before not in made or _is_stripped(before, made, seen))
        for before, by_strip in made[content]
    )
