"""Deciding on findings: one, or many alike at once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.audit import record
from apps.consent.participations import find_clips_named_by
from apps.datasets.actions import touch_draft
from apps.datasets.models import Clip, Dataset
from apps.datasets.work import find_clips_worked_on, map_clip_contents
from apps.detection.models import Finding
from apps.detection.scanning import scan_clips
from apps.review.access import RELATED_PATHS
from apps.review.models import Batch, Decision
from apps.review.playback_records import BatchSample, require_batch_heard, require_heard
from apps.review.redaction import Method
from apps.review.replacements import Replacement, redact_clip, take_findings_out
from apps.review.verdict_changes import announce_verdicts, collect_decided_bytes
from datasets_catalog.errors import ConflictError, DeniedError, InvalidError
from datasets_catalog.roles import Permission

CHUNK = 500
# What the audit log names of a batch; the rest is in its rows.
MOST_NAMED = 20


class OwnWorkError(DeniedError):
    """Who uploaded, described or annotated what is in a clip does not decide on its findings."""

    code = "finding.own_work"


class ContentChangedError(ConflictError):
    """The finding speaks of bytes or texts that the clip no longer has."""

    code = "finding.content_changed"


class DecidedError(ConflictError):
    """The finding has its decision; decisions are never changed."""

    code = "finding.decided"


class NotAlikeError(InvalidError):
    """Findings of several kinds or datasets were to be decided on at once."""

    code = "finding.not_alike"


def decide_finding(
    *,
    actor: User,
    finding: Finding,
    verdict: str,
    reason: str,
    method: str = Method.MUTE,
    identifiable: bool = False,
) -> Decision:
    """Clear the finding, exclude its clip, or redact its bytes.

    `identifiable` says of a cleared finding that a person can be recognised in it: then a
    contributor has to be recorded for the clip, consent has to cover it, and a second reviewer has
    to confirm; until then the finding blocks as if nobody had decided.

    Nobody clears what is in the sound without having been played it. A redaction writes new bytes
    (the clip's `original` keeps the old ones, which no door serves) and scans them.

    Raises `OwnWorkError`, `ContentChangedError`, `DecidedError`, `NotHeardError`,
    `NotRedactableError`, `DeniedError`.
    """
    asked = _DecisionRequest(actor, verdict, reason, method, identifiable=identifiable)
    return asked.of([finding], batch=False)[0]


def decide_findings_alike(
    *,
    actor: User,
    findings: Sequence[Finding],
    verdict: str,
    reason: str,
    method: str = Method.MUTE,
    identifiable: bool = False,
) -> list[Decision]:
    """Decide on findings alike (one dataset, one kind) at once: on all of them, or on none.

    Findings of one clip are taken out of it together. Of findings in the sound a random sample has
    to have been played to who clears them (`apps/review/playback_records.py`). Raises what
    `decide_finding` does, and `NotAlikeError`.
    """
    asked = _DecisionRequest(actor, verdict, reason, method, identifiable=identifiable)
    unique = list({finding.pk: finding for finding in findings}.values())
    return asked.of(unique, batch=True)


class _DecisionRequest:
    """What somebody wants to decide. Raises `InvalidError` where it makes no sense."""

    def __init__(
        self, actor: User, verdict: str, reason: str, method: str, *, identifiable: bool
    ) -> None:
        if verdict not in Decision.Verdict.values:
            raise InvalidError(f"Decide one of {', '.join(Decision.Verdict.values)}.")
        if method not in set(Method):
            raise InvalidError(f"Redact by one of {', '.join(Method)}.")
        if not reason.strip():
            raise InvalidError("Give a reason: it is what the record of this review consists of.")
        if identifiable and verdict != Decision.Verdict.CLEAR:
            raise InvalidError("Only what is cleared can leave an identifiable person in.")
        self.actor, self.verdict, self.reason = actor, verdict, reason.strip()
        self.method, self.identifiable = Method(method), identifiable

    def of(self, findings: Sequence[Finding], *, batch: bool) -> list[Decision]:
        dataset = _require_one_dataset(findings)
        require_permission(self.actor, Permission.FINDING_DECIDE, dataset.organisation)
        fresh = _reload_findings(findings)
        _check_open(self.actor, fresh)
        heard = self._require_hearing(fresh, batch=batch)
        new = self._taken_out(fresh) if self.verdict == Decision.Verdict.REDACT else {}
        made = self._write_decisions(dataset, fresh, new, batch=batch, heard=heard)
        if new:
            scan_clips(actor=self.actor, dataset=dataset, clip_ids=sorted(new))
        return made

    def _require_hearing(self, findings: Sequence[Finding], *, batch: bool) -> BatchSample | None:
        """What was heard of a batch that is cleared. Raises `NotHeardError`."""
        if self.verdict != Decision.Verdict.CLEAR:
            return None
        if batch:
            return require_batch_heard(self.actor, findings)
        require_heard(self.actor, findings)
        return None

    def _taken_out(self, findings: Sequence[Finding]) -> dict[int, Replacement]:
        """The new bytes of each clip, by its id."""
        by_clip: dict[int, list[Finding]] = defaultdict(list)
        for finding in findings:
            by_clip[finding.clip_id].append(finding)
        return {clip: take_findings_out(same, self.method) for clip, same in by_clip.items()}

    @transaction.atomic
    def _write_decisions(
        self,
        dataset: Dataset,
        findings: Sequence[Finding],
        new: Mapping[int, Replacement],
        *,
        batch: bool,
        heard: BatchSample | None,
    ) -> list[Decision]:
        """Write the decisions down and do what they say, on the locked rows."""
        dataset = Dataset.objects.select_for_update(of=("self",)).get(pk=dataset.pk)
        ids = sorted({finding.clip_id for finding in findings})
        # In the order of their ids, so that two reviewers cannot wait for each other.
        for some in split_ids(ids):
            list(Clip.objects.select_for_update(of=("self",)).filter(pk__in=some).order_by("pk"))
        rows = _reload_findings(findings)
        _check_open(self.actor, rows)
        contents = collect_decided_bytes(rows)
        together = self._batch(dataset, rows, heard) if batch else None
        now = timezone.now()
        made = Decision.objects.bulk_create(
            [self._decision(row, together, now) for row in rows], batch_size=CHUNK
        )
        if self.verdict == Decision.Verdict.EXCLUDE:
            for some in split_ids(ids):
                Clip.objects.filter(pk__in=some).update(state=Clip.State.EXCLUDED, updated_at=now)
        for clip_id, replacement in new.items():
            redact_clip(self.actor, [row for row in rows if row.clip_id == clip_id], replacement)
        if self.verdict != Decision.Verdict.CLEAR:
            touch_draft(dataset, clips=ids)
        self._note(dataset, rows, together)
        announce_verdicts(dataset.organisation_id, contents)
        return made

    def _batch(
        self, dataset: Dataset, findings: Sequence[Finding], heard: BatchSample | None
    ) -> Batch:
        return Batch.objects.create(
            dataset=dataset,
            kind=findings[0].kind,
            verdict=self.verdict,
            reason=self.reason,
            count=len(findings),
            heard=len(heard.findings) if heard else None,
            bound=heard.bound if heard else None,
            made_by=self.actor,
        )

    def _decision(self, finding: Finding, batch: Batch | None, now: datetime) -> Decision:
        return Decision(
            finding=finding,
            verdict=self.verdict,
            reason=self.reason,
            identifiable=self.identifiable,
            content_sha256=finding.content_sha256,
            bytes_sha256=finding.clip.blob.sha256,
            decided_by=self.actor,
            uploaded_by_id=finding.clip.added_by_id,
            decided_at=now,
            batch=batch,
        )

    def _note(self, dataset: Dataset, findings: Sequence[Finding], batch: Batch | None) -> None:
        where = {
            "actor": self.actor.username,
            "organisation": dataset.organisation.name,
            "dataset": dataset.full_name,
            "verdict": self.verdict,
            "reason": self.reason,
        }
        if batch is None:
            record.finding_decided(finding=str(findings[0].uid), **where)
            return
        record.findings_decided(
            batch={
                "uid": str(batch.uid),
                "kind": batch.kind,
                "count": batch.count,
                "heard": batch.heard,
                "findings": [str(finding.uid) for finding in findings[:MOST_NAMED]],
            },
            **where,
        )


def split_ids(ids: Sequence[int]) -> Iterator[list[int]]:
    """Ids in portions that every database takes in one query."""
    rest = iter(ids)
    while some := list(islice(rest, CHUNK)):
        yield some


def find_own_work(actor: User, clip_ids: Sequence[int]) -> list[str]:
    """Paths of the clips among these that are the actor's own work, in order.

    That is: they brought in, described or labelled the clip, or said who is in it; or did so with
    any other clip of the organisation that has, or had, the same bytes.
    """
    found: list[str] = []
    for some in split_ids(clip_ids):
        contents = map_clip_contents(some)
        mine = find_clips_worked_on(actor, contents) | find_clips_named_by(actor, contents)
        if mine:
            paths = Clip.objects.filter(pk__in=mine).order_by("path")
            found += paths.values_list("path", flat=True)
    return found


def refuse_own_work(actor: User, clip_ids: Sequence[int]) -> None:
    """Raises `OwnWorkError` where any of the clips is the actor's own work."""
    mine = find_own_work(actor, clip_ids)
    if mine:
        more = f" (and {len(mine) - 1} more)" if len(mine) > 1 else ""
        raise OwnWorkError(
            f"You uploaded, described or annotated {mine[0]}{more}, or the same sound under another"
            " name: somebody else has to decide.",
            clips=mine[:MOST_NAMED],
        )


def _require_one_dataset(findings: Sequence[Finding]) -> Dataset:
    if not findings:
        raise InvalidError("Choose the findings to decide on.")
    if len({finding.clip.dataset_id for finding in findings}) > 1:
        raise NotAlikeError("These findings are of several datasets: decide dataset by dataset.")
    kinds = sorted({finding.kind for finding in findings})
    if len(kinds) > 1:
        raise NotAlikeError(
            f"These findings are not alike ({', '.join(kinds)}): decide kind by kind."
        )
    return findings[0].clip.dataset


def _reload_findings(findings: Sequence[Finding]) -> list[Finding]:
    """The same findings as the database has them now, in order of their ids."""
    ids = sorted(finding.pk for finding in findings)
    related = (*RELATED_PATHS, "decision__decided_by", "clip__added_by")
    return [
        row
        for some in split_ids(ids)
        for row in Finding.objects.filter(pk__in=some).select_related(*related).order_by("pk")
    ]


def _check_open(actor: User, findings: Sequence[Finding]) -> None:
    for finding in findings:
        decision: Decision | None = getattr(finding, "decision", None)
        if decision is not None:
            raise DecidedError(
                f"{decision.decided_by} decided on {finding.kind} in {finding.clip.path} already."
            )
        clip = finding.clip
        if finding.content_sha256 not in {clip.blob.sha256, clip.cells_sha256}:
            raise ContentChangedError(
                f"{clip.path} has changed since {finding.kind} was found in it: look at its new"
                " findings instead."
            )
    refuse_own_work(actor, sorted({finding.clip_id for finding in findings}))
