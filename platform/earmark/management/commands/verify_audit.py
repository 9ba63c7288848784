"""Prove the audit chain."""

from typing import Any

from apps.accounts.models import User
from apps.audit.chain import find_breaks
from apps.audit.models import AuditEvent
from earmark.management.base import Acts
from earmark.management.base import Command as Base


class Command(Base):
    help = "Prove that no audit event was changed, deleted, moved or cut off."
    acts = Acts.NEVER

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        found = [{"sequence": b.sequence, "problem": b.problem} for b in find_breaks()]
        return {"events": AuditEvent.objects.count(), "breaks": found}

    def say(self, value: dict[str, Any]) -> list[str]:
        if not value["breaks"]:
            return [f"The chain holds: {value['events']} events."]
        return [f"event {b['sequence']}: {b['problem']}" for b in value["breaks"]]

    def has_succeeded(self, value: dict[str, Any]) -> bool:
        return not value["breaks"]
