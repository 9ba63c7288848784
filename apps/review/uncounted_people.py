"""Clips in which somebody may be who is not recorded, for reviewers to go through."""

from django.db.models import BooleanField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.consent.models import Participation
from apps.detection.models import Scan
from apps.review.models import Decision, Headcount, Redaction
from datasets_catalog.clip_people import REVIEWERS_WHERE_SURE, SURE

EXCEEDING_COUNT = Q(somebody_unknown=True) | Q(people_heard__gt=F("people_recorded"))


def match_lacking_people() -> Q:
    """Of clips: whether somebody may be in them who is not recorded.

    For the queue; the gate has the last word (`people.PeopleHeard`).
    """
    recorded = Participation.objects.filter(clip=OuterRef("pk"))
    elsewhere = Q(dataset__organisation=OuterRef("dataset__organisation"), people_heard__gt=0)
    counts = Headcount.objects.filter(
        Q(dataset=OuterRef("dataset")) | elsewhere, content_sha256=OuterRef("blob__sha256")
    )
    heard = Scan.objects.filter(
        dataset=OuterRef("dataset"), content_sha256=OuterRef("blob__sha256"), heard__isnull=False
    )
    unnamed = Q(~Exists(recorded)) & Q(Exists(heard)) & ~_match_set_aside(counts, heard)
    return unnamed | Q(_is_exceeded(counts)) | (Q(~Exists(counts)) & Q(_is_due()))


def _match_set_aside(counts: QuerySet[Headcount], heard: QuerySet[Scan]) -> Q:
    """Whether enough reviewers said that nobody can be recognised in what was heard in a clip."""
    somebody_later = Headcount.objects.filter(
        dataset=OuterRef("dataset"),
        content_sha256=OuterRef("content_sha256"),
        pk__gt=OuterRef("pk"),
        people_heard__gt=0,
    )
    nobody = counts.filter(~Exists(somebody_later), people_heard=0)
    clearing = Decision.objects.filter(
        verdict=Decision.Verdict.CLEAR,
        identifiable=False,
        finding__clip=OuterRef("pk"),
        finding__onset__isnull=False,
        content_sha256=OuterRef("blob__sha256"),
    )
    sure = heard.filter(heard__gte=SURE)
    by_content = nobody.order_by().values("content_sha256")
    agreeing = by_content.annotate(n=Count("counted_by", distinct=True))
    several = Q(Exists(agreeing.filter(n__gte=REVIEWERS_WHERE_SURE)))
    one_of_each = Q(
        Exists(nobody.exclude(counted_by__in=_select_clearing_reviewers())) & Exists(clearing)
    )
    return several | one_of_each | (Q(~Exists(sure)) & (Q(Exists(nobody)) | Q(Exists(clearing))))


def _select_clearing_reviewers() -> QuerySet[Decision, int]:
    """Who cleared something that was heard in the clip two queries further out."""
    return Decision.objects.filter(
        verdict=Decision.Verdict.CLEAR,
        identifiable=False,
        finding__clip=OuterRef(OuterRef("pk")),
        finding__onset__isnull=False,
    ).values_list("decided_by", flat=True)


def _is_exceeded(counts: QuerySet[Headcount]) -> Subquery:
    """Whether the latest count is of more people than are recorded by now."""
    rows = Participation.objects.filter(clip=OuterRef(OuterRef("pk"))).order_by()
    recorded = Subquery(rows.values("clip").annotate(n=Count("pk")).values("n"))
    latest = counts.order_by("-pk").annotate(now=Coalesce(recorded, 0))
    exceeds = Q(somebody_unknown=True) | Q(people_heard__gt=F("now"))
    return Subquery(latest.values(exceeds=exceeds)[:1], output_field=BooleanField())


def _is_due() -> Exists:
    """Whether somebody who was not recorded was heard in what a redaction made the bytes of."""
    before = Headcount.objects.filter(
        EXCEEDING_COUNT,
        dataset=OuterRef("clip__dataset"),
        content_sha256=OuterRef("before__sha256"),
    )
    made = Redaction.objects.filter(clip=OuterRef("pk"), after=OuterRef("blob"))
    return Exists(made.filter(Exists(before)))
