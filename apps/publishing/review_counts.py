"""What review did to the contents that a release holds, counted by one rule for every page.

Findings are counted once for each clip of the release whose present bytes or texts they are about:
the same content in two clips is two findings, as the workbench shows them. Redactions are counted
in clips: each clip of the release once for each way in which its bytes were changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.datasets.models import Clip
from apps.privacy.models import Decision, Finding, Redaction
from apps.privacy.redaction import STRIP, Method
from apps.publishing.content import ReleasedClip
from apps.releases.models import Release
from datasets_catalog.card_facts import RedactionCount, ReviewCount


def released_findings(
    release: Release, clips: Iterable[ReleasedClip], until: datetime | None
) -> Iterator[Finding]:
    """Findings about the bytes or texts of released clips, as of a moment (None: now), in order."""
    bytes_of = {clip.clip_id: clip.sha256 for clip in clips}
    rows = Finding.objects.filter(clip__dataset=release.dataset_id)
    if until is not None:
        rows = rows.filter(created_at__lte=until)
    related = ("clip__blob", "scan", "decision__decided_by")
    for row in rows.select_related(*related).order_by("clip__path", "id"):
        content = bytes_of.get(str(row.clip.uid))
        if content is not None and row.content_sha256 in {content, row.clip.cells_sha256}:
            yield row


def count_review(
    release: Release,
    clips: Iterable[ReleasedClip],
    *,
    since: datetime | None,
    until: datetime | None,
) -> ReviewCount:
    """Count findings about released contents, and the clips that review took out since a moment.

    `since` is when the version before came out; None for the first one.
    """
    verdicts: Counter[str] = Counter()
    findings = 0
    for row in released_findings(release, clips, until):
        findings += 1
        decision: Decision | None = getattr(row, "decision", None)
        if decision is not None and (until is None or decision.decided_at <= until):
            verdicts[decision.verdict] += 1
    return ReviewCount(
        findings=findings,
        cleared=verdicts[Decision.Verdict.CLEAR],
        excluded=excluded_clips(release, since=since, until=until).count(),
    )


def excluded_clips(
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
    release: Release, redacted: Iterable[ReleasedClip], until: datetime | None
) -> RedactionCount:
    """Count the redacted clips of a release by what was done on the way to their present bytes."""
    wanted = {clip.clip_id: clip.sha256 for clip in redacted}
    rows = Redaction.objects.filter(clip__dataset=release.dataset_id)
    if until is not None:
        rows = rows.filter(made_at__lte=until)
    steps: defaultdict[str, list[Redaction]] = defaultdict(list)
    for row in rows.select_related("clip", "before", "after").order_by("-pk"):
        steps[str(row.clip.uid)].append(row)
    counted: Counter[str] = Counter()
    for clip_id, content in wanted.items():
        counted.update(_methods(steps.get(clip_id, []), content))
    return RedactionCount(
        clips=len(wanted),
        muted=counted[Method.MUTE],
        bleeped=counted[Method.BLEEP],
        noised=counted[Method.NOISE],
        stripped=counted[STRIP],
        unknown=counted[UNKNOWN],
    )


UNKNOWN = "unknown"


def _methods(latest_first: Iterable[Redaction], content: str) -> set[str]:
    """Walk back from the present bytes; what was taken back lies on no way to them."""
    found: set[str] = set()
    for step in latest_first:
        if step.after.sha256 == content:
            found.add(step.method)
            content = step.before.sha256
    return found or {UNKNOWN}
