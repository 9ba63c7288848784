"""What goes into a draft: datasets, clips, events, consents."""

from typing import Any

from apps.audit.events.base import write_event


def dataset_created(*, actor: str, organisation: str, dataset: str, vertical: str) -> None:
    write_event(
        "dataset.created",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        vertical=vertical,
    )


def dataset_changed(
    *,
    actor: str,
    organisation: str,
    dataset: str,
    before: dict[str, str],
    changes: dict[str, str],
) -> None:
    """`before` and `changes`: what the settings were and what they are now, as text by name."""
    write_event(
        "dataset.changed",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        before=before,
        changes=changes,
    )


def lowering_moved(
    *,
    actor: str,
    organisation: str,
    dataset: str,
    lowering: str,
    state: str,
    reason: str,
    detail: dict[str, Any],
) -> None:
    """`detail`: of each bar, what it was and what it becomes."""
    write_event(
        f"dataset.lowering_{state}",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        lowering=lowering,
        reason=reason,
        bars=detail,
    )


def clips_ingested(
    *, actor: str, organisation: str, dataset: str, added: int, changed: int, unchanged: int
) -> None:
    write_event(
        "clips.ingested",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        added=added,
        changed=changed,
        unchanged=unchanged,
    )


def clips_removed(*, actor: str, organisation: str, dataset: str, clips: list[str]) -> None:
    write_event(
        "clips.removed", actor=actor, organisation=organisation, subject=dataset, clips=clips
    )


def draft_pushed(
    *, actor: str, organisation: str, dataset: str, commit: str, files: int, removed: int
) -> None:
    write_event(
        "draft.pushed",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        commit=commit,
        files=files,
        removed=removed,
    )


def events_imported(
    *, actor: str, organisation: str, dataset: str, format_name: str, events: int
) -> None:
    write_event(
        "events.imported",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        format=format_name,
        events=events,
    )


def consents_recorded(*, actor: str, organisation: str, count: int, sha256: str) -> None:
    write_event(
        "consents.recorded",
        actor=actor,
        organisation=organisation,
        subject=organisation,
        count=count,
        table_sha256=sha256,
    )


def contributor_of_age(
    *, actor: str, organisation: str, contributor: str, reason: str, evidence_sha256: str
) -> None:
    write_event(
        "contributor.of_age",
        actor=actor,
        organisation=organisation,
        subject=contributor,
        reason=reason,
        evidence_sha256=evidence_sha256,
    )


def people_changed(
    *, actor: str, organisation: str, dataset: str, changes: list[dict[str, Any]]
) -> None:
    """`changes`: the path of each clip, with the codes of who was in it and who is now."""
    write_event(
        "clip.people_changed",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        changes=changes,
    )


def contributor_minor(
    *,
    actor: str,
    organisation: str,
    contributor: str,
    of_age_on: list[str],
    reason: str,
    evidence_sha256: str,
) -> None:
    """`of_age_on` is the day before and after; empty: not known."""
    write_event(
        "contributor.minor",
        actor=actor,
        organisation=organisation,
        subject=contributor,
        of_age_on=of_age_on,
        reason=reason,
        evidence_sha256=evidence_sha256,
    )


def consent_corrected(
    *,
    actor: str,
    organisation: str,
    contributor: str,
    consents: list[str],
    before: str,
    after: str,
    reason: str,
) -> None:
    """`consents` are the ids of the wrong record and of the one in its place."""
    write_event(
        "consent.corrected",
        actor=actor,
        organisation=organisation,
        subject=contributor,
        consents=consents,
        before=before,
        after=after,
        reason=reason,
    )


def form_registered(
    *, actor: str, organisation: str, form: str, language: str, text_sha256: str
) -> None:
    write_event(
        "form.registered",
        actor=actor,
        organisation=organisation,
        subject=form,
        language=language,
        text_sha256=text_sha256,
    )


def form_bound(*, actor: str, organisation: str, form: str, reach: str, reason: str) -> None:
    write_event(
        "form.bound",
        actor=actor,
        organisation=organisation,
        subject=form,
        reach=reach,
        reason=reason,
    )


def form_reach_ended(*, actor: str, organisation: str, form: str, reach: str, reason: str) -> None:
    write_event(
        "form.reach_ended",
        actor=actor,
        organisation=organisation,
        subject=form,
        reach=reach,
        reason=reason,
    )


def events_verified(
    *, actor: str, organisation: str, dataset: str, verdict: str, events: list[str]
) -> None:
    write_event(
        "events.verified",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        verdict=verdict,
        events=events,
    )
