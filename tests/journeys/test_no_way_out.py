"""Ways by which data once left that somebody had not allowed, each tried at every door and role."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from apps.access.models import Entitlement
from apps.accounts.models import User
from apps.consent.actions import record_consents
from apps.consent.entries import ConsentEntry
from apps.consent.forms import bind_form, register_form
from apps.consent.models import Consent, ConsentAnswer
from apps.datasets.actions import remove_clips, update_dataset
from apps.datasets.lowering import confirm_lowering, propose_lowering
from apps.datasets.models import Dataset
from apps.privacy.actions import count_people, decide
from apps.privacy.models import Decision, Finding
from apps.privacy.scanning import scan_dataset
from apps.publishing.releasing import publish
from apps.releases.actions import submit
from apps.releases.errors import GatesFailedError
from apps.releases.models import Release
from datasets_catalog.privacy_profiles import PROFILES
from datasets_catalog.purposes import Answer, Purpose
from datasets_catalog.roles import Role
from tests.cast import Cast
from tests.factories.drafts import (
    approve,
    make_dataset,
    make_draft,
    make_release,
    write_table,
)
from tests.factories.jobs import work_off
from tests.factories.reviews import make_case_draft, play
from tests.journeys.door_asking import client_of, given_by_doors, md5_of

pytestmark = pytest.mark.django_db
OPEN = ("research.noncommercial", "publish.open", "share.raw_audio", "preview.public_clip")
GATED = ("research.noncommercial", "publish.gated", "share.raw_audio")
API = "/api/v1/datasets/acme/tones/"
PAGES = "/datasets/acme/tones/"
# A person with one role each, and one person who holds them all.
HANDS = [frozenset({role}) for role in Role] + [frozenset(Role)]


@pytest.fixture(params=HANDS, ids=lambda roles: next(iter(roles)) if len(roles) == 1 else "all")
def sam(cast: Cast, request: pytest.FixtureRequest) -> User:
    """Somebody of the consortium who works alone."""
    user = User.objects.create_user("sam", "sam@example.org", "pw")
    for role in request.param:
        user.memberships.create(organisation=cast.acme, role=role)
    return user


def consent_of(
    person: str, day: int, answers: Mapping[Purpose, Answer], *, form: str = "voices"
) -> ConsentEntry:
    """What a contributor says on a day of January 2026."""
    return ConsentEntry(
        contributor=person,
        form=form,
        form_version="2",
        given_at=datetime(2026, 1, day, tzinfo=UTC),
        answers={Purpose(purpose): answer for purpose, answer in answers.items()},
        evidence_sha256="ab" * 32,
    )


def allow(cast: Cast, purposes: Sequence[str], *, person: str = "ben", day: int = 20) -> None:
    entry = consent_of(person, day, dict.fromkeys(map(Purpose, purposes), Answer.ALLOWED))
    record_consents(actor=cast.ada, organisation=cast.acme, entries=[entry])


@pytest.fixture
def gated(cast: Cast, tmp_path: Path) -> Release:
    """Everybody in it allowed an open release, and it stands behind a gate."""
    dataset = make_draft(cast, tmp_path)
    allow(cast, OPEN)
    dataset.refresh_from_db()
    release = make_release(cast, dataset, purposes=OPEN)
    return publish(actor=cast.rita, release=approve(cast, release))


def sounds_for(user: User | None, release: Release) -> list[str]:
    """The doors at which the person got a sound of the release."""
    release = Release.objects.select_related("dataset__organisation").get(pk=release.pk)
    oids = list(release.holdings.values_list("blob__oid", flat=True))
    clips = set(release.dataset.clips.values_list("blob__oid", flat=True))
    client = client_of(user)
    return [
        door for door, content in given_by_doors(client, release, oids) if md5_of(content) in clips
    ]


def pages_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def send(client: Client, verb: str, address: str, body: dict[str, Any]) -> Any:
    """Send JSON and give the answer, which is never a failure of ours."""
    answer = getattr(client, verb)(address, body, content_type="application/json")
    assert answer.status_code < 500, (address, answer.content[:300])
    return answer


def run(*words: str, user: User) -> None:
    """Run a command as the person; it may refuse."""
    with suppress(CommandError, SystemExit):
        call_command(*words, "--as", user.username)


# --- A1: opening is a decision about a release, which one person does not take ---


def open_over_rest(user: User) -> None:
    send(client_of(user), "patch", API, {"access": "open"})


def open_by_proposing_and_agreeing(user: User) -> None:
    client = client_of(user)
    answer = send(client, "post", f"{API}access-changes/", {"access": "open", "reason": "I say so"})
    uid = answer.json().get("uid")
    send(client, "post", f"{API}access-changes/{uid}/confirm/", {})


def open_on_the_page(user: User) -> None:
    form = {"save": "1", "access": "open", "reason": "I say so"}
    pages_of(user).post(f"{PAGES}access/settings/", form)
    pages_of(user).post(f"{PAGES}settings/", {"access": "open", "title": "Tones"})


def open_over_the_hub(user: User) -> None:
    client = client_of(user)
    address = "/api/datasets/acme/tones/settings"
    send(client, "put", address, {"gated": False})
    send(client, "put", address, {"private": False, "gated": False, "visibility": "public"})


def open_by_command(user: User) -> None:
    words = ("access_change", "propose", "acme/tones", "--access", "open", "--reason", "I say so")
    run(*words, user=user)
    run("access_change", "confirm", "acme/tones", user=user)


def open_in_the_database(user: User) -> None:
    with suppress(DatabaseError), transaction.atomic():
        Dataset.objects.filter(name="tones").update(access="open")


OPENINGS = [
    open_over_rest,
    open_by_proposing_and_agreeing,
    open_on_the_page,
    open_over_the_hub,
    open_by_command,
    open_in_the_database,
]


def test_nobody_opens_alone_what_was_released(cast: Cast, gated: Release, sam: User) -> None:
    for attempt in OPENINGS:
        attempt(sam)
        access = Dataset.objects.get(name="tones").access
        assert access in {Dataset.Access.REQUEST, Dataset.Access.ORGANISATION}, attempt
    assert sounds_for(None, gated) == []
    assert sounds_for(cast.eve, gated) == []


@pytest.mark.parametrize(
    "purposes",
    [
        ("research.noncommercial",),
        ("research.noncommercial", "share.raw_audio"),
        ("research.noncommercial", "publish.open", "publish.gated"),
    ],
)
def test_a_release_that_was_not_made_for_readers_has_none(
    cast: Cast, tmp_path: Path, purposes: tuple[str, ...]
) -> None:
    """However open its dataset is from the beginning, and whatever was granted."""
    dataset = make_draft(cast, tmp_path)
    allow(cast, purposes)
    Dataset.objects.filter(pk=dataset.pk).update(access="open")
    release = make_release(cast, Dataset.objects.get(pk=dataset.pk), purposes=purposes)
    release = publish(actor=cast.rita, release=approve(cast, release))
    body = {"username": "dan", "purposes": ["research.noncommercial"]}
    send(client_of(cast.ada), "post", f"{API}entitlements/", body)
    for access in ("open", "terms", "request", "organisation"):
        Dataset.objects.filter(pk=dataset.pk).update(access=access)
        for reader in (None, cast.eve, cast.dan):
            assert sounds_for(reader, release) == [], access


# --- A9: what was granted fits what was allowed ---


def grant_over_rest(user: User, purposes: list[str]) -> None:
    send(client_of(user), "post", f"{API}entitlements/", {"username": "eve", "purposes": purposes})


def grant_on_the_page(user: User, purposes: list[str]) -> None:
    pages_of(user).post(f"{PAGES}access/", {"username": "eve", "purposes": purposes, "grant": "1"})


def grant_over_the_hub(user: User, purposes: list[str]) -> None:
    address = "/api/datasets/acme/tones/user-access-request/grant"
    send(client_of(user), "post", address, {"user": "eve", "purposes": purposes})


def grant_by_command(user: User, purposes: list[str]) -> None:
    words = [word for purpose in purposes for word in ("--purposes", purpose)]
    run("grant_access", "acme/tones", "eve", *words, user=user)


def grant_in_the_database(user: User, purposes: list[str]) -> None:
    dataset = Dataset.objects.get(name="tones")
    with suppress(DatabaseError), transaction.atomic():
        Entitlement.objects.create(
            dataset=dataset,
            user=User.objects.get(username="eve"),
            purposes=purposes,
            granted_by=user,
        )


GRANTS = [
    grant_over_rest,
    grant_on_the_page,
    grant_over_the_hub,
    grant_by_command,
    grant_in_the_database,
]


def test_nobody_grants_what_no_release_is_cleared_for(
    cast: Cast, gated: Release, sam: User
) -> None:
    for purpose in ("train.voice_synthesis", "research.commercial", "publish.open"):
        for attempt in GRANTS:
            attempt(sam, [purpose])
            attempt(sam, ["research.noncommercial", purpose])
    for row in Entitlement.objects.filter(user=cast.eve):
        assert set(row.purposes) == {"research.noncommercial"}


def test_a_grant_without_a_purpose_is_none(cast: Cast, gated: Release) -> None:
    for attempt in (grant_over_rest, grant_on_the_page, grant_by_command, grant_in_the_database):
        attempt(cast.ada, [])
    assert not Entitlement.objects.exists()
    assert sounds_for(cast.eve, gated) == []


# --- A2, A4, A5: whoever is heard is somebody, under every name ---


def gates_in_the_way(cast: Cast, dataset: Dataset, purposes: Sequence[str] = GATED) -> set[str]:
    """The gates that stop a release of the draft as it is; none: it may be reviewed."""
    serial = Release.objects.count()
    with transaction.atomic():
        row = Dataset.objects.get(pk=dataset.pk)
        release = make_release(cast, row, version=f"9.{serial}.0", purposes=purposes)
        try:
            submit(actor=cast.ada, release=release)
        except GatesFailedError as refusal:
            return {gate["code"] for gate in refusal.detail["gates"]}
        finally:
            transaction.set_rollback(True)
    return set()


@pytest.mark.parametrize("profile", PROFILES)
def test_a_voice_without_a_contributor_stops_every_profile(
    cast: Cast, tmp_path: Path, profile: str
) -> None:
    dataset = make_case_draft(cast, tmp_path)
    changes = {"privacy_profile": profile}
    if profile == "speech":
        asked = propose_lowering(actor=cast.ada, dataset=dataset, changes=changes, reason="speech")
        confirm_lowering(actor=cast.cleo, lowering=asked, reason="it is speech")
    else:
        update_dataset(actor=cast.ada, dataset=dataset, changes=changes)
    dataset.refresh_from_db()
    scan_dataset(actor=cast.ada, dataset=dataset)
    assert "consent.coverage" in gates_in_the_way(cast, dataset, ("train.voice_synthesis",))


def bring_by_command(cast: Cast, dataset: Dataset, folder: Path) -> None:
    words = ("import_clips", str(dataset), str(folder), "--metadata", str(folder / "clips.csv"))
    run(*words, user=cast.ada)


def bring_as_archive(cast: Cast, dataset: Dataset, folder: Path) -> None:
    archive = shutil.make_archive(str(folder), "tar", folder)
    words = ("import_clips", str(dataset), archive, "--metadata", str(folder / "clips.csv"))
    run(*words, user=cast.ada)


def bring_over_rest(cast: Cast, dataset: Dataset, folder: Path) -> None:
    client = client_of(cast.ada)
    [sound] = folder.glob("*.wav")
    content = sound.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    upload = send(client, "post", f"{API}uploads/", {}).json()["uid"]
    address = f"{API}uploads/{upload}/"
    files = [{"path": sound.name, "size": len(content), "sha256": sha256}]
    send(client, "post", f"{address}check/", {"files": files})
    kind = "application/octet-stream"
    assert client.put(f"{address}blobs/{sha256}/", content, content_type=kind).status_code < 300
    [row] = csv.DictReader((folder / "clips.csv").read_text().splitlines())
    listed = [code for code in row.pop("contributors").split(";") if code]
    rows = [{**row, "sha256": sha256, "contributors": listed}]
    answer = send(client, "post", f"{address}commit/", {"rows": rows})
    assert answer.status_code == 200, answer.content
    send(client, "post", f"{address}finish/", {})
    work_off()


ARRIVALS = [bring_by_command, bring_as_archive, bring_over_rest]


@pytest.mark.parametrize("people", ["", "zoe", "ben;zoe"])
@pytest.mark.parametrize("arrive", ARRIVALS)
def test_the_same_sound_under_another_name_keeps_its_people(
    cast: Cast, tmp_path: Path, people: str, arrive: Callable[[Cast, Dataset, Path], None]
) -> None:
    """Ben is in it and has said no since; the row that brings it back names others, or nobody."""
    dataset = make_draft(cast, tmp_path)
    allow(cast, GATED)
    assert gates_in_the_way(cast, dataset) == set()
    deny(cast, GATED)
    allow(cast, GATED, person="zoe")
    assert gates_in_the_way(cast, dataset) == {"consent.coverage"}
    paths = ["field/000.wav", "field/001.wav"]
    remove_clips(actor=cast.ada, dataset=dataset, paths=paths)
    assert gates_in_the_way(cast, dataset) == set()
    folder = tmp_path / "again"
    folder.mkdir()
    shutil.copy(tmp_path / "sounds" / paths[0], folder / "bird.wav")
    row = {"path": "bird.wav", "licence": "CC0-1.0", "contributors": people}
    write_table(folder / "clips.csv", [row])
    arrive(cast, dataset, folder)
    assert dataset.clips.filter(path="bird.wav", state="active").exists()
    scan_dataset(actor=cast.ada, dataset=Dataset.objects.get(pk=dataset.pk))
    assert gates_in_the_way(cast, dataset)


def test_somebody_unknown_stops_a_clip_in_which_another_consents(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_draft(cast, tmp_path)
    allow(cast, GATED)
    clip = dataset.clips.get(path="field/000.wav")
    count = partial(count_people, actor=cast.cleo, clip=clip, reason="a second voice behind ben")
    count(people_heard=2, somebody_unknown=True)
    assert gates_in_the_way(cast, dataset) == {"consent.coverage"}
    play(cast.cleo, clip)
    count(people_heard=2, somebody_unknown=False)
    assert gates_in_the_way(cast, dataset) == {"consent.coverage"}


# --- A6, A7, A8: a no is never lost ---


def deny(cast: Cast, purposes: Sequence[str], *, person: str = "ben", day: int = 25) -> None:
    entry = consent_of(person, day, dict.fromkeys(map(Purpose, purposes), Answer.DENIED))
    record_consents(actor=cast.ada, organisation=cast.acme, entries=[entry])


def record_by_command(cast: Cast, table: Path) -> None:
    run("import_consents", "acme", str(table), "--dataset", "tones", user=cast.ada)


def record_over_rest(cast: Cast, table: Path) -> None:
    address = "/api/v1/organisations/acme/consents/?datasets=tones"
    answer = client_of(cast.ada).post(address, table.read_bytes(), content_type="text/csv")
    assert answer.status_code < 500


def record_on_the_page(cast: Cast, table: Path) -> None:
    with table.open("rb") as file:
        body = {"table": file, "file": file, "datasets": "tones"}
        answer = pages_of(cast.ada).post("/organisations/acme/consents/import/", body)
    assert answer.status_code < 500


@pytest.mark.parametrize("record", [record_by_command, record_over_rest, record_on_the_page])
@pytest.mark.parametrize("no_first", [True, False], ids=["no-then-yes", "yes-then-no"])
@pytest.mark.parametrize("form", ["voices", "other"], ids=["one-form", "two-forms"])
def test_a_no_of_the_same_moment_holds(
    cast: Cast,
    tmp_path: Path,
    record: Callable[[Cast, Path], None],
    no_first: bool,  # noqa: FBT001 - a drawn value
    form: str,
) -> None:
    dataset = make_draft(cast, tmp_path)
    allow(cast, GATED)
    said = {"contributor": "ben", "form_version": "2", "given_at": "2026-02-01"}
    rows = [
        {**said, "form": "voices", **dict.fromkeys(GATED, "denied")},
        {**said, "form": form, **dict.fromkeys(GATED, "allowed")},
    ]
    for number, row in enumerate(rows if no_first else rows[::-1]):
        record(cast, write_table(tmp_path / f"said-{number}.csv", [row]))
    written = ConsentAnswer.objects.filter(answer="denied", purpose="publish.gated").exists()
    in_the_way = gates_in_the_way(cast, dataset)
    # The second of two contradictions under one form is refused with both shown: nothing is lost.
    assert in_the_way == {"consent.coverage"} if written else (form == "voices" and not no_first)


def test_a_misspelt_column_records_nothing_by_halves(cast: Cast, tmp_path: Path) -> None:
    make_draft(cast, tmp_path)
    before = Consent.objects.count()
    row = {
        "contributor": "kim",
        "form": "voices",
        "form_version": "2",
        "given_at": "2026-02-01",
        "valid_untill": "2026-03-01",
        "publish.open": "allowed",
    }
    for record in (record_by_command, record_over_rest, record_on_the_page):
        record(cast, write_table(tmp_path / "said.csv", [row]))
    assert Consent.objects.count() == before


def test_a_yes_of_one_study_does_not_reach_the_recordings_of_another(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_draft(cast, tmp_path)
    allow(cast, GATED)
    deny(cast, ["research.commercial"])
    other = make_dataset(cast, "other")
    entry = consent_of("ben", 27, {Purpose.RESEARCH_COMMERCIAL: Answer.ALLOWED}, form="study-b")
    record_consents(actor=cast.ada, organisation=cast.acme, entries=[entry], datasets=[other])
    commercial = ("research.commercial", *GATED[1:])
    assert gates_in_the_way(cast, dataset, commercial) == {"consent.coverage"}


COMMERCIAL = ("research.commercial", *GATED[1:])


def allow_in_another_study(cast: Cast, dataset: Dataset, recording: str = "") -> None:
    """Ben says no to commerce in the one study, and yes to all in another one, of the dataset."""
    deny(cast, ["research.commercial"])
    form = register_form(
        actor=cast.ada, organisation=cast.acme, name="study-b", version="2", datasets=()
    )
    bind_form(actor=cast.ada, form=form, dataset=dataset, recording=recording)
    said = dict.fromkeys(map(Purpose, COMMERCIAL), Answer.ALLOWED)
    entry = consent_of("ben", 27, said, form="study-b")
    record_consents(actor=cast.ada, organisation=cast.acme, entries=[entry])


def confirm_moves(cast: Cast, dataset: Dataset) -> int:
    """A reviewer stands by the places of the clips; returns how many there were."""
    rows = list(Finding.objects.filter(clip__dataset=dataset, kind="people_changed", decision=None))
    for row in rows:
        decide(actor=cast.cleo, finding=row, verdict="clear", reason="It is of that study.")
    return len(rows)


@pytest.mark.parametrize("path", ["field/000.wav", "again.wav"])
def test_a_sound_does_not_become_another_study_by_the_name_of_its_recording(
    cast: Cast, tmp_path: Path, path: str
) -> None:
    """Neither where it is, nor removed and brought back under another name."""
    dataset = make_draft(cast, tmp_path)
    allow_in_another_study(cast, dataset, "study-b-day-1")
    remove_clips(actor=cast.ada, dataset=dataset, paths=["field/001.wav"])
    assert gates_in_the_way(cast, dataset, COMMERCIAL) == {"consent.coverage"}
    if path == "again.wav":
        remove_clips(actor=cast.ada, dataset=dataset, paths=["field/000.wav"])
    folder = tmp_path / "again"
    (folder / path).parent.mkdir(parents=True)
    shutil.copy(tmp_path / "sounds/field/000.wav", folder / path)
    row = {"path": path, "licence": "CC0-1.0", "contributors": "ben", "recording": "study-b-day-1"}
    write_table(folder / "clips.csv", [row])
    bring_by_command(cast, dataset, folder)
    assert dataset.clips.filter(path=path, recording__name="study-b-day-1").exists()
    scan_dataset(actor=cast.ada, dataset=Dataset.objects.get(pk=dataset.pk))
    assert gates_in_the_way(cast, dataset, COMMERCIAL) == {"privacy.decided"}
    assert confirm_moves(cast, dataset) == 1
    assert gates_in_the_way(cast, dataset, COMMERCIAL) == set()


def test_a_sound_does_not_become_another_study_in_another_dataset(
    cast: Cast, tmp_path: Path
) -> None:
    make_draft(cast, tmp_path)
    other = make_dataset(cast, "other")
    allow_in_another_study(cast, other)
    folder = tmp_path / "again"
    folder.mkdir()
    shutil.copy(tmp_path / "sounds/field/000.wav", folder / "bird.wav")
    row = {"path": "bird.wav", "licence": "CC0-1.0", "contributors": "ben"}
    write_table(folder / "clips.csv", [row])
    bring_by_command(cast, other, folder)
    scan_dataset(actor=cast.ada, dataset=Dataset.objects.get(pk=other.pk))
    assert gates_in_the_way(cast, other, COMMERCIAL) == {"privacy.decided"}
    assert confirm_moves(cast, other) == 1
    assert gates_in_the_way(cast, other, COMMERCIAL) == set()


def test_nobody_is_their_own_guardian(cast: Cast, tmp_path: Path) -> None:
    make_draft(cast, tmp_path)
    row = {
        "contributor": "kim",
        "form": "voices",
        "form_version": "2",
        "given_at": "2026-02-01",
        "guardian": "kim",
        "publish.open": "allowed",
    }
    for record in (record_by_command, record_over_rest, record_on_the_page):
        record(cast, write_table(tmp_path / "said.csv", [row]))
    assert not Consent.objects.filter(contributor__code="kim").exists()


# --- A3: a bar is not lowered by one hand ---

HIGH = {"privacy_profile": "sensitive", "verified_share": 0.5, "evidence_required": True}
LOW = {"privacy_profile": "standard", "verified_share": 0.0, "evidence_required": False}


def lower_over_rest(user: User, name: str, value: object) -> None:
    client = client_of(user)
    send(client, "patch", API, {name: value})
    body = {"changes": {name: value}, "reason": "it hinders"}
    uid = send(client, "post", f"{API}lowerings/", body).json().get("uid")
    send(client, "post", f"{API}lowerings/{uid}/confirm/", {"reason": "it hinders"})


def lower_on_the_page(user: User, name: str, value: object) -> None:
    form = {"title": "Tones", "access": "request", "use": "collection", name: value}
    pages_of(user).post(f"{PAGES}settings/", {**LOW, **form, "reason": "it hinders"})


def lower_by_command(user: User, name: str, value: object) -> None:
    said = f"{name}={json.dumps(value)}"
    words = ("lower_bar", "propose", "acme/tones", "--set", said, "--reason", "it hinders")
    run(*words, user=user)
    run("lower_bar", "confirm", "acme/tones", "--reason", "it hinders", user=user)


def lower_in_the_database(user: User, name: str, value: object) -> None:
    with suppress(DatabaseError), transaction.atomic():
        Dataset.objects.filter(name="tones").update(**{name: value})


LOWERINGS = [lower_over_rest, lower_on_the_page, lower_by_command, lower_in_the_database]


def test_nobody_lowers_a_bar_alone(cast: Cast, tmp_path: Path, sam: User) -> None:
    dataset = make_draft(cast, tmp_path)
    update_dataset(actor=cast.ada, dataset=dataset, changes=HIGH)
    for attempt in LOWERINGS:
        for name, value in LOW.items():
            attempt(sam, name, value)
            row = Dataset.objects.get(pk=dataset.pk)
            assert {bar: getattr(row, bar) for bar in HIGH} == HIGH, attempt


def test_what_was_found_under_a_stricter_profile_stays_found(cast: Cast, tmp_path: Path) -> None:
    dataset = make_case_draft(cast, tmp_path)
    update_dataset(actor=cast.ada, dataset=dataset, changes={"privacy_profile": "sensitive"})
    scan_dataset(actor=cast.ada, dataset=Dataset.objects.get(pk=dataset.pk))
    for profile in ("standard", "speech"):
        changes = {"privacy_profile": profile}
        asked = propose_lowering(actor=cast.ada, dataset=dataset, changes=changes, reason="quiet")
        confirm_lowering(actor=cast.cleo, lowering=asked, reason="I heard them all")
        row = Dataset.objects.get(pk=dataset.pk)
        scan_dataset(actor=cast.ada, dataset=row)
        assert "privacy.decided" in gates_in_the_way(cast, row), profile


def clear_over_rest(user: User, finding: Finding) -> None:
    body = {"verdict": "clear", "reason": "only a bird"}
    send(client_of(user), "post", f"/api/v1/findings/{finding.uid}/decision/", body)


def clear_by_command(user: User, finding: Finding) -> None:
    run("decide", str(finding.uid), "clear", "--reason", "only a bird", user=user)


def clear_on_the_page(user: User, finding: Finding) -> None:
    form = {"verdict": "clear", "reason": "only a bird", "finding": str(finding.uid)}
    pages_of(user).post(f"/review/clips/{finding.clip.uid}/", form)


def clear_as_a_batch_over_rest(user: User, finding: Finding) -> None:
    count = Finding.objects.filter(kind=finding.kind, decision=None).count()
    body = {"kind": finding.kind, "count": count, "verdict": "clear", "reason": "only birds"}
    name = finding.clip.dataset.full_name
    send(client_of(user), "post", f"/api/v1/datasets/{name}/decisions/", body)


def clear_as_a_batch_on_the_page(user: User, finding: Finding) -> None:
    alike = Finding.objects.filter(kind=finding.kind, decision=None).order_by("-pk")
    form = {
        "verdict": "clear",
        "reason": "only birds",
        "phrase": str(alike.count()),
        "newest": str(alike[0].pk),
    }
    query = f"dataset={finding.clip.dataset}&kind={finding.kind}"
    pages_of(user).post(f"/review/alike/?{query}", form)


def clear_as_a_batch_by_command(user: User, finding: Finding) -> None:
    words = ("decide", str(finding.clip.dataset), "clear", "--batch", finding.kind)
    run(*words, "--reason", "only birds", user=user)


CLEARANCES = [
    clear_over_rest,
    clear_by_command,
    clear_on_the_page,
    clear_as_a_batch_over_rest,
    clear_as_a_batch_on_the_page,
    clear_as_a_batch_by_command,
]


@pytest.mark.parametrize("clear", CLEARANCES)
def test_a_voice_is_cleared_only_after_it_was_played(
    cast: Cast, tmp_path: Path, clear: Callable[[User, Finding], None]
) -> None:
    dataset = make_case_draft(cast, tmp_path)
    finding = Finding.objects.filter(clip__dataset=dataset, kind="speech").first()
    assert finding is not None
    clear(cast.cleo, finding)
    assert not Decision.objects.filter(finding__kind="speech").exists()
    play(cast.cleo, *dataset.clips.all())
    clear(cast.cleo, finding)
    assert Decision.objects.filter(finding=finding).exists()


# --- A10: after the answer changes ---


def test_a_no_after_publication_closes_the_release_to_readers(cast: Cast, gated: Release) -> None:
    send(
        client_of(cast.ada),
        "post",
        f"{API}entitlements/",
        {"username": "dan", "purposes": ["research.noncommercial"]},
    )
    assert set(sounds_for(cast.dan, gated)) >= {"dvc", "archive", "rest"}
    deny(cast, ["research.noncommercial"])
    assert sounds_for(cast.dan, gated) == []
    grant_over_rest(cast.ada, ["research.noncommercial"])
    assert not Entitlement.objects.filter(user=cast.eve).exists()
    for person in (cast.ada, cast.cleo):
        assert person.notices.filter(dataset=gated.dataset, text__contains="1.0.0").exists()
    page = pages_of(cast.eve).get(f"{PAGES}releases/1.0.0/").content.decode()
    assert "no longer" in page
    assert "ben" not in page


def test_a_consent_that_ends_closes_the_release_on_that_day(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    end = timezone.now() + timedelta(days=3)
    entry = consent_of("ben", 20, dict.fromkeys(map(Purpose, OPEN), Answer.ALLOWED))
    entry = replace(entry, valid_until=end)
    record_consents(actor=cast.ada, organisation=cast.acme, entries=[entry])
    update_dataset(actor=cast.ada, dataset=dataset, changes={"access": "open"})
    release = make_release(cast, Dataset.objects.get(pk=dataset.pk), purposes=OPEN)
    release = publish(actor=cast.rita, release=approve(cast, release))
    with time_machine.travel(end - timedelta(minutes=1), tick=False):
        assert set(sounds_for(None, release)) >= {"dvc", "archive", "rest"}
    with time_machine.travel(end, tick=False):
        assert sounds_for(None, release) == []
