"""What review did to the contents that a release holds, counted by one rule for every page.

Findings are counted once for each clip of the release whose present bytes or texts they are about:
the same content in two clips is two findings, as the workbench shows them. Redactions are counted
in clips: each clip of the release once for each way in which its bytes were changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.datasets.models import Clip
from apps.detection.models import Finding
from apps.packaging.content import ReleasedClip
from apps.packaging.released_contents import ReleasedContents
from apps.releases.models import Release
from apps.review.models import Decision
from datasets_catalog.alterations import Alteration, AlteredContent, Content
from datasets_catalog.card_facts import RedactionCount, ReviewCount


def list_released_findings(
    release: Release, contents: ReleasedContents, until: datetime | None
) -> Iterator[Finding]:
    """Findings about the bytes or texts of released clips, as of a moment (None: now), in order."""
    rows = Finding.objects.filter(clip__dataset=release.dataset_id)
    if until is not None:
        rows = rows.filter(created_at__lte=until)
    related = ("clip", "scan", "decision__decided_by")
    for row in rows.select_related(*related).order_by("clip__path", "id"):
        if contents.holds(str(row.clip.uid), row.content_sha256):
            yield row


def find_decision_in_force(finding: Finding, until: datetime | None) -> Decision | None:
    """The decision in force, where it was taken until a moment (None: now)."""
    decision: Decision | None = getattr(finding, "decision", None)
    late = decision is not None and until is not None and decision.decided_at > until
    return None if late else decision


def count_review(
    release: Release,
    contents: ReleasedContents,
    *,
    since: datetime | None,
    until: datetime | None,
) -> ReviewCount:
    """Count findings about released contents, and the clips that review took out since a moment.

    `since` is when the version before came out; None for the first one.
    """
    verdicts: Counter[str] = Counter()
    findings = 0
    for row in list_released_findings(release, contents, until):
        findings += 1
        if (decision := find_decision_in_force(row, until)) is not None:
            verdicts[decision.verdict] += 1
    return ReviewCount(
        findings=findings,
        cleared=verdicts[Decision.Verdict.CLEAR],
        excluded=list_excluded_clips(release, since=since, until=until).count(),
    )


def list_excluded_clips(
    release: Release, *, since: datetime | None, until: datetime | None
) -> QuerySet[Clip]:
    """Clips that review took out between two moments (None: ever, now) and that are still out."""
    decided = Q(findings__decision__verdict=Decision.Verdict.EXCLUDE)
    if since is not None:
        decided &= Q(findings__decision__decided_at__gt=since)
    if until is not None:
        decided &= Q(findings__decision__decided_at__lte=until)
    rows = Clip.objects.filter(dataset=release.dataset_id, state=Clip.State.EXCLUDED)
    return rows.filter(decided).distinct()


def count_redactions(
    redacted: Iterable[ReleasedClip], alterations: Mapping[Content, AlteredContent]
) -> RedactionCount:
    """Count the redacted clips of a release by what was done on the way to their present bytes."""
    ways: Counter[Alteration] = Counter()
    clips = unknown = 0
    for clip in redacted:
        altered = alterations.get((clip.clip_id, clip.md5), AlteredContent())
        ways.update(altered.ways)
        clips, unknown = clips + 1, unknown + (not altered.ways)
    return RedactionCount(
        clips=clips,
        muted=ways[Alteration.MUTE],
        bleeped=ways[Alteration.BLEEP],
        noised=ways[Alteration.NOISE],
        stripped=ways[Alteration.STRIP],
        unknown=unknown,
    )
