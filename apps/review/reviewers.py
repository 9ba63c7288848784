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


def _match_contents(kept: QuerySet[Clip], clip: str, content: str) -> Q:
    contents = kept.filter(state=Clip.State.ACTIVE).values("blob__sha256")
    return Q(**{f"{clip}__in": kept}) | Q(**{f"{content}__in": contents})


def _has_decided(user: User, kept: QuerySet[Clip]) -> bool:
    rows = Decision.objects.filter(decided_by=user)
    return rows.filter(_match_contents(kept, "finding__clip", "content_sha256")).exists()


def _has_confirmed(user: User, kept: QuerySet[Clip]) -> bool:
    rows = Confirmation.objects.filter(confirmed_by=user)
    return rows.filter(_match_contents(kept, "finding__clip", "finding__content_sha256")).exists()


def _has_counted(user: User, kept: QuerySet[Clip]) -> bool:
    rows = Headcount.objects.filter(counted_by=user)
    return rows.filter(_match_contents(kept, "clip", "content_sha256")).exists()


def _has_heard(user: User, kept: QuerySet[Clip]) -> bool:
    rows = Hearing.objects.filter(heard_by=user)
    return rows.filter(_match_contents(kept, "sample_clip__clip", "content_sha256")).exists()


def _has_asked(user: User, kept: QuerySet[Clip]) -> bool:
    return ChangeRequest.objects.filter(asked_by=user, clip__in=kept).exists()


_ACTS: tuple[tuple[str, _Found], ...] = (
    ("decided on findings in it", _has_decided),
    ("gave a second opinion on it", _has_confirmed),
    ("counted the people in its clips", _has_counted),
    ("heard a sample of it", _has_heard),
    ("asked for a change of one of its clips", _has_asked),
)
