"""What a reviewer has to know of one clip: its findings, its neighbours, its people."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, Sum
from django.utils import timezone

from apps.accounts.access import Principal
from apps.accounts.models import User
from apps.consent.ledger import load_consents
from apps.consent.models import Participation
from apps.datasets.models import Clip, Dataset
from apps.detection.draft_voices import VoiceMatch, find_voice_matches, guess_people
from apps.detection.models import Finding
from apps.review.access import AWAITING_SECOND, list_visible_findings, name_finding_state
from apps.review.decisions import find_own_work
from apps.review.models import Assignment, ChangeRequest, Comment, Decision, Headcount, ReviewTime
from apps.review.people_heard import list_counts
from datasets_catalog.ledger import Ledger, Refusal
from datasets_catalog.purposes import Purpose

NEIGHBOURS = 50
EARLIER = 10


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another clip of the recording, and how its review stands, in words."""

    clip: Clip
    words: str


@dataclass(frozen=True, slots=True)
class ContributorConsent:
    """What a contributor of the clip allows today, anywhere, in what was asked about it."""

    contributor: str
    purposes: tuple[str, ...]
    valid: bool
    words: str


@dataclass(frozen=True, slots=True)
class Case:
    """One clip as a reviewer needs it; findings come with the decisions in force on them."""

    clip: Clip
    findings: list[Finding]
    neighbours: list[Neighbour]
    consents: list[ContributorConsent]
    comments: list[Comment]
    change_requests: list[ChangeRequest]
    assignee: User | None
    earlier: list[Decision]
    voices: list[VoiceMatch]
    likely_people: tuple[str, ...]
    seconds_so_far: float
    headcounts: list[Headcount]


def load_review_case(user: Principal, clip: Clip) -> Case:
    """The story of a clip that the user may see; some ten queries."""
    findings = list_visible_findings(user, clip.dataset).filter(clip=clip)
    related = ("decision__decided_by", "decision__confirmation__confirmed_by")
    assignment = Assignment.objects.filter(clip=clip).select_related("reviewer").first()
    voices = find_voice_matches(clip)
    spent = ReviewTime.objects.filter(clip=clip).aggregate(seconds=Sum("seconds"))["seconds"]
    return Case(
        clip=clip,
        findings=list(findings.select_related(*related)),
        neighbours=_load_neighbours(user, clip),
        consents=_load_contributor_consents(clip),
        comments=list(Comment.objects.filter(clip=clip).select_related("written_by")),
        change_requests=list(
            ChangeRequest.objects.filter(clip=clip).select_related("asked_by", "answered_by")
        ),
        assignee=assignment.reviewer if assignment else None,
        earlier=_load_earlier_decisions(clip, voices),
        voices=voices,
        likely_people=guess_people(voices),
        seconds_so_far=spent or 0.0,
        headcounts=list(list_counts(clip.dataset, [clip.blob.sha256])),
    )


def list_awaiting_second(user: User, story: Case) -> list[int]:
    """Ids of the findings in it that this user, as another reviewer, may confirm."""
    clip = story.clip
    if find_own_work(user, [clip.pk]):
        return []
    return [
        finding.pk
        for finding in story.findings
        if name_finding_state(finding) == AWAITING_SECOND
        and finding.decision.decided_by_id != user.pk
    ]


def _load_neighbours(user: Principal, clip: Clip) -> list[Neighbour]:
    if clip.recording_id is None:
        return []
    clips = list(
        Clip.objects.filter(recording_id=clip.recording_id)
        .exclude(pk=clip.pk)
        .exclude(state=Clip.State.REMOVED)
        .order_by("path")[:NEIGHBOURS]
    )
    states: dict[int, list[str]] = defaultdict(list)
    for finding in list_visible_findings(user, clip.dataset).filter(clip__in=clips):
        states[finding.clip_id].append(name_finding_state(finding))
    return [Neighbour(row, _describe_standing(row, states[row.pk])) for row in clips]


def _describe_standing(clip: Clip, states: Sequence[str]) -> str:
    if clip.state == Clip.State.EXCLUDED:
        return "excluded"
    if not states:
        return "nothing found"
    waiting = sum(state in {"open", AWAITING_SECOND} for state in states)
    done = sorted({state for state in states if state in Decision.Verdict.values})
    told = [f"{waiting} open"] if waiting else []
    told += [f"{state}{'ed' if state != Decision.Verdict.EXCLUDE else 'd'}" for state in done]
    return ", ".join(told) or "changed since"


def _load_contributor_consents(clip: Clip) -> list[ContributorConsent]:
    people = Participation.objects.filter(clip=clip).order_by("contributor__code")
    codes = list(people.values_list("contributor__code", flat=True))
    if not codes:
        return []
    ledger = Ledger(load_consents(clip.dataset, codes))
    recording = clip.recording.name if clip.recording else ""
    return [_build_contributor_consent(code, ledger, clip.dataset, recording) for code in codes]


def _build_contributor_consent(
    code: str, ledger: Ledger, dataset: Dataset, recording: str
) -> ContributorConsent:
    now = timezone.now()
    about = ledger.narrow(code, dataset=dataset.full_name, recording=recording)
    given = about.history(code, at=now)
    if not given:
        elsewhere = bool(ledger.history(code, at=now))
        refusal = Refusal.ASKED_ELSEWHERE if elsewhere else Refusal.NO_CONSENT
        return ContributorConsent(
            code, (), valid=False, words=f"nothing is allowed: {refusal.sentence}"
        )
    allowed = tuple(sorted(map(str, about.scope(code, at=now))))
    if allowed:
        return ContributorConsent(code, allowed, valid=True, words=f"allows {', '.join(allowed)}")
    refusals = {about.refusal(code, purpose, at=now) for purpose in Purpose}
    why = [each.sentence for each in Refusal if each in refusals - {Refusal.NOT_ASKED}]
    return ContributorConsent(
        code, (), valid=False, words=f"allows nothing: {'; '.join(why) or 'not asked'}"
    )


def _load_earlier_decisions(clip: Clip, voices: Sequence[VoiceMatch]) -> list[Decision]:
    """The latest decisions on other clips of the recording, or with what may be the same voice."""
    alike = Q(finding__clip__in=[match.clip.pk for match in voices])
    if clip.recording_id is not None:
        alike |= Q(finding__clip__recording_id=clip.recording_id)
    rows = Decision.objects.filter(alike, finding__clip__dataset=clip.dataset)
    return list(
        rows.exclude(finding__clip=clip)
        .select_related("decided_by", "finding__clip", "confirmation")
        .order_by("-decided_at", "-pk")[:EARLIER]
    )
