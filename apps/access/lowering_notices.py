"""Telling people of bars that are to be lowered: those who decide, and then whoever asked."""

from __future__ import annotations

from apps.access.models import Notice
from apps.access.notices import list_members_with, notify_people
from apps.datasets.models import Lowering
from datasets_catalog.bars import TITLES, find_decider


def tell_of_lowering(row: Lowering) -> None:
    """The reviewers who may decide that a request waits, and whoever made it what became of it."""
    dataset = row.dataset
    page = f"/datasets/{dataset}/"
    bars = ", ".join(TITLES[name] for name in row.becomes)
    match Lowering.State(row.state):
        case Lowering.State.PROPOSED:
            deciders = list_members_with(find_decider(row.becomes), dataset.organisation)
            others = deciders.exclude(pk=row.proposed_by_id)
            text = f"{row.proposed_by} asks to hold {dataset} to less ({bars}): {row.reason}"
            notify_people(others, Notice.Kind.LOWER, dataset, text, page=page)
        case Lowering.State.APPLIED:
            text = (
                f"{row.decided_by} confirmed that {dataset} is held to less ({bars}). {row.answer}"
            )
            notify_people([row.proposed_by], Notice.Kind.LOWER, dataset, text, page=page)
        case Lowering.State.REFUSED:
            text = f"{row.decided_by} refused that {dataset} is held to less ({bars}). {row.answer}"
            notify_people([row.proposed_by], Notice.Kind.LOWER, dataset, text, page=page)
        case _:
            # Only inside a transaction, or taken back by whoever would be told.
            pass
