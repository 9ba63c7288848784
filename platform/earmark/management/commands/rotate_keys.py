"""Seal every kept secret with the newest key."""

from typing import Any

from apps.accounts.models import User
from apps.publishing.actions import rotate_target_tokens
from earmark.management.base import Acts
from earmark.management.base import Command as Base


class Command(Base):
    help = "Seal every kept token with the first of FIELD_ENCRYPTION_KEYS; then older ones can go."
    acts = Acts.NEVER

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, int]:
        return {"tokens": rotate_target_tokens()}

    def say(self, value: dict[str, int]) -> list[str]:
        return [f"{value['tokens']} tokens are sealed with the newest key."]
