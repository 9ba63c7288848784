"""Whose work a content is: who brought it in, described or labelled it, in whatever clip.

It goes by the bytes, over all clips of the organisation, whatever has become of those: bytes that
come again under another name, or in another dataset, are the work of the same people.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset, EarlierWork, EmptyAnnotation, Event, WeakLabel
from apps.storage.models import Blob

BATCH = 500
LABELS = (Event, WeakLabel, EmptyAnnotation)


def map_clip_contents(clip_ids: Collection[int]) -> dict[int, set[str]]:
    """The SHA-256 of the present bytes of each clip, and of those that came in for it."""
    rows = Clip.objects.filter(pk__in=clip_ids)
    return {
        pk: {present, original} - {None}
        for pk, present, original in rows.values_list("pk", "blob__sha256", "original__sha256")
    }


def find_clips_worked_on(user: User, contents: Mapping[int, set[str]]) -> set[int]:
    """Which of these clips of one organisation hold what the user brought in, or labelled.

    `contents` is by clip, as `map_clip_contents` says it. It is their work that they did in
    whatever clip of the organisation has, or had, the same bytes, or in an earlier state of the
    clip itself.
    """
    there = select_organisation(contents)
    wanted = {content for each in contents.values() for content in each}
    same = _map_clips_with(there, wanted)
    mine = {pk for pk, (maker, _) in same.items() if maker == user.pk}
    for kind in LABELS:
        rows = kind.objects.filter(_filter_by_person(user), clip__in=list(same))
        mine |= set(rows.values_list("clip_id", flat=True))
    worked = {content for pk in mine for content in same[pk][1]}
    noted = EarlierWork.objects.filter(
        Q(content_sha256__in=list(wanted)) | Q(clip__in=list(contents)),
        user=user,
        clip__dataset__organisation__in=there,
    )
    earlier = list(noted.values_list("clip_id", "content_sha256"))
    worked |= {content for _, content in earlier}
    itself = {clip for clip, _ in earlier}
    return {pk for pk, each in contents.items() if pk in itself or each & worked}


def select_organisation(clip_ids: Iterable[int]) -> QuerySet[Clip, Any]:
    """The id of the organisation of clips of one organisation, to be asked within a query."""
    rows = Clip.objects.filter(pk__in=list(clip_ids)).order_by("pk")
    return rows.values_list("dataset__organisation", flat=True)[:1]


def _map_clips_with(
    organisation: QuerySet[Clip, Any], contents: Collection[str]
) -> dict[int, tuple[int, set[str]]]:
    """Who brought in each clip that has one of the contents, or came in with it, and its bytes."""
    # By the index of the blobs, which is of store and hash: a store is of one dataset.
    stores = Dataset.objects.filter(organisation__in=organisation).order_by().values("uid")
    blobs = Blob.objects.filter(store__in=stores, sha256__in=list(contents))
    ids = list(blobs.values_list("pk", flat=True))
    rows = Clip.objects.filter(Q(blob__in=ids) | Q(original__in=ids)).order_by()
    columns = rows.values_list("pk", "added_by_id", "blob__sha256", "original__sha256")
    return {pk: (maker, {present, original} - {None}) for pk, maker, present, original in columns}


def note_earlier_work(clip_ids: Iterable[int], *, also: Collection[int] = ()) -> None:
    """Keep whose work these clips are, in the bytes they have now.

    Belongs before whatever would forget it, in its transaction: other bytes, another row, labels
    that are taken out. `also` are ids of users who change labels that stay another's. What is noted
    already is not noted twice.
    """
    ids = sorted(set(clip_ids))
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        people = _map_people_at_work(some)
        EarlierWork.objects.bulk_create(
            [
                EarlierWork(clip_id=clip, user_id=user, content_sha256=content)
                for clip, contents in sorted(map_clip_contents(some).items())
                for content in sorted(contents)
                for user in sorted({*people[clip], *also})
            ],
            batch_size=BATCH,
            ignore_conflicts=True,
        )


def _filter_by_person(user: User) -> Q:
    """Labels that the user brought in, or is named in as who made them."""
    return Q(created_by=user) | Q(annotator=user.username)


def _map_people_at_work(clip_ids: Collection[int]) -> Mapping[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for pk, user in Clip.objects.filter(pk__in=clip_ids).values_list("pk", "added_by"):
        found[pk].add(user)
    named: set[tuple[int, str]] = set()
    for kind in LABELS:
        rows = kind.objects.filter(clip__in=clip_ids).order_by()
        for pk, maker, annotator in rows.values_list("clip", "created_by", "annotator").distinct():
            found[pk] |= {maker} - {None}
            named.add((pk, annotator))
    users = User.objects.filter(username__in={name for _, name in named})
    ids = dict(users.values_list("username", "pk"))
    for pk, name in named:
        found[pk] |= {ids[name]} if name in ids else set()
    return found
