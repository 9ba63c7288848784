"""Send a published release to a target, or show what would be sent."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from apps.access.authorize import find_access_policy
from apps.access.models import Entitlement
from apps.accounts.models import Organisation, User
from apps.datasets.models import Dataset
from apps.jobs.actions import run_job
from apps.jobs.models import Job
from apps.packaging.content_loading import load_content
from apps.publishing.access import fetch_target
from apps.publishing.actions import plan_publication, start_publication
from apps.publishing.dry_runs import write_snapshot
from apps.publishing.errors import TargetUnreachableError
from apps.publishing.models import Publication, Target
from apps.publishing.permission import require_sendable
from apps.releases.access import fetch_release
from apps.releases.models import Release
from datasets_catalog.errors import ConflictError, InvalidError
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset


class Command(Base):
    help = (
        "Send a published release to a target: one commit, tagged and read back. With --dry-run"
        " write every file of it to disk instead, and say how many bytes would go out, to whom."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("release_version", metavar="VERSION")
        parser.add_argument("--target", metavar="T", help="needed unless --dry-run")
        parser.add_argument("--dry-run", action="store_true", help="send nothing")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        dataset = find_dataset(actor, options["dataset"])
        release = fetch_release(actor, dataset, options["release_version"])
        target = None
        if options["target"]:
            target = fetch_target(actor, dataset.organisation, options["target"])
        if options["dry_run"]:
            return write_dry_run(actor, release, target)
        if target is None:
            raise InvalidError("Name the target: --target T (save one with save_target).")
        publication, job = start_publication(actor=actor, release=release, target=target)
        # A worker may have been faster; whoever claims the job does it.
        run_job(job.pk)
        return _report_end(publication, job)

    def say(self, value: dict[str, Any]) -> list[str]:
        if value["sent"]:
            return [f"{value['url']} holds {value['tag']} ({value['commit']}), read back."]
        lines = [f"{size:>12}  {path}" for path, size in value["files"].items()]
        lines.append(f"{value['bytes']:>12}  bytes in {len(value['files'])} files")
        lines.append(f"written to {value['folder']}; sent nowhere")
        lines.append(f"would go to: {value['to']}")
        if value["plan"]:
            lines.append(
                f"of which new there: {value['plan']['bytes_to_send']} bytes of audio in"
                f" {value['plan']['shards_to_send']} shards"
            )
        lines += [f"note: {note}" for note in value["notes"]]
        return lines


def _report_end(publication: Publication, job: Job) -> dict[str, Any]:
    job.refresh_from_db()
    publication.refresh_from_db()
    if publication.state != Publication.State.PUBLISHED:
        message = publication.error.get("message") or job.error.get("message") or "still under way"
        raise ConflictError(
            f"Not published: {message} Run the same command again to go on.",
            state=publication.state,
        )
    return {
        "sent": True,
        "url": publication.url,
        "tag": publication.tag,
        "commit": publication.commit_oid,
        "bytes_sent": publication.bytes_sent,
    }


def write_dry_run(actor: User, release: Release, target: Target | None) -> dict[str, Any]:
    """Every file the target would hold, written below the state folder."""
    dataset = release.dataset
    repository = target.repository_for(release) if target else dataset.full_name
    endpoint = target.endpoint if target else "https://huggingface.co"
    folder = Path(settings.STATE) / "snapshots" / dataset.full_name / release.version
    notes = []
    if target is not None:
        require_sendable(release, target)
    written = write_snapshot(
        load_content(release),
        folder,
        repository_url=f"{endpoint}/datasets/{repository}",
        gated=target.is_gated if target else find_access_policy(release) != Dataset.Access.OPEN,
    )
    plan = None
    if target is not None:
        try:
            found = plan_publication(actor=actor, release=release, target=target)
            plan = {"bytes_to_send": found.to_send, "shards_to_send": found.shards_to_send}
        except TargetUnreachableError as problem:
            notes.append(f"What is there already could not be compared: {problem.message}")
    return {
        "sent": False,
        "folder": str(folder),
        "files": dict(written.files),
        "bytes": written.size,
        "clips": written.clips,
        "to": _name_readers(release, f"{endpoint}/datasets/{repository}" if target else None),
        "plan": plan,
        "notes": notes,
    }


def _name_readers(release: Release, repository: str | None) -> str:
    """Who could read it: here, and at the target if one is named."""
    dataset = release.dataset
    if find_access_policy(release) == Dataset.Access.OPEN:
        here = "everyone"
    else:
        people = Entitlement.objects.valid().filter(dataset=dataset, user__isnull=False)
        bodies = Organisation.objects.filter(
            entitlements__in=Entitlement.objects.valid().filter(dataset=dataset)
        ).distinct()
        here = (
            f"members of {dataset.organisation}, {people.values('user').distinct().count()} people"
            f" and {bodies.count()} organisations that were let in"
        )
    return f"{here}; readers of {repository}" if repository else here
