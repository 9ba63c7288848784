"""One of everything that has an address, to call every address on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, reverse

from apps.access.access_changes import propose_access_change
from apps.access.actions import grant_access, request_access
from apps.access.grants import Agreement
from apps.access.models import AccessChange, AccessRequest
from apps.accounts.actions import create_organisation
from apps.accounts.models import User
from apps.accounts.tokens import create_token
from apps.consent.models import Consent, ConsentForm
from apps.datasets.actions import import_vocabulary, update_dataset
from apps.datasets.bar_lowerings import propose_lowering
from apps.datasets.models import Clip, Dataset, Lowering
from apps.detection.models import Finding, Scan
from apps.doors.api import urls
from apps.doors.signed_addresses import sign_object
from apps.ingest.uploads import start_upload
from apps.jobs.actions import start_job
from apps.publishing.actions import TargetSettings, save_target
from apps.releases.actions import create_release
from apps.releases.checklist_answers import attach_document
from apps.releases.models import Document, Release, Stop
from apps.releases.stops import place_stop
from apps.review.actions import decide_findings_alike, request_changes
from apps.review.models import Batch, SampleClip
from apps.review.sampling import draw_sample
from tests.cast import Cast
from tests.factories.drafts import make_published
from tests.factories.reviews import play
from tests.factories.sounds import sha256_of
from tests.stand_ins.hub.handle import HubHandle

CONTENT = b"some bytes"


@dataclass(frozen=True, slots=True)
class World:
    """`acme/tones` with 1.0.0 out on request and 1.1.0 a draft; Dan may take it, Eve has asked."""

    cast: Cast
    arguments: dict[str, Any]

    def address(self, name: str, **other: Any) -> str:
        """The address of a route, with the world's own things in its blanks."""
        blanks = blanks_of(name)
        values = {blank: self.arguments[blank] for blank in blanks if blank != "uid"}
        if "uid" in blanks:
            values["uid"] = self.arguments[f"{_thing(name)}_uid"]
        return reverse(f"api:{name}", kwargs={**values, **other})


def make_world(cast: Cast, base: Path, hub: HubHandle) -> World:
    release = make_published(cast, base)
    dataset = release.dataset
    create_release(
        actor=cast.ada, dataset=dataset, version="1.1.0", purposes=["research.noncommercial"]
    )
    grant_access(
        actor=cast.ada, dataset=dataset, holder=cast.dan, purposes=["research.noncommercial"]
    )
    lab = create_organisation(actor=cast.dan, name="lab", kind="company")
    agreement = grant_access(
        actor=cast.ada,
        dataset=dataset,
        holder=lab,
        agreement=Agreement("Licence 7", seats=2),
        purposes=["research.noncommercial"],
    )
    request: AccessRequest = request_access(
        actor=cast.eve, dataset=dataset, purposes=["research.noncommercial"]
    )
    vocabulary = import_vocabulary(
        actor=cast.ada, name="sounds", version="1", text="code,name,parents\na,Animal,\nb,Bird,a\n"
    )
    save_target(
        actor=cast.ada,
        organisation=cast.acme,
        name="hub",
        settings=TargetSettings(repository="acme/{dataset}", endpoint=hub.address, token=hub.token),
    )
    clip = Clip.objects.filter(dataset=dataset).order_by("path")[0]
    play(cast.cleo, clip)
    job = start_job(
        actor=cast.ada, kind_name="jobs.nothing", subject="acme/tones", organisation=cast.acme
    )
    upload = start_upload(actor=cast.ada, dataset=dataset)
    return World(
        cast,
        {
            "organisation": "acme",
            "name": "tones",
            "version": "1.0.0",
            "vocabulary": vocabulary.name,
            "edition": vocabulary.version,
            "clip_uid": clip.uid,
            "consent_uid": Consent.objects.get().uid,
            "form_uid": ConsentForm.objects.get().uid,
            "finding_uid": _finding(clip).uid,
            "batch_uid": _batch(cast, clip).uid,
            "change_uid": request_changes(actor=cast.cleo, clip=clip, text="Cut it.").uid,
            "hearing_uid": _drawn(cast, dataset).uid,
            "job_uid": job.uid,
            "stop_uid": _stop(cast, dataset).uid,
            "document_uid": _document(cast, dataset).uid,
            "request_uid": request.uid,
            "access_change_uid": _change(cast, dataset).uid,
            "lowering_uid": _lowering(cast, dataset).uid,
            "agreement_uid": agreement.uid,
            "upload": upload.uid,
            "sha256": sha256_of(CONTENT),
            "number": 1,
            "key": _signed(cast, release),
            "table": "clips",
            "target": "hub",
            "token_id": create_token(actor=cast.ada, name="spare").row.pk,
            "username": "rita",
            "role": "release_manager",
        },
    )


def _signed(cast: Cast, release: Release) -> str:
    assert release.clips_table is not None
    return sign_object(cast.dan, release, release.clips_table)


def _stop(cast: Cast, dataset: Dataset) -> Stop:
    """Of the release that is not out: what is called here stays open."""
    draft = Release.objects.get(dataset=dataset, version="1.1.0")
    return place_stop(actor=cast.cleo, dataset=dataset, reason="a voice", release=draft)


def _change(cast: Cast, dataset: Dataset) -> AccessChange:
    return propose_access_change(
        actor=cast.ada, dataset=dataset, changes={"auto_grant": True}, reason="A challenge begins."
    )


def _lowering(cast: Cast, dataset: Dataset) -> Lowering:
    update_dataset(actor=cast.ada, dataset=dataset, changes={"fewest_alike": 7})
    return propose_lowering(
        actor=cast.ada, dataset=dataset, changes={"fewest_alike": 6}, reason="A small village."
    )


def _document(cast: Cast, dataset: Dataset) -> Document:
    return attach_document(
        actor=cast.ada, dataset=dataset, kind="ethics", title="Vote 12", content=b"Approved."
    )


def _finding(clip: Clip, position: int = 7) -> Finding:
    scan = Scan.objects.filter(content_sha256=clip.blob.sha256).first()
    assert scan is not None
    return Finding.objects.create(
        clip=clip, scan=scan, position=position, content_sha256=clip.blob.sha256, kind="speech"
    )


def _batch(cast: Cast, clip: Clip) -> Batch:
    found = [_finding(clip, position=8)]
    decide_findings_alike(actor=cast.cleo, findings=found, verdict="clear", reason="a tone")
    return Batch.objects.get()


def _drawn(cast: Cast, dataset: Dataset) -> SampleClip:
    row = draw_sample(actor=cast.cleo, dataset=dataset).clips.all()[0]
    play(cast.cleo, row.clip)
    return row


def _thing(route: str) -> str:
    """Which thing a route's `uid` is of."""
    if route.startswith("access-request"):
        return "request"
    if route.startswith("lowering"):
        return "lowering"
    if route.startswith("access-change"):
        return "access_change"
    if route.startswith("decision"):
        return "finding"
    for thing in (
        "consent", "form", "finding", "job", "agreement", "stop", "document", "batch", "change",
        "hearing",
    ):  # fmt: skip
        if route.startswith(thing):
            return thing
    return "clip"


def routes() -> Iterator[tuple[str, type[Any]]]:
    """Every named route of the door with its view."""
    yield from _walk(urls.urlpatterns)


def _walk(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str, type[Any]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns)
        elif pattern.name is not None:
            yield pattern.name, pattern.callback.view_class  # type: ignore[attr-defined]  # Django's own mark


def blanks_of(name: str) -> set[str]:
    return _blanks(urls.urlpatterns, name, set()) or set()


def _blanks(
    patterns: list[URLPattern | URLResolver], name: str, above: set[str]
) -> set[str] | None:
    for pattern in patterns:
        here = above | set(pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            found = _blanks(pattern.url_patterns, name, here)
            if found is not None:
                return found
        elif pattern.name == name:
            return here
    return None


def person(cast: Cast, name: str) -> User | None:
    return None if name == "nobody" else getattr(cast, name)
