"""Releases in any state, walked there row by row: for tests of what happens afterwards."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from apps.access.models import AccessChange
from apps.accounts.models import Organisation, User
from apps.datasets.models import Dataset
from apps.packaging.kept_snapshots import is_large
from apps.packaging.models import Snapshot, SnapshotFile
from apps.releases.models import GateResult, Release, ReleaseBlob, SignOff
from apps.storage.blobs import put_blob
from apps.storage.git import Author, Stamp
from apps.storage.manifests import VersionFile
from apps.storage.models import Blob
from apps.storage.version_writing import VersionRepo, write_version
from datasets_catalog.git_objects import compute_blob_oid, render_lfs_pointer
from datasets_catalog.purposes import Purpose, include_implied
from datasets_catalog.release_states import PUBLIC_STATES, ReleaseState
from datasets_catalog.versions import compute_version_order

# What every door and a target abroad ask of a release that hands out its audio.
GIVEN_OUT = (Purpose.PUBLISH_OPEN, Purpose.SHARE_RAW_AUDIO)
WAY = (
    ReleaseState.DRAFT,
    ReleaseState.FROZEN,
    ReleaseState.IN_REVIEW,
    ReleaseState.APPROVED,
    ReleaseState.PUBLISHED,
    ReleaseState.DEPRECATED,
    ReleaseState.WITHDRAWN,
)


def make_dataset(
    organisation: Organisation,
    maker: User,
    *,
    name: str = "birds",
    access: str = Dataset.Access.REQUEST,
) -> Dataset:
    return Dataset.objects.create(
        organisation=organisation,
        name=name,
        title=name,
        vertical="wildlife",
        access=access,
        created_by=maker,
    )


def make_release(
    dataset: Dataset,
    version: str = "1.0.0",
    *,
    state: ReleaseState = ReleaseState.PUBLISHED,
    holding: Sequence[Blob] = (),
    purposes: Sequence[Purpose] = (Purpose.RESEARCH_NONCOMMERCIAL, *GIVEN_OUT),
    commit: str = "c" * 40,
    territories: Sequence[str] = (),
) -> Release:
    """A release with one small table, frozen by the maker of the dataset, published by another."""
    table = keep(dataset, f"table of {version}".encode())
    now, maker = timezone.now(), dataset.created_by
    release = Release.objects.create(
        dataset=dataset,
        version=version,
        order=compute_version_order(version),
        purposes=list(purposes),
        cleared=sorted(include_implied(purposes)),
        territories=list(territories),
        use="collection",
        root=hashlib.sha256(version.encode()).hexdigest(),
        clips_table=table,
        events_table=table,
        dvc_commit=commit,
        created_by=maker,
        frozen_by=maker,
        frozen_at=now,
        published_by=User.objects.get_or_create(username="publisher")[0],
        published_at=now,
    )
    _sign(release)
    ReleaseBlob.objects.bulk_create(
        ReleaseBlob(release=release, blob=blob) for blob in [*holding, table]
    )
    walk(release, state)
    return release


def publish_tree(
    dataset: Dataset,
    version: str,
    tree: Mapping[str, bytes],
    *,
    state: ReleaseState = ReleaseState.PUBLISHED,
) -> Release:
    """A release with its version in git; `tree` is what lies below `data/`."""
    files = []
    for path in sorted(tree):
        blob = keep(dataset, tree[path])
        files.append(VersionFile(path, blob.oid, blob.size))
    written = write_version(
        VersionRepo(dataset.uid, dataset.full_name),
        files,
        documents={"README.md": f"# {dataset} {version}\n".encode()},
        stamp=Stamp(
            tag=f"v{version}",
            message=f"Release {version}",
            at=timezone.now(),
            author=Author("Earmark", "noreply@example.org"),
        ),
    )
    oids = {file.oid for file in files} | {out.oid for out in written.outs}
    held = Blob.objects.filter(store=dataset.uid, oid__in=oids)
    return make_release(dataset, version, state=state, holding=list(held), commit=written.commit)


def keep_snapshot(release: Release, tree: Mapping[str, bytes]) -> Snapshot:
    """A built snapshot that holds these files, whatever is in them."""
    snapshot = Snapshot.objects.create(
        release=release, card={"license": "cc0-1.0", "tags": ["audio"]}, built_at=timezone.now()
    )
    for path, content in tree.items():
        blob = keep(release.dataset, content)
        text = render_lfs_pointer(blob.sha256, blob.size) if is_large(path) else content
        oid = compute_blob_oid(text)
        SnapshotFile.objects.create(snapshot=snapshot, path=path, blob=blob, git_oid=oid)
        ReleaseBlob.objects.get_or_create(release=release, blob=blob)
    return snapshot


def walk(release: Release, state: ReleaseState) -> None:
    """Move a release onward through every state up to this one."""
    for step in WAY[WAY.index(ReleaseState(release.state)) + 1 : WAY.index(state) + 1]:
        release.state = step.value
        release.save(update_fields=["state"])
    if state in PUBLIC_STATES:
        Dataset.objects.filter(pk=release.dataset_id).update(released_at=timezone.now())


def set_access(access: str = "", *, dataset: Dataset | None = None, **columns: Any) -> None:
    """Change who may take each dataset, wider too: as two people would, who agreed."""
    rows = Dataset.objects.all() if dataset is None else Dataset.objects.filter(pk=dataset.pk)
    for row in rows:
        wanted = {"access": access or row.access, "auto_grant": row.auto_grant}
        wanted |= {"embargo_until": row.embargo_until, "embargoes": row.embargoes} | columns
        reviewer, _ = User.objects.get_or_create(username="reviewer")
        AccessChange.objects.filter(dataset=row, state="proposed").update(state="cancelled")
        change = AccessChange.objects.create(
            dataset=row,
            **wanted,
            reason="For a test.",
            proposed_by=row.created_by,
        )
        changes = AccessChange.objects.filter(pk=change.pk)
        changes.update(state="confirmed", decided_by=reviewer, decided_at=timezone.now())
        Dataset.objects.filter(pk=row.pk).update(**wanted)
        changes.update(state="applied")


def keep(dataset: Dataset, content: bytes) -> Blob:
    return put_blob(dataset.uid, io.BytesIO(content))


def _sign(release: Release) -> None:
    reviewer, _ = User.objects.get_or_create(username="reviewer")
    GateResult.objects.create(
        release=release, root=release.root, code="integrity.present", blocking=True, passed=True
    )
    for part in SignOff.Part.values:
        SignOff.objects.create(
            release=release,
            root=release.root,
            part=part,
            signed_by=reviewer,
            frozen_by=release.dataset.created_by,
        )
