"""Every step of a release: create, freeze, submit, sign off, publish, reopen."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.models import Dataset
from apps.ingest.intake import Progress, ignore_progress
from apps.releases.about import describe_dataset_now
from apps.releases.checklist_answers import find_part
from apps.releases.draft_rows import ROWS_VERSION
from apps.releases.errors import (
    DraftMovedError,
    EmptyDraftError,
    GatesFailedError,
    OwnReleaseError,
    VersionTakenError,
)
from apps.releases.freezing import FrozenDraft, freeze_rows, hold_blobs
from apps.releases.gate_results import check_gates, is_stale, load_blocking_failures
from apps.releases.lapses import hold_people, note_lapses
from apps.releases.models import GateResult, Release, SignOff
from apps.releases.release_usage import list_cleared_purposes
from apps.releases.stops import note_stops, require_open
from apps.releases.versioning import list_versions_out, write_release_version
from datasets_catalog.errors import InvalidError
from datasets_catalog.licences import Use
from datasets_catalog.plain_json import to_plain
from datasets_catalog.purposes import Purpose
from datasets_catalog.release_states import UNPUBLISHED_STATES, ReleaseState, advance_state
from datasets_catalog.roles import Permission
from datasets_catalog.territories import parse_territories
from datasets_catalog.versions import parse_version, refuse_out_of_order

PART_PERMISSIONS = {
    SignOff.Part.PRIVACY: Permission.FINDING_DECIDE,
    SignOff.Part.RIGHTS: Permission.RIGHTS_REVIEW,
}
Documents = Callable[[Release], Mapping[str, bytes]]


@transaction.atomic
def create_release(
    *,
    actor: User,
    dataset: Dataset,
    version: str,
    purposes: Sequence[str],
    territories: Iterable[str] = (),
    notes: str = "",
) -> Release:
    """A release to be; its purposes, and where it may go, are what consent has to cover.

    `territories` are codes of countries, `EU` or `EEA`; none means everywhere.
    Raises VersionTakenError, VersionOrderError, InvalidError.
    """
    require_permission(actor, Permission.RELEASE_PREPARE, dataset.organisation)
    number = parse_version(version)
    named = parse_purposes(purposes)
    area = parse_territories(territories)
    if Release.objects.filter(dataset=dataset, version=str(number)).exists():
        raise VersionTakenError(f"{dataset} has a release {number} already.")
    refuse_out_of_order(number, list_versions_out(dataset))
    row = Release.objects.create(
        dataset=dataset,
        version=str(number),
        order=number.order,
        purposes=named,
        territories=sorted(area),
        use=dataset.use,
        notes=notes,
        created_by=actor,
    )
    _record_move(actor, row, "", ReleaseState.DRAFT)
    return row


def parse_purposes(purposes: Sequence[str]) -> list[str]:
    """The purposes, each once; raises InvalidError for words that are none, and for no word."""
    unknown = sorted(set(purposes) - set(Purpose))
    if unknown or not purposes:
        found = f"{unknown[0]!r} is no purpose" if unknown else "Name at least one purpose"
        raise InvalidError(f"{found}. Purposes: {', '.join(Purpose)}.")
    return sorted(set(purposes))


def freeze_release(
    *, actor: User, release: Release, progress: Progress = ignore_progress
) -> Release:
    """Fix the draft as it is: tables, root, holdings. Killed anywhere, it is simply repeated."""
    dataset = Dataset.objects.select_related("organisation").get(pk=release.dataset_id)
    require_permission(actor, Permission.RELEASE_PREPARE, dataset.organisation)
    advance_state(ReleaseState(settle_release(release).state), ReleaseState.FROZEN)
    at = timezone.now()
    frozen = freeze_rows(dataset, use=Use(dataset.use), at=at, progress=progress)
    if not frozen.clips:
        raise EmptyDraftError("The draft has no clips: import some before freezing a release.")
    with transaction.atomic():
        # The dataset's row is locked by every writer of its draft: the count cannot move now.
        current = Dataset.objects.select_for_update().get(pk=dataset.pk)
        row = _lock_release(release)
        advance_state(ReleaseState(row.state), ReleaseState.FROZEN)
        # The tables were computed outside the transaction, for minutes perhaps, while others could
        # write.
        if current.draft_serial != dataset.draft_serial:
            raise DraftMovedError("The draft changed while it was being frozen: try again.")
        _apply_frozen_draft(row, frozen)
        row.cleared = list_cleared_purposes(row, on=at.date())
        row.use, row.draft_serial = dataset.use, dataset.draft_serial
        row.vocabulary, row.about = dataset.vocabulary, to_plain(describe_dataset_now(dataset))
        row.rows_version = ROWS_VERSION
        row.frozen_by, row.frozen_at = actor, at
        _move_release(actor, row, ReleaseState.FROZEN)
        # In one transaction with the state: no release is frozen whose bytes somebody may still
        # destroy, or of whose people nobody would tell it.
        hold_blobs(row)
        hold_people(row)
        note_stops(row)
    return row


def _apply_frozen_draft(row: Release, frozen: FrozenDraft) -> None:
    row.root = frozen.root
    row.clips_table, row.events_table = frozen.clips_table, frozen.events_table
    row.people_table = frozen.people_table
    row.clips, row.events = frozen.clips, frozen.events
    row.seconds, row.size = frozen.seconds, frozen.size
    row.licence, row.statistics = frozen.licence, frozen.statistics


def recheck_release(*, actor: User, release: Release) -> Sequence[GateResult]:
    """Ask every gate again of what was frozen, and keep the answers for its root.

    The gates read the draft: where that changed since, the release is a draft again and nothing
    is asked. Raises DraftMovedError, NotFrozenError and GatesClosedError.
    """
    require_permission(actor, Permission.RELEASE_PREPARE, release.dataset.organisation)
    return check_gates(_require_fresh(release))


def submit_release(*, actor: User, release: Release) -> Release:
    """Hand the frozen release to its reviewers, if every blocking gate passes on its root."""
    require_permission(actor, Permission.RELEASE_PREPARE, release.dataset.organisation)
    _require_fresh(release)
    check_gates(release)
    with transaction.atomic():
        row = _lock_release(release)
        # The gates were asked before the lock, on the root of then.
        _refuse_stale(row)
        advance_state(ReleaseState(row.state), ReleaseState.IN_REVIEW)
        _refuse_failing(row)
        _move_release(actor, row, ReleaseState.IN_REVIEW)
    return row


def sign_off_release(*, actor: User, release: Release, part: str, note: str = "") -> Release:
    """Answer for one part of the root; with both parts and all gates it is approved."""
    if part not in SignOff.Part.values:
        raise InvalidError(f"Sign off one of {', '.join(SignOff.Part.values)}.")
    require_permission(actor, PART_PERMISSIONS[SignOff.Part(part)], release.dataset.organisation)
    _require_fresh(release)
    with transaction.atomic():
        row = _lock_release(release)
        _refuse_stale(row)
        # Only what is in review can be signed for.
        advance_state(ReleaseState(row.state), ReleaseState.APPROVED)
        if row.frozen_by_id == actor.pk:
            raise OwnReleaseError("You made this release: somebody else has to sign for it.")
        assert row.frozen_by is not None
        _, created = SignOff.objects.get_or_create(
            release=row,
            root=row.root,
            part=part,
            defaults={"signed_by": actor, "frozen_by": row.frozen_by, "note": note},
        )
        if created:
            record.release_signed_off(
                actor=actor.username,
                organisation=row.dataset.organisation.name,
                release=str(row),
                part=part,
                root=row.root,
                note=note,
            )
        signed = set(row.sign_offs.filter(root=row.root).values_list("part", flat=True))
        if signed == set(SignOff.Part.values):
            _refuse_failing(row)
            _move_release(actor, row, ReleaseState.APPROVED)
    return row


def publish_release(*, actor: User, release: Release, documents: Documents) -> Release:
    """Write the version and let it out. Two at once publish one release; a killed one goes on.

    `documents` gives the files that stand in git beside the data (README.md, croissant.json).
    Raises VersionOrderError where a later version came out meanwhile.
    """
    require_permission(actor, Permission.RELEASE_PUBLISH, release.dataset.organisation)
    row = settle_release(release)
    if row.state == ReleaseState.PUBLISHED:
        return row
    require_publishable(actor, row)
    # What was true at approval may not be today: a consent can have run out.
    check_gates(row)
    _refuse_failing(row)
    # Git comes before the row: killed in between, the version is in git without being out, and the
    # next try finds the same tree under its tag. The other way round, readers would see a release
    # without files.
    commit = write_release_version(row, documents(row))
    with transaction.atomic():
        # The dataset's row before the release's, as at the freeze: in two orders, two would wait
        # for each other.
        dataset = Dataset.objects.select_for_update().get(pk=row.dataset_id)
        row = _lock_release(release)
        if row.state == ReleaseState.PUBLISHED:
            return row
        _refuse_stale(row)
        require_publishable(actor, row)
        row.dvc_commit = commit
        row.published_by, row.published_at = actor, timezone.now()
        _move_release(actor, row, ReleaseState.PUBLISHED)
        if dataset.released_at is None:
            dataset.released_at = row.published_at
            dataset.save(update_fields=["released_at"])
        note_lapses(row)
    return row


def require_publishable(actor: User, row: Release) -> None:
    """Raise unless the state allows it and the actor had no other part in the release.

    Raises OwnReleaseError for who made it, signed for it, or reviewed what is in it.
    """
    advance_state(ReleaseState(row.state), ReleaseState.PUBLISHED)
    require_open(row)
    refuse_out_of_order(parse_version(row.version), list_versions_out(row.dataset))
    part = find_part(actor, row)
    if part:
        raise OwnReleaseError(f"You {part}: somebody else has to publish it.")


def deprecate_release(*, actor: User, release: Release, reason: str) -> Release:
    """Keep a published release readable and say that it should no longer be used."""
    require_permission(actor, Permission.RELEASE_PUBLISH, release.dataset.organisation)
    if not reason.strip():
        raise InvalidError("Give a reason: readers of the release will want to know it.")
    with transaction.atomic():
        row = _lock_release(release)
        advance_state(ReleaseState(row.state), ReleaseState.DEPRECATED)
        row.deprecation = reason.strip()
        _move_release(actor, row, ReleaseState.DEPRECATED, row.deprecation)
    return row


def reopen_release(*, actor: User, release: Release, reason: str = "") -> Release:
    """Take an unpublished release back to draft; its sign-offs are void."""
    require_permission(actor, Permission.RELEASE_PREPARE, release.dataset.organisation)
    with transaction.atomic():
        row = _lock_release(release)
        advance_state(ReleaseState(row.state), ReleaseState.DRAFT)
        _reset_release(row, actor.username, reason or "reopened")
    return row


@transaction.atomic
def settle_release(release: Release) -> Release:
    """The release as it is now: back in draft if its draft changed since it was frozen."""
    row = _lock_release(release)
    if is_stale(row):
        _reset_release(row, "earmark", "the draft changed")
    return row


def _require_fresh(release: Release) -> Release:
    """The release as it is now; raises DraftMovedError where it fell back to draft."""
    row = settle_release(release)
    if row.state == ReleaseState.DRAFT and release.state in UNPUBLISHED_STATES:
        raise DraftMovedError(
            "The draft changed since this release was frozen, so it is a draft again"
            " and what was signed is void: freeze it again."
        )
    return row


def _refuse_stale(row: Release) -> None:
    if is_stale(row):
        raise DraftMovedError("The draft changed a moment ago: freeze the release again.")


def _lock_release(release: Release) -> Release:
    return (
        Release.objects.select_for_update(of=("self",))
        .select_related("dataset__organisation", "frozen_by")
        .get(pk=release.pk)
    )


def _refuse_failing(row: Release) -> None:
    failing = load_blocking_failures(row)
    if failing:
        raise GatesFailedError(
            f"{len(failing)} blocking gates fail: "
            + " ".join(f"{gate.code}: {gate.summary}" for gate in failing),
            gates=[
                {"code": gate.code, "summary": gate.summary, "failing": gate.failing[:20]}
                for gate in failing
            ],
        )


def _reset_release(row: Release, actor: str, reason: str) -> None:
    before, root = row.state, row.root
    row.sign_offs.all().delete()
    row.gate_results.all().delete()
    row.holdings.all().delete()
    row.people.all().delete()
    row.answers.all().delete()
    row.state, row.root, row.licence, row.statistics = ReleaseState.DRAFT, "", "", {}
    row.cleared, row.about = [], {}
    row.clips_table = row.events_table = row.people_table = None
    row.frozen_by = row.frozen_at = None
    row.save()
    record.release_moved(
        actor=actor,
        organisation=row.dataset.organisation.name,
        release=str(row),
        before=before,
        after=row.state,
        root=root,
        reason=reason,
    )


def _move_release(actor: User, row: Release, target: ReleaseState, reason: str = "") -> None:
    before = row.state
    row.state = target
    row.save()
    _record_move(actor, row, before, target, reason)


def _record_move(actor: User, row: Release, before: str, after: str, reason: str = "") -> None:
    record.release_moved(
        actor=actor.username,
        organisation=row.dataset.organisation.name,
        release=str(row),
        before=before,
        after=after,
        root=row.root,
        reason=reason,
    )
