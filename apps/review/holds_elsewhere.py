"""What other datasets of the organisation hold back of the bytes that a draft has.

Whoever makes a dataset anew, under a profile that looks for less, has not let go of what was found.
"""

from collections import defaultdict
from collections.abc import Mapping

from django.db.models import Q

from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding
from apps.review.access import match_awaiting_second
from apps.review.held_back import match_taking_out
from apps.review.models import Decision


def explain_holds_elsewhere(dataset: Dataset) -> Mapping[int, tuple[str, ...]]:
    """Why other datasets of the organisation hold back the bytes of each active clip, in words.

    There review excluded them, or took sound out of them; or something in their sound stands open
    there of a kind that was not found here. Clips of which nothing is held back are left out.
    """
    clips = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE)
    there = (
        Finding.objects.filter(
            clip__dataset__organisation=dataset.organisation_id,
            content_sha256__in=clips.values("blob__sha256"),
        )
        .exclude(clip__dataset=dataset)
        .order_by()
    )
    why: dict[str, set[str]] = defaultdict(set)
    taken = Q(decision__in=Decision.objects.filter(match_taking_out()))
    columns = ("content_sha256", "clip__dataset__organisation__name", "clip__dataset__name")
    for content, *name, verdict in (
        there.filter(taken).values_list(*columns, "decision__verdict").distinct()
    ):
        done = "excluded" if verdict == Decision.Verdict.EXCLUDE else "redacted"
        why[content].add(f"the same bytes in {'/'.join(name)}, {done} by review")
    stands = there.filter(Q(decision=None) | match_awaiting_second(), onset__isnull=False)
    opened = list(stands.values_list(*columns, "kind").distinct())
    here = Finding.objects.filter(
        clip__dataset=dataset, content_sha256__in=list({content for content, *_ in opened})
    )
    known = set(here.order_by().values_list("content_sha256", "kind").distinct())
    for content, *name, kind in opened:
        if (content, kind) not in known:
            where = f"the same bytes in {'/'.join(name)}"
            why[content].add(f"{where}, in which {kind} was found and not decided on")
    if not why:
        return {}
    rows = clips.filter(blob__sha256__in=list(why)).values_list("pk", "blob__sha256")
    return {pk: tuple(sorted(why[content])) for pk, content in rows}
