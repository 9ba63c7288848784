"""Whether somebody reviewed what is in a draft: they do not publish it."""

from collections.abc import Callable

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset
from apps.review.models import ChangeRequest, Confirmation, Decision, Headcount, Hearing

_Found = Callable[[User, QuerySet[Clip]], bool]


def find_review_act(user: User, dataset: Dataset) -> str:
    """How the user reviewed what is in the draft, to be read after "You"; empty where not.

    What counts stands on record: decisions in force, second opinions, counts, hearings and requests
    for changes, of clips that are not removed, or of bytes that an active clip has.
    """
    kept = Clip.objects.filter(dataset=dataset).exclude(state=Clip.State.REMOVED).order_by()
    return next((words for words, found in _ACTS if found(user, kept)), "")


def _of(kept: QuerySet[Clip], clip: str, content: str) -> Q:
    contents = kept.filter(state=Clip.State.ACTIVE).values("blob__sha256")
    return Q(**{f"{clip}__in": kept}) | Q(**{f"{content}__in": contents})


def _decided(user: User, kept: QuerySet[Clip]) -> bool:
    rows = Decision.objects.filter(decided_by=user)
    return rows.filter(_of(kept, "finding__clip", "content_sha256")).exists()


def _confirmed(user: User, kept: QuerySet[Clip]) -> bool:
    rows = Confirmation.objects.filter(confirmed_by=user)
    return rows.filter(_of(kept, "finding__clip", "finding__content_sha256")).exists()


def _counted(user: User, kept: QuerySet[Clip]) -> bool:
    rows = Headcount.objects.filter(counted_by=user)
    return rows.filter(_of(kept, "clip", "content_sha256")).exists()


def _heard(user: User, kept: QuerySet[Clip]) -> bool:
    rows = Hearing.objects.filter(heard_by=user)
    return rows.filter(_of(kept, "sample_clip__clip", "content_sha256")).exists()


def _asked(user: User, kept: QuerySet[Clip]) -> bool:
    return ChangeRequest.objects.filter(asked_by=user, clip__in=kept).exists()


_ACTS: tuple[tuple[str, _Found], ...] = (
    ("decided on findings in it", _decided),
    ("gave a second opinion on it", _confirmed),
    ("counted the people in its clips", _counted),
    ("heard a sample of it", _heard),
    ("asked for a change of one of its clips", _asked),
)
