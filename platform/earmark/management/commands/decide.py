"""Decide on a finding."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.datasets.access import fetch_dataset_to_edit
from apps.detection.models import Finding
from apps.releases.foresight import foresee_closures
from apps.review.access import (
    fetch_finding,
    filter_findings_of_kind,
    filter_open_findings,
    list_visible_findings,
)
from apps.review.actions import decide_finding, decide_findings_alike
from apps.review.models import Decision
from apps.review.redaction import Method
from datasets_catalog.roles import Permission
from earmark.management.base import Command as Base


class Command(Base):
    help = "Decide on a finding: clear it, redact the clip, or exclude the clip; once and for all."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("finding", help="as `findings` lists it; with --batch ORG/NAME")
        parser.add_argument("verdict", choices=Decision.Verdict.values)
        parser.add_argument("--reason", required=True, metavar="TEXT")
        parser.add_argument("--method", choices=[str(m) for m in Method], default=Method.MUTE)
        parser.add_argument(
            "--batch",
            metavar="KIND",
            help="decide on all open findings of a kind in the dataset at once",
        )
        parser.add_argument(
            "--identifiable",
            action="store_true",
            help="with clear: a person can be recognised, so consent has to cover the clip",
        )

        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="decide nothing; say which releases it would close to readers",
        )

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        if options["batch"]:
            return self._batch(actor, options)
        finding = fetch_finding(actor, options["finding"])
        closes = _describe_closures([finding], options["verdict"])
        if options["dry_run"]:
            return {"clip": finding.clip.path, "count": 1, "closes": closes, "dry_run": True}
        decision = decide_finding(
            actor=actor,
            finding=finding,
            verdict=options["verdict"],
            reason=options["reason"],
            method=options["method"],
            identifiable=options["identifiable"],
        )
        return {
            "finding": str(decision.finding.uid),
            "clip": decision.finding.clip.path,
            "verdict": decision.verdict,
            "decided_by": actor.username,
            "closes": closes,
        }

    def _batch(self, actor: User, options: dict[str, Any]) -> dict[str, Any]:
        dataset = fetch_dataset_to_edit(actor, options["finding"], Permission.FINDING_VIEW)
        found = filter_findings_of_kind(
            filter_open_findings(list_visible_findings(actor, dataset)), options["batch"]
        )
        closes = _describe_closures(list(found), options["verdict"])
        where = f"{dataset}: {len(found)} findings of kind {options['batch']}"
        if options["dry_run"]:
            return {"clip": where, "count": len(found), "closes": closes, "dry_run": True}
        made = decide_findings_alike(
            actor=actor,
            findings=list(found),
            verdict=options["verdict"],
            reason=options["reason"],
            method=options["method"],
            identifiable=options["identifiable"],
        )
        return {
            "batch": str(made[0].batch.uid) if made[0].batch else None,
            "count": len(made),
            "clip": where,
            "verdict": options["verdict"],
            "decided_by": actor.username,
            "closes": closes,
        }

    def say(self, value: dict[str, Any]) -> list[str]:
        closed = [f"{name} is closed to readers by it." for name in value["closes"]]
        if value.get("dry_run"):
            said = "nothing was decided"
            closed = [f"{name} would be closed to readers by it." for name in value["closes"]]
        else:
            said = f"{value['verdict']}, decided by {value['decided_by']}"
        return [f"{value['clip']}: {said}.", *closed]


def _describe_closures(findings: Sequence[Finding], verdict: str) -> list[str]:
    """The releases that the verdict takes from their readers, by name."""
    foreseen = foresee_closures(findings)
    by_verdict = {
        Decision.Verdict.EXCLUDE: foreseen.by_exclusion,
        Decision.Verdict.REDACT: foreseen.by_redaction,
    }
    return [str(row) for row in by_verdict.get(Decision.Verdict(verdict), ())]
