"""What follows from a change of answers: in the drafts, in voice prints, in rooms above."""

from collections.abc import Callable, Collection

from django.db.models.functions import Lower

from apps.accounts.models import Organisation
from apps.consent.models import Consent, Contributor
from apps.consent.recognition import end_recognition
from apps.datasets.actions import touch_draft
from apps.datasets.models import Clip, Dataset

# What is called with the ids of the contributors, inside the transaction of the change.
_FOLLOWERS: list[Callable[[Collection[int]], None]] = []


def follow_answers(follower: Callable[[Collection[int]], None]) -> None:
    """Have `follower` called, with ids of contributors, by every write that concerns them.

    That is: after which what they allow, where it holds, or in which clips they are may be another.
    Registered once, when a room is installed.
    """
    if follower not in _FOLLOWERS:
        _FOLLOWERS.append(follower)


def announce_answers(contributor_ids: Collection[int]) -> None:
    """Tell every follower. Belongs into the transaction of the change, after the change itself."""
    if contributor_ids:
        for follower in _FOLLOWERS:
            follower(contributor_ids)


def spread_answers(organisation: Organisation, contributor_ids: Collection[int]) -> None:
    """Carry changed answers on, in the transaction of the change.

    Prints of voices that may not be recognised any more go, what was frozen from a draft in which
    one of the contributors takes part becomes stale, and followers are told. The same for whom one
    of them answered as a guardian: what a guardian said counts only while that was no minor.
    """
    concerned = {*contributor_ids, *_find_wards(organisation, contributor_ids)}
    end_recognition(organisation, concerned)
    _touch_drafts(concerned)
    announce_answers(concerned)


def _find_wards(organisation: Organisation, contributor_ids: Collection[int]) -> set[int]:
    """For whom one of the contributors answered; a guardian is named by a code, in any case."""
    codes = Contributor.objects.filter(pk__in=contributor_ids).values(lower=Lower("code"))
    answered = Consent.objects.annotate(lower=Lower("guardian")).filter(
        contributor__organisation=organisation, lower__in=codes
    )
    return set(answered.exclude(guardian="").values_list("contributor_id", flat=True).distinct())


def _touch_drafts(contributor_ids: Collection[int]) -> None:
    drafts = Dataset.objects.filter(clips__participations__contributor_id__in=contributor_ids)
    for dataset in drafts.distinct():
        clips = Clip.objects.filter(
            dataset=dataset, participations__contributor_id__in=contributor_ids
        )
        touch_draft(dataset, clips=set(clips.values_list("pk", flat=True)))
