"""Decide on a finding."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.privacy.access import finding_for
from apps.privacy.actions import decide
from apps.privacy.models import Decision
from apps.privacy.redaction import Method
from earmark.management.base import Command as Base


class Command(Base):
    help = "Decide on a finding: clear it, redact the clip, or exclude the clip; once and for all."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("finding", help="as `findings` lists it")
        parser.add_argument("verdict", choices=Decision.Verdict.values)
        parser.add_argument("--reason", required=True, metavar="TEXT")
        parser.add_argument("--method", choices=[str(m) for m in Method], default=Method.MUTE)
        parser.add_argument(
            "--identifiable",
            action="store_true",
            help="with clear: a person can be recognised, so consent has to cover the clip",
        )

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        decision = decide(
            actor=actor,
            finding=finding_for(actor, options["finding"]),
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
        }

    def say(self, value: dict[str, Any]) -> list[str]:
        return [f"{value['clip']}: {value['verdict']}, decided by {value['decided_by']}."]
