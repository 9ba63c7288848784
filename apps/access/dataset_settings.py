"""Saving settings of a dataset: what may be saved at once is, the rest waits for another person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.access.access_changes import propose_access_change
from apps.access.models import AccessChange
from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.datasets.actions import (
    POLICY,
    build_access_policy,
    find_lowered_bars,
    plan_policy,
    update_dataset,
)
from apps.datasets.bar_lowerings import propose_lowering
from apps.datasets.models import Dataset, Lowering
from datasets_catalog.access_widths import name_widenings
from datasets_catalog.roles import Permission


@dataclass(frozen=True, slots=True)
class SavedSettings:
    """What became of the changes: saved, and what was proposed instead."""

    dataset: Dataset
    lowering: Lowering | None
    access_change: AccessChange | None


@transaction.atomic
def save_settings(
    *, actor: User, dataset: Dataset, changes: Mapping[str, Any], reason: str
) -> SavedSettings:
    """Change columns as `update_dataset` does, and propose what one person may not change alone.

    What lowers a bar is proposed to a privacy reviewer, what lets more people take what is out to
    another person; `reason` is what those go by. All of it happens, or nothing. Raises as
    `update_dataset`, `propose_lowering` and `propose_access_change` do.
    """
    row = Dataset.objects.select_for_update(of=("self",)).get(pk=dataset.pk)
    require_permission(actor, Permission.DATASET_EDIT, row.organisation)
    at_once = dict(changes)
    lower = {name: at_once.pop(name) for name in find_lowered_bars(row, at_once)}
    wider = _take_widening_changes(row, at_once)
    lowering = access_change = None
    if lower:
        lowering = propose_lowering(actor=actor, dataset=row, changes=lower, reason=reason)
    if wider:
        access_change = propose_access_change(
            actor=actor, dataset=row, changes=wider, reason=reason
        )
    saved = update_dataset(actor=actor, dataset=row, changes=at_once)
    return SavedSettings(saved, lowering, access_change)


def _take_widening_changes(row: Dataset, changes: dict[str, Any]) -> dict[str, Any]:
    """Take who may have the dataset out of the changes, where that would be more people."""
    planned = plan_policy(row, changes)
    if row.released_at is None or not name_widenings(build_access_policy(row), planned):
        return {}
    return {name: changes.pop(name) for name in POLICY if name in changes}
