"""Every write to targets and publications."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.access import require_permission
from apps.accounts.actions import check_slug
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.jobs.actions import start_job
from apps.jobs.models import Job
from apps.packaging.content_loading import load_content
from apps.packaging.snapshot_plan import plan_snapshot
from apps.publishing.models import Publication, Target
from apps.publishing.permission import (
    require_newest,
    require_old_door,
    require_room,
    require_sendable,
)
from apps.publishing.publications import find_gate_mode, load_known_shards, open_repository
from apps.publishing.sealed_secrets import reseal_secret, seal_secret
from apps.publishing.targets.delivery import OWNED_FOLDERS, compare_with_remote
from apps.releases.models import Release
from apps.releases.release_jobs import start_step
from datasets_catalog.errors import InvalidError
from datasets_catalog.roles import Permission

PUBLISH = "publishing.publish"
PLAN = "publishing.plan"


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """What can be set on a target; an empty token leaves the one on record."""

    repository: str
    endpoint: str = "https://huggingface.co"
    gate: str = Target.Gate.MANUAL
    private: bool = False
    token: str = ""


@transaction.atomic
def save_target(
    *, actor: User, organisation: Organisation, name: str, settings: TargetSettings
) -> Target:
    """Create the target, or change it."""
    require_permission(actor, Permission.TARGET_MANAGE, organisation)
    check_slug(name, "a target's name")
    row = Target.objects.select_for_update().filter(organisation=organisation, name=name).first()
    row = row or Target(organisation=organisation, name=name, created_by=actor)
    row.endpoint, row.repository = _check_endpoint(settings.endpoint), settings.repository
    row.gate, row.private = settings.gate, settings.private
    if settings.token:
        row.token_encrypted = seal_secret(settings.token.strip())
    if not row.token_encrypted:
        raise InvalidError("A new target needs a token that may write to the repository.")
    try:
        row.full_clean(exclude=["organisation", "created_by"], validate_unique=False)
    except ValidationError as problem:
        field, messages = next(iter(problem.message_dict.items()))
        raise InvalidError(f"{field}: {messages[0]}", field=field) from problem
    row.save()
    record.target_saved(
        actor=actor.username, organisation=organisation.name, target=name, endpoint=row.endpoint
    )
    return row


def _check_endpoint(address: str) -> str:
    """Check that the token will not travel in the clear; plain HTTP only on this machine."""
    parts = urlsplit(address.strip().rstrip("/"))
    if parts.scheme == "https" and parts.hostname:
        # One hub has one address, so that what was sent there is found again.
        return parts._replace(netloc=parts.netloc.lower().removesuffix(":443")).geturl()
    if parts.scheme == "http" and parts.hostname and _is_loopback(parts.hostname):
        return parts.geturl()
    raise InvalidError(
        f"{address!r} cannot be a target's endpoint: the token would travel in the clear. Use"
        " https://…",
        field="endpoint",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def rotate_target_tokens() -> int:
    """Seal every token with the newest key; returns how many."""
    rows = list(Target.objects.all())
    for row in rows:
        Target.objects.filter(pk=row.pk).update(token_encrypted=reseal_secret(row.token_encrypted))
    return len(rows)


def check_target(*, actor: User, target: Target) -> str:
    """Ask the hub whose token it is; raises what is wrong with it."""
    require_permission(actor, Permission.TARGET_MANAGE, target.organisation)
    return open_repository(target, "namespace/name").whoami()


@dataclass(frozen=True, slots=True)
class PublicationPlan:
    """What publishing would do. Sizes in bytes; `to_send` before encoding and deduplication."""

    repository: str
    url: str
    tag: str
    creates_repository: bool
    gate: str
    changes_gate: bool
    clips: int
    audio_size: int
    to_send: int
    shards: int
    shards_to_send: int
    paths_to_send: tuple[str, ...]
    paths_to_delete: tuple[str, ...]


def plan_publication(*, actor: User, release: Release, target: Target) -> PublicationPlan:
    """Look at the repository and say what publishing would do. Changes nothing anywhere."""
    require_permission(actor, Permission.RELEASE_PUBLISH, release.dataset.organisation)
    _require_same_organisation(release, target)
    require_sendable(release, target)
    draft = _build_publication(release, target, actor)
    require_room(draft)
    require_newest(draft)
    content = load_content(release)
    plan = plan_snapshot(content)
    repository = open_repository(target, draft.repository)
    status = repository.status()
    require_old_door(draft, status)
    remote = repository.files(status.head) if status else {}
    tables = (content.clips_table, content.events_table)
    changes = compare_with_remote(plan, tables, load_known_shards(draft), remote)
    wanted = {shard.path for shard in plan.shards} | {table.hub_path for table in tables}
    wanted |= {licence.hub_path for licence in content.licences}
    owned = [path for path in sorted(remote) if path.startswith(OWNED_FOLDERS)]
    return PublicationPlan(
        repository=draft.repository,
        url=draft.url,
        tag=draft.tag,
        creates_repository=status is None,
        gate=target.gate,
        changes_gate=status is not None and status.gated != find_gate_mode(target),
        clips=plan.rows,
        audio_size=plan.audio_size,
        to_send=changes.to_send,
        shards=len(plan.shards),
        shards_to_send=len(changes.new),
        paths_to_send=tuple(shard.path for shard in changes.new),
        paths_to_delete=tuple(path for path in owned if path not in wanted),
    )


def start_plan(*, actor: User, release: Release, target: Target) -> Job:
    """Have `plan_publication` done by a worker: a slow hub takes minutes to answer."""
    require_permission(actor, Permission.RELEASE_PUBLISH, release.dataset.organisation)
    _require_same_organisation(release, target)
    require_sendable(release, target)
    return start_step(actor=actor, release=release, kind_name=PLAN, arguments={"target": target.pk})


def start_publication(*, actor: User, release: Release, target: Target) -> tuple[Publication, Job]:
    """Start sending the release, or go on where an earlier attempt stopped."""
    require_permission(actor, Permission.RELEASE_PUBLISH, release.dataset.organisation)
    _require_same_organisation(release, target)
    require_sendable(release, target)
    publication = ensure_publication(actor=actor, release=release, target=target)
    job = start_job(
        actor=actor,
        kind_name=PUBLISH,
        subject=release.dataset.full_name,
        organisation=release.dataset.organisation,
        arguments={"publication": publication.pk},
    )
    return publication, job


@transaction.atomic
def ensure_publication(*, actor: User, release: Release, target: Target) -> Publication:
    """Return the publication of the release there, made if there is none; one for each pair."""
    require_permission(actor, Permission.RELEASE_PUBLISH, release.dataset.organisation)
    _require_same_organisation(release, target)
    Release.objects.select_for_update().get(pk=release.pk)
    row = Publication.objects.filter(release=release, target=target).first()
    if row is None:
        row = _build_publication(release, target, actor)
        require_room(row)
        require_newest(row)
        row.save(force_insert=True)
    return row


def _build_publication(release: Release, target: Target, actor: User) -> Publication:
    return Publication(
        release=release,
        target=target,
        endpoint=target.endpoint,
        repository=target.repository_for(release),
        tag=release.tag,
        started_by=actor,
    )


def _require_same_organisation(release: Release, target: Target) -> None:
    if release.dataset.organisation_id != target.organisation_id:
        raise InvalidError(
            f"{target} belongs to {target.organisation}, the release to"
            f" {release.dataset.organisation}: choose a target of the same organisation."
        )
