"""The whole way of a release, from the draft to readers, walked through one door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.ingest.draft_files import compute_head
from apps.releases.models import Release
from tests.factories.jobs import work_off
from tests.journeys.door_asking import client_of
from tests.journeys.world import API, PAGES, pages_of, run, send

VERSION = "7.0.0"
PARTS = ("privacy", "rights")


@dataclass(frozen=True)
class Staff:
    """Whose hands make a release, sign for it and publish it; they may be the same."""

    maker: User
    signer: User
    publisher: User

    @classmethod
    def alone(cls, user: User) -> Staff:
        return cls(user, user, user)


Walk = Callable[[Staff, Dataset, Sequence[str]], None]


def publish_over_rest(staff: Staff, dataset: Dataset, purposes: Sequence[str]) -> None:
    maker = client_of(staff.maker)
    send(maker, "post", f"{API}releases/", {"version": VERSION, "purposes": list(purposes)})
    send(maker, "post", f"{API}releases/{VERSION}/freeze/", {})
    work_off()
    _finish_over_rest(staff)


def _finish_over_rest(staff: Staff) -> None:
    address = f"{API}releases/{VERSION}/"
    send(client_of(staff.maker), "post", f"{address}submit/", {})
    for part in PARTS:
        send(client_of(staff.signer), "post", f"{address}sign-offs/", {"part": part})
    send(client_of(staff.publisher), "post", f"{address}publish/", {})


def publish_on_pages(staff: Staff, dataset: Dataset, purposes: Sequence[str]) -> None:
    form = {"version": VERSION, "purposes": list(purposes)}
    pages_of(staff.maker).post(f"{PAGES}releases/new/", form)
    address = f"{PAGES}releases/{VERSION}/"
    for verb in ("freeze", "submit"):
        pages_of(staff.maker).post(f"{address}{verb}/")
        work_off()
    for part in PARTS:
        pages_of(staff.signer).post(f"{address}sign/", {"part": part})
    pages_of(staff.publisher).post(f"{address}publish/", {"phrase": VERSION})
    work_off()


def publish_over_the_hub(staff: Staff, dataset: Dataset, purposes: Sequence[str]) -> None:
    """A tag makes and freezes it; the Hub's protocol has no word for what follows."""
    head = compute_head(Dataset.objects.get(pk=dataset.pk))
    body = {"tag": f"v{VERSION}", "message": f"purposes: {', '.join(purposes)}"}
    send(client_of(staff.maker), "post", f"/api/datasets/acme/tones/tag/{head}", body)
    work_off()
    _finish_over_rest(staff)


def publish_by_command(staff: Staff, dataset: Dataset, purposes: Sequence[str]) -> None:
    words = ("release", "acme/tones", VERSION, "--to", "published")
    run(*words, "--purposes", ",".join(purposes), user=staff.maker)
    for user in (staff.signer, staff.publisher):
        run(*words, user=user)


def publish_over_git(staff: Staff, dataset: Dataset, purposes: Sequence[str]) -> None:
    """DVC's remote and git are for reading alone."""
    clip = dataset.clips.first()
    assert clip is not None
    client, oid = client_of(staff.publisher), clip.blob.oid
    address = f"/dvc/acme/tones/files/md5/{oid[:2]}/{oid[2:]}"
    for verb in (client.put, client.post, client.delete):
        assert verb(address, b"", content_type="application/octet-stream").status_code == 405
    answer = client.post("/git/acme/tones.git/git-receive-pack", b"", content_type="text/plain")
    assert answer.status_code in {403, 404}, answer.status_code
    answer = client.get("/git/acme/tones.git/info/refs?service=git-receive-pack")
    assert answer.status_code in {403, 404}, answer.status_code


def publish_in_the_database(staff: Staff, dataset: Dataset, purposes: Sequence[str]) -> None:
    """Rows changed by hand, one state after the other, and all at once."""
    with suppress(DatabaseError), transaction.atomic():
        Release.objects.create(
            dataset=dataset, version=VERSION, purposes=list(purposes), created_by=staff.maker
        )
    changed = {"published_by": staff.publisher, "published_at": timezone.now()}
    for state in ("in_review", "approved", "published"):
        with suppress(DatabaseError), transaction.atomic():
            Release.objects.filter(version=VERSION).update(state=state)
    with suppress(DatabaseError), transaction.atomic():
        Release.objects.filter(version=VERSION).update(state="published", **changed)


# Every door, and what it can do about a release. The ones that lead to readers come first.
LEADING = {
    "rest": publish_over_rest,
    "web": publish_on_pages,
    "hub": publish_over_the_hub,
    "command": publish_by_command,
}
WALKS: dict[str, Walk] = {
    **LEADING,
    "dvc": publish_over_git,
    "database": publish_in_the_database,
}
