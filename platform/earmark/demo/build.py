"""Builds the demo by the same actions that everybody uses; interrupted, it goes on."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from apps.access.actions import grant_access
from apps.access.models import Entitlement
from apps.accounts.actions import add_member, create_organisation
from apps.accounts.models import Organisation, Token, User
from apps.accounts.tokens import create_token
from apps.datasets.actions import create_dataset, remove_clips
from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips, import_consents
from apps.ingest.intake import ignore_progress
from apps.ingest.label_imports import import_labels
from apps.packaging.content_loading import load_content
from apps.packaging.kept_snapshots import build_snapshot
from apps.publishing.dry_runs import write_snapshot
from apps.publishing.release_publication import publish_release_here
from apps.releases.actions import (
    create_release,
    freeze_release,
    settle_release,
    sign_off_release,
    submit_release,
)
from apps.releases.models import Release, SignOff
from apps.releases.version_proposals import propose_version
from apps.review.access import filter_open_findings, list_dataset_findings
from apps.review.actions import decide_finding
from apps.review.models import Decision
from datasets_catalog.finding_kinds import FindingKind
from datasets_catalog.release_states import ReleaseState
from datasets_catalog.roles import Role
from earmark.demo.material import (
    CONSENT,
    VOICES,
    Material,
    gather_material,
    list_sound_paths,
    write_csv,
)

ORGANISATION = "soundyard"
GATED = "everyday-sounds"
OPEN = "synthetic-scenes"
PURPOSES = (
    "research.noncommercial",
    "train.discriminative",
    "publish.gated",
    "share.raw_audio",
)
OPEN_PURPOSES = ("research.noncommercial", "publish.open", "share.raw_audio")
ROLES = {
    "ada": (Role.OWNER, Role.STEWARD),
    "cleo": (Role.PRIVACY_REVIEWER, Role.RIGHTS_REVIEWER),
    "rita": (Role.RELEASE_MANAGER,),
    "dan": (),
    "eve": (),
}
# Who holds which of the tokens in var/demo.json, and what they are for.
TOKENS = {
    "steward": ("ada", Token.Scope.ADMIN),
    "reviewer": ("cleo", Token.Scope.ADMIN),
    "manager": ("rita", Token.Scope.ADMIN),
    "researcher": ("dan", Token.Scope.READ),
    "outsider": ("eve", Token.Scope.READ),
}
Say = Callable[[str], None]


@dataclass(slots=True)
class DemoSummary:
    """What `var/demo.json` says."""

    users: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)
    open_root: str = ""
    snapshot: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "base_url": settings.BASE_URL,
            "dataset": f"{ORGANISATION}/{GATED}",
            "versions": sorted(self.roots),
            "roots": self.roots,
            "open_dataset": f"{ORGANISATION}/{OPEN}",
            "open_versions": ["1.0.0"],
            "open_roots": {"1.0.0": self.open_root},
            "tokens": self.tokens,
            "users": self.users,
            "snapshot": self.snapshot,
            "notes": self.notes,
        }


def build_demo(say: Say) -> DemoSummary:
    """Everything the demo shows; what is there already is left as it is."""
    built = DemoSummary()
    people = _create_people(built)
    ada = people["ada"]
    organisation = Organisation.objects.filter(name=ORGANISATION).first()
    if organisation is None:
        organisation = create_organisation(actor=ada, name=ORGANISATION, title="Sound Yard (demo)")
    for name, roles in ROLES.items():
        for role in roles:
            add_member(actor=ada, organisation=organisation, username=name, role=role)
    work = Path(settings.STATE) / "demo"
    say("Gathering recordings …")
    material = gather_material(work)
    built.notes.extend(material.notes)
    _build_gated_dataset(people, organisation, material, built, say)
    _build_open_dataset(people, organisation, material, built, say)
    _create_tokens(people, built)
    return built


def _create_people(built: DemoSummary) -> dict[str, User]:
    people = {}
    for name in ROLES:
        user, _ = User.objects.get_or_create(username=name)
        built.users[name] = secrets.token_urlsafe(9)
        user.set_password(built.users[name])
        user.save()
        people[name] = user
    return people


def _create_tokens(people: dict[str, User], built: DemoSummary) -> None:
    for title, (name, scope) in TOKENS.items():
        made = create_token(actor=people[name], name=f"demo {title}", scope=scope)
        built.tokens[title] = made.text


def _ensure_dataset(
    people: dict[str, User], organisation: Organisation, name: str, **about: str
) -> Dataset:
    row = Dataset.objects.filter(organisation=organisation, name=name).first()
    return row or create_dataset(
        actor=people["ada"], organisation=organisation, name=name, vertical="sfx", **about
    )


def _build_gated_dataset(
    people: dict[str, User],
    organisation: Organisation,
    material: Material,
    built: DemoSummary,
    say: Say,
) -> None:
    ada = people["ada"]
    dataset = _ensure_dataset(
        people,
        organisation,
        GATED,
        title="Everyday sounds",
        description=(
            "A demonstration: real recordings under free licences from packages of Debian, and"
            " synthetic scenes with exact labels. The only consent in it is for synthetic sound"
            " and stands for one; no consent of a real person was invented."
        ),
        access=Dataset.Access.REQUEST,
    )
    if _is_missing(dataset, "1.0.0"):
        say("Importing clips, consents and labels …")
        import_consents(
            actor=ada,
            organisation=organisation,
            table=write_csv(material.folder / "consents.csv", [CONSENT]),
            datasets=[dataset],
        )
        _import_clips(ada, dataset, material, material.rows)
        _import_labels(ada, dataset, material.folder / "events.csv", material.events)
        _review_findings(people["cleo"], ada, dataset, say)
    built.roots["1.0.0"] = _publish_version(people, dataset, "1.0.0", PURPOSES, say)
    if not _list_later_releases(dataset).filter(state=ReleaseState.PUBLISHED).exists():
        say("Changing some clips …")
        if material.later:
            _import_clips(ada, dataset, material, material.later)
        _import_labels(ada, dataset, material.folder / "moved.csv", material.moved, replace=True)
        gone = "synthetic/soundscape-012.flac"
        if Clip.objects.filter(dataset=dataset, path=gone, state=Clip.State.ACTIVE).exists():
            remove_clips(actor=ada, dataset=dataset, paths=[gone])
        _review_findings(people["cleo"], ada, dataset, say)
    second = _choose_second_version(ada, dataset)
    built.roots[second] = _publish_version(people, dataset, second, PURPOSES, say)
    if not Entitlement.objects.valid().filter(dataset=dataset, user=people["dan"]).exists():
        grant_access(
            actor=ada,
            dataset=dataset,
            holder=people["dan"],
            purposes=["research.noncommercial", "train.discriminative"],
        )
    built.snapshot = _write_snapshot(dataset)


def _build_open_dataset(
    people: dict[str, User],
    organisation: Organisation,
    material: Material,
    built: DemoSummary,
    say: Say,
) -> None:
    dataset = _ensure_dataset(
        people,
        organisation,
        OPEN,
        title="Synthetic scenes",
        description="A demonstration: synthetic scenes with exact labels, open to everyone.",
        access=Dataset.Access.OPEN,
    )
    if _is_missing(dataset, "1.0.0"):
        rows = [row for row in material.rows if row.get("synthetic") and not row["contributors"]]
        _import_clips(people["ada"], dataset, material, rows)
        paths = set(list_sound_paths(rows))
        events = [row for row in material.events if row["path"] in paths]
        _import_labels(people["ada"], dataset, material.folder / "open.csv", events)
        _review_findings(people["cleo"], people["ada"], dataset, say)
    built.open_root = _publish_version(people, dataset, "1.0.0", OPEN_PURPOSES, say)


def _list_later_releases(dataset: Dataset) -> QuerySet[Release]:
    return Release.objects.filter(dataset=dataset).exclude(version="1.0.0").order_by("order")


def _choose_second_version(steward: User, dataset: Dataset) -> str:
    """The number that the changes ask for; the one that was begun where the demo is resumed."""
    begun = _list_later_releases(dataset).first()
    return begun.version if begun else propose_version(actor=steward, dataset=dataset).version


def _is_missing(dataset: Dataset, version: str) -> bool:
    return not Release.objects.filter(
        dataset=dataset, version=version, state=ReleaseState.PUBLISHED
    ).exists()


def _import_clips(
    actor: User, dataset: Dataset, material: Material, rows: Sequence[dict[str, object]]
) -> None:
    table = write_csv(material.folder / "clips.csv", rows)
    report = import_clips(actor=actor, dataset=dataset, source=material.sounds, metadata=table)
    assert report.is_clean, report.sentences()


def _import_labels(
    actor: User,
    dataset: Dataset,
    path: Path,
    rows: Sequence[dict[str, object]],
    *,
    replace: bool = False,
) -> None:
    report = import_labels(
        actor=actor,
        dataset=dataset,
        source=write_csv(path, rows),
        format_name="native",
        replace=replace,
    )
    assert report.is_clean, report.sentences()


def _review_findings(reviewer: User, steward: User, dataset: Dataset, say: Say) -> None:
    """Decide on everything the detectors saw, by rules that invent no judgement of the ear."""
    while True:
        say("Scanning for voices, tags and personal data …")
        scan_dataset(actor=steward, dataset=dataset)
        finding = filter_open_findings(list_dataset_findings(dataset)).first()
        if finding is None:
            return
        verdict, reason = _choose_verdict(dataset, finding)
        decide_finding(actor=reviewer, finding=finding, verdict=verdict, reason=reason)


def _choose_verdict(dataset: Dataset, finding: Finding) -> tuple[str, str]:
    if finding.kind == FindingKind.METADATA:
        return (
            Decision.Verdict.REDACT,
            "Tags inside the file are taken out; credits stay in the table.",
        )
    redacted = Clip.objects.filter(dataset=dataset, path__startswith="asterisk", state="active")
    voice = finding.clip.path.startswith(VOICES.split("-en-")[0])
    if (
        finding.kind == FindingKind.SPEECH
        and voice
        and redacted.order_by("path").first() == finding.clip
    ):
        return Decision.Verdict.REDACT, "A real voice without consent: muted, as an example."
    return Decision.Verdict.EXCLUDE, "Sounds like a person, and nobody has consented."


def _publish_version(
    people: dict[str, User], dataset: Dataset, version: str, purposes: Sequence[str], say: Say
) -> str:
    """Take the version to published, each step by the person whose step it is."""
    row = Release.objects.filter(dataset=dataset, version=version).first()
    row = row or create_release(
        actor=people["ada"], dataset=dataset, version=version, purposes=purposes
    )
    row = settle_release(row)
    if row.state == ReleaseState.DRAFT:
        say(f"Freezing {dataset} {version} …")
        row = freeze_release(actor=people["ada"], release=row)
    if row.state == ReleaseState.FROZEN:
        row = submit_release(actor=people["ada"], release=row)
    for part in SignOff.Part.values:
        if row.state == ReleaseState.IN_REVIEW:
            row = sign_off_release(actor=people["cleo"], release=row, part=part)
    if row.state == ReleaseState.APPROVED:
        row = publish_release_here(actor=people["rita"], release=row)
        say(f"Published {dataset} {version}: root {row.root}")
    # The worker would do it soon; here it is there before the first reader.
    build_snapshot(row, ignore_progress)
    return row.root


def _write_snapshot(dataset: Dataset) -> dict[str, int]:
    """The Hub snapshot of the newest release, written to disk and sent nowhere."""
    release = Release.objects.filter(dataset=dataset).order_by("-order").first()
    assert release is not None
    written = write_snapshot(
        load_content(release),
        Path(settings.STATE) / "snapshots" / dataset.full_name / release.version,
        repository_url=f"https://huggingface.co/datasets/{dataset.full_name}",
        gated=True,
    )
    return dict(written.files)


def write_summary(built: DemoSummary) -> Path:
    """`var/demo.json`, readable by its owner alone: it holds passwords and tokens."""
    path = Path(settings.STATE) / "demo.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(built.as_json(), indent=2) + "\n", encoding="utf-8")
    return path
