"""Whoever is heard is somebody under every name, and a no is never lost: tried at every door."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from apps.consent.actions import record_consents
from apps.consent.forms import bind_form, register_form
from apps.consent.models import Consent, ConsentAnswer
from apps.datasets.actions import remove_clips, update_dataset
from apps.datasets.bar_lowerings import confirm_lowering, propose_lowering
from apps.datasets.models import Dataset
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.review.actions import count_people, decide_finding
from datasets_catalog.privacy_profiles import PROFILES
from datasets_catalog.purposes import Answer, Purpose
from tests.cast import Cast
from tests.factories.drafts import (
    make_dataset,
    make_draft,
    write_table,
)
from tests.factories.jobs import work_off
from tests.factories.reviews import make_case_draft, play
from tests.journeys.door_asking import client_of
from tests.journeys.world import (
    API,
    GATED,
    allow,
    consent_of,
    deny,
    gates_in_the_way,
    pages_of,
    push_over_the_hub,
    run,
    send,
)

pytestmark = pytest.mark.django_db


# --- whoever is heard is somebody, under every name ---


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


def bring_over_the_hub(cast: Cast, dataset: Dataset, folder: Path) -> None:
    push_over_the_hub(cast.ada, {file.name: file.read_bytes() for file in folder.iterdir()})


ARRIVALS = [bring_by_command, bring_as_archive, bring_over_rest, bring_over_the_hub]


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


# --- a no is never lost ---


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


def record_over_the_hub(cast: Cast, table: Path) -> None:
    push_over_the_hub(cast.ada, {"consents.csv": table.read_bytes()})


RECORDS = [record_by_command, record_over_rest, record_on_the_page, record_over_the_hub]


@pytest.mark.parametrize("record", RECORDS)
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
    for record in RECORDS:
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
        decide_finding(actor=cast.cleo, finding=row, verdict="clear", reason="It is of that study.")
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
    for record in RECORDS:
        record(cast, write_table(tmp_path / "said.csv", [row]))
    assert not Consent.objects.filter(contributor__code="kim").exists()
