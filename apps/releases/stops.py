"""The emergency stop: one person closes a clip, a release or a dataset at every door, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import duckdb
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from apps.accounts.access import Principal, has_permission, require_permission
from apps.accounts.models import Membership, User
from apps.audit import record
from apps.datasets.models import Clip, Dataset
from apps.releases.errors import (
    OwnStopError,
    StopConfirmedError,
    StopLiftedError,
    StoppedAlreadyError,
    StoppedError,
    StopUnknownError,
)
from apps.releases.models import Release, ReleaseBlob, Stop, StoppedRelease, StopQuerySet
from apps.storage.blobs import open_local_copy
from apps.storage.models import Blob
from apps.storage.table_queries import read_page_of_clips
from datasets_catalog.errors import EarmarkError, InvalidError
from datasets_catalog.roles import Permission

# A second person has so long to confirm. What nobody confirmed stays closed, and shows as overdue.
CONFIRM_WITHIN = timedelta(hours=72)


@transaction.atomic
def place_stop(
    *,
    actor: User,
    dataset: Dataset,
    reason: str,
    release: Release | None = None,
    clip: Clip | None = None,
) -> Stop:
    """Close the dataset, or one release or clip of it, when the transaction commits.

    A clip closes every release that holds it, and no release can be published while it is in the
    draft. Another person confirms by `confirm_by` or lifts it; until then it stays closed.
    Raises StoppedAlreadyError where the same is stopped.
    """
    # Publication locks the same row: what is stopped now is not published a moment later.
    dataset = Dataset.objects.select_for_update(of=("self",)).get(pk=dataset.pk)
    require_permission(actor, Permission.RELEASE_STOP, dataset.organisation)
    _check_subject(dataset, release, clip)
    if not reason.strip():
        raise InvalidError("Give a reason: whoever confirms or lifts the stop goes by it.")
    existing = Stop.objects.in_force().filter(dataset=dataset, release=release, clip=clip).first()
    if existing is not None:
        raise StoppedAlreadyError(
            f"{existing.subject} is closed already, by {existing.stopped_by}: confirm that stop.",
            stop=str(existing.uid),
        )
    now = timezone.now()
    row = Stop.objects.create(
        dataset=dataset,
        release=release,
        clip=clip,
        reason=reason.strip(),
        stopped_by=actor,
        stopped_at=now,
        confirm_by=now + CONFIRM_WITHIN,
    )
    if clip is not None:
        StoppedRelease.objects.bulk_create(
            StoppedRelease(stop=row, release=held) for held in _find_holding_releases(dataset, clip)
        )
    record.stop_placed(**_build_event_fields(actor, row), reason=row.reason)
    return row


@transaction.atomic
def confirm_stop(*, actor: User, stop: Stop) -> Stop:
    """A second person stands by the stop. Raises OwnStopError, StopLiftedError and others."""
    row = _lock_stop(actor, stop)
    if row.confirmed_at is not None:
        raise StopConfirmedError(f"{row.confirmed_by} confirmed this stop already.")
    row.confirmed_by, row.confirmed_at = actor, timezone.now()
    row.save(update_fields=["confirmed_by", "confirmed_at"])
    record.stop_confirmed(**_build_event_fields(actor, row))
    return row


@transaction.atomic
def lift_stop(*, actor: User, stop: Stop, reason: str) -> Stop:
    """Open again what was stopped, by another person than who stopped it."""
    row = _lock_stop(actor, stop)
    if not reason.strip():
        raise InvalidError("Give a reason: it is the record of why this is open again.")
    row.lifted_by, row.lifted_at, row.lift_reason = actor, timezone.now(), reason.strip()
    row.save(update_fields=["lifted_by", "lifted_at", "lift_reason"])
    record.stop_lifted(**_build_event_fields(actor, row), reason=row.lift_reason)
    return row


def note_stops(release: Release) -> None:
    """Note on a release being frozen which stopped clips it holds now."""
    StoppedRelease.objects.filter(release=release).delete()
    stops = Stop.objects.in_force().filter(
        dataset=release.dataset_id, clip__state=Clip.State.ACTIVE
    )
    StoppedRelease.objects.bulk_create(StoppedRelease(stop=row, release=release) for row in stops)


def map_stopped_releases(dataset: Dataset) -> Mapping[int, Stop]:
    """Which releases of the dataset are closed, by id, and the oldest stop that closes each.

    One query where nothing is stopped, two where something is.
    """
    stops = list(
        _select_stops(dataset).in_force().order_by("stopped_at").prefetch_related("closes")
    )
    found: dict[int, Stop] = {}
    for row in stops:
        for release_id in _list_closed_releases(dataset, row):
            found.setdefault(release_id, row)
    return found


def _list_closed_releases(dataset: Dataset, row: Stop) -> Iterator[int]:
    if row.release_id is not None:
        yield row.release_id
    elif row.clip_id is not None:
        yield from (closed.release_id for closed in row.closes.all())
    else:
        yield from Release.objects.filter(dataset=dataset).values_list("pk", flat=True)


def build_stop_columns(*, release: str = "pk", dataset: str = "dataset") -> dict[str, Subquery]:
    """Annotation from which `read_stopped_since` reads since when each row's release is closed.

    `release` and `dataset` name the columns of the row.
    """
    closing = Stop.objects.in_force().filter(
        Q(release=None, clip=None)
        | Q(release=OuterRef(release))
        | Q(closes__release=OuterRef(release)),
        dataset=OuterRef(dataset),
    )
    return {COLUMN: Subquery(closing.order_by("stopped_at").values("stopped_at")[:1])}


def read_stopped_since(release: Release) -> datetime | None:
    """Since when the release is closed; None while it is not.

    Read from `build_stop_columns` where it was fetched with them, otherwise by one query: whoever
    forgets the columns is slower, never wrong.
    """
    known = vars(release)
    if COLUMN not in known:
        rows = Release.objects.filter(pk=release.pk).annotate(**build_stop_columns())
        return rows.values_list(COLUMN, flat=True).first()
    since: datetime | None = known[COLUMN]
    return since


def carry_stop(row: object, release: Release) -> None:
    """Hand what was annotated on a row that points at a release on to the release."""
    setattr(release, COLUMN, getattr(row, COLUMN))


def require_open(release: Release) -> None:
    """Raise StoppedError while the release is closed; always asks anew."""
    vars(release).pop(COLUMN, None)
    since = read_stopped_since(release)
    if since is not None:
        raise StoppedError(describe_closing(release, since))


def describe_closing(release: Release, since: datetime) -> str:
    """What everybody is told: who closed it, since when, whom to ask. Never why."""
    organisation = release.dataset.organisation
    return (
        f"{release} was closed by a privacy officer of {organisation} on"
        f" {since:%Y-%m-%d at %H:%M} UTC. Ask the privacy reviewers of {organisation};"
        " nothing of it is given out until they open it again."
    )


def require_hearable(user: Principal, clip: Clip) -> None:
    """Raise StoppedError for the sound of a stopped clip, except to those who review it."""
    _refuse_closed(user, clip.dataset, f"The sound of {clip.path}", Q(clip=clip))


def require_takeable(user: Principal, dataset: Dataset, path: str, blob: Blob) -> None:
    """The same for a file of the draft, which may be a clip, hold a clip's bytes, or neither.

    A stop of the dataset closes them all.
    """
    held = Q(clip__path=path) | Q(clip__blob=blob.pk) | Q(clip__original=blob.pk)
    _refuse_closed(user, dataset, path, held)


def _refuse_closed(user: Principal, dataset: Dataset, subject: str, closing: Q) -> None:
    whole = Q(release=None, clip=None)
    stopped = Stop.objects.in_force().filter(closing | whole, dataset=dataset.pk)
    since = stopped.order_by("stopped_at").values_list("stopped_at", flat=True).first()
    if since is None or has_permission(user, Permission.FINDING_VIEW, dataset.organisation):
        return
    raise StoppedError(
        f"{subject} was closed by a privacy officer on {since:%Y-%m-%d at %H:%M} UTC: ask the"
        f" privacy reviewers of {dataset.organisation}."
    )


def list_visible_stops(user: Principal, dataset: Dataset) -> QuerySet[Stop]:
    """Every stop of the dataset, newest first, for those who work on it."""
    require_permission(user, Permission.DATASET_VIEW, dataset.organisation)
    return _select_stops(dataset)


def fetch_stop(user: Principal, dataset: Dataset, uid: UUID) -> Stop:
    """One stop of the dataset. Raises StopUnknownError."""
    row = list_visible_stops(user, dataset).filter(uid=uid).first()
    if row is None:
        raise StopUnknownError(f"{dataset} has no stop {uid}.")
    return row


def list_unconfirmed_stops(organisations: QuerySet[Membership, int]) -> QuerySet[Stop]:
    """Stops in force in these organisations that nobody confirmed yet, the oldest first."""
    rows = Stop.objects.in_force().filter(
        confirmed_at=None, dataset__organisation_id__in=organisations
    )
    return rows.select_related(*RELATED_PATHS).order_by("stopped_at")


COLUMN = "stopped_since"
RELATED_PATHS = (
    "dataset__organisation",
    "release__dataset__organisation",
    "clip",
    "stopped_by",
    "confirmed_by",
    "lifted_by",
)


def _select_stops(dataset: Dataset) -> StopQuerySet:
    return Stop.objects.filter(dataset=dataset).select_related(*RELATED_PATHS)


def _lock_stop(actor: User, stop: Stop) -> Stop:
    row = (
        Stop.objects.select_for_update(of=("self",)).select_related(*RELATED_PATHS).get(pk=stop.pk)
    )
    require_permission(actor, Permission.RELEASE_STOP, row.dataset.organisation)
    if row.lifted_at is not None:
        raise StopLiftedError(f"{row.lifted_by} lifted this stop: {row.subject} is open again.")
    if row.stopped_by_id == actor.pk:
        raise OwnStopError("You placed this stop: somebody else has to confirm or lift it.")
    return row


def _check_subject(dataset: Dataset, release: Release | None, clip: Clip | None) -> None:
    if release is not None and clip is not None:
        raise InvalidError("Stop a release or a clip, not both in one: place two stops.")
    for one in (release, clip):
        if one is not None and one.dataset_id != dataset.pk:
            raise InvalidError(f"{one} is not of {dataset}.")


def _find_holding_releases(dataset: Dataset, clip: Clip) -> Iterator[Release]:
    """Releases that hold the clip, in whatever form it had, or the bytes it has now.

    A table that cannot be read counts as holding it.
    """
    blobs = [pk for pk in (clip.blob_id, clip.original_id) if pk is not None]
    by_bytes = set(
        ReleaseBlob.objects.filter(release__dataset=dataset, blob__in=blobs).values_list(
            "release_id", flat=True
        )
    )
    frozen = Release.objects.filter(dataset=dataset).exclude(root="").select_related("clips_table")
    for release in frozen:
        if release.pk in by_bytes or _holds_clip(release, clip):
            yield release


def _holds_clip(release: Release, clip: Clip) -> bool:
    if release.clips_table is None:
        return False
    with (
        suppress(EarmarkError, OSError, duckdb.Error),
        open_local_copy(release.clips_table) as table,
    ):
        return bool(read_page_of_clips(table, where={"clip_id": str(clip.uid)}, limit=1))
    return True


def _build_event_fields(actor: User, row: Stop) -> dict[str, Any]:
    return {
        "actor": actor.username,
        "organisation": row.dataset.organisation.name,
        "dataset": row.dataset.full_name,
        "stop": str(row.uid),
        "of": row.subject,
    }
