"""What people do on the pages, from the first dataset to a published release."""

import json
from collections.abc import Mapping
from pathlib import Path
from re import findall
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import Membership, Token
from apps.consent.models import Consent, FormReach
from apps.datasets.models import Clip, Dataset, Lowering
from apps.detection.detectors.registry import list_detectors
from apps.doors.web.page_forms import DatasetSettingsForm
from apps.jobs.models import Job
from apps.publishing.models import Target
from apps.releases.models import Release
from datasets_catalog.privacy_profiles import PROFILES
from datasets_catalog.release_states import ReleaseState
from datasets_catalog.verticals import Vertical
from tests.cast import Cast
from tests.doors.web.conftest import As, House
from tests.factories.drafts import make_dataset, make_draft, write_folder
from tests.factories.jobs import work_off

pytestmark = pytest.mark.django_db
BASE = "/datasets/acme/tones/"


def text_of(client: Client, page: str) -> str:
    return client.get(page, follow=True).content.decode()


def said(client: Client, page: str, form: Mapping[str, object] | None = None) -> str:
    """The page that follows a form, with the notice it shows."""
    return client.post(page, form or {}, follow=True).content.decode()


def test_a_steward_creates_a_dataset(cast: Cast, as_user: As) -> None:
    client = as_user(cast.ada)
    form = {"organisation": "acme", "name": "dawn", "vertical": "wildlife", "title": "Dawn"}
    assert client.post("/new/dataset/", form)["Location"] == "/datasets/acme/dawn/"
    again = client.post("/new/dataset/", form)
    assert again.status_code == 422
    assert "There is a dataset acme/dawn already" in again.content.decode()


def test_a_wrong_name_is_named_beside_its_field_and_in_the_summary(cast: Cast, as_user: As) -> None:
    answer = as_user(cast.ada).post("/new/dataset/", {"name": "Dawn Chorus", "vertical": "space"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_name"' in page
    assert 'aria-invalid="true"' in page
    assert "Use 1 to 96 lower-case letters" in page
    assert not Dataset.objects.exists()


def archive(folder: Path) -> SimpleUploadedFile:
    target = folder.with_suffix(".zip")
    with ZipFile(target, "w") as packed:
        for path in sorted(folder.rglob("*.wav")):
            packed.write(path, path.relative_to(folder).as_posix())
    return SimpleUploadedFile("clips.zip", target.read_bytes())


def test_an_archive_is_tried_and_then_imported_without_sending_it_again(
    cast: Cast, tmp_path: Path, as_user: As
) -> None:
    dataset = make_dataset(cast)
    folder = write_folder(tmp_path)
    client = as_user(cast.ada)
    form = {
        "archive": archive(folder.sounds),
        "metadata": SimpleUploadedFile("clips.csv", folder.clips.read_bytes()),
        "dry_run": "on",
    }
    assert client.get(f"{BASE}imports/").status_code == 200
    page = client.post(f"{BASE}imports/", form)["Location"]
    work_off()
    assert "What would happen" in text_of(client, page)
    assert not Clip.objects.exists()
    job = Job.objects.get()
    client.post(f"/jobs/{job.uid}/again/")
    work_off()
    assert dataset.clips.count() == 4
    assert "What happened" in text_of(client, f"/jobs/{Job.objects.order_by('pk')[1].uid}/")


def test_wrong_rows_are_named_with_row_column_value_and_what_was_expected(
    cast: Cast, tmp_path: Path, as_user: As
) -> None:
    make_dataset(cast)
    folder = write_folder(tmp_path)
    table = folder.clips.read_text().replace("CC-BY-4.0", "CC-BY-5.0", 1)
    client = as_user(cast.ada)
    form = {
        "archive": archive(folder.sounds),
        "metadata": SimpleUploadedFile("clips.csv", table.encode()),
    }
    page = client.post(f"{BASE}imports/", form)["Location"]
    work_off()
    shown = text_of(client, page)
    for words in ("licence", "CC-BY-5.0", "SPDX", "Some rows or files were refused"):
        assert words in shown
    assert Clip.objects.count() == 3


def test_the_files_of_an_import_cannot_be_pointed_elsewhere(
    cast: Cast, tmp_path: Path, as_user: As
) -> None:
    dataset = make_dataset(cast)
    job = Job.objects.create(
        kind="ingest.import_clips",
        subject=dataset.full_name,
        arguments={"dataset": dataset.pk, "source": "/etc", "dry_run": True},
        created_by=cast.ada,
        organisation=cast.acme,
    )
    assert as_user(cast.ada).post(f"/jobs/{job.uid}/again/").status_code == 409


def test_consents_are_imported_with_their_report(cast: Cast, tmp_path: Path, as_user: As) -> None:
    folder = write_folder(tmp_path)
    client = as_user(cast.ada)
    page = "/organisations/acme/consents/import/"
    make_dataset(cast)
    make_dataset(cast, "streets")
    unbound = client.post(
        page, {"table": SimpleUploadedFile("c.csv", folder.consents.read_bytes())}
    )
    assert "what a new form asks about" in unbound.content.decode()
    assert not Consent.objects.exists()
    table = folder.consents.read_bytes()
    tried = client.post(
        page, {"table": SimpleUploadedFile("c.csv", table), "dry_run": "on", "datasets": ["tones"]}
    )
    assert "A dry run" in tried.content.decode()
    assert not Consent.objects.exists()
    client.post(page, {"table": SimpleUploadedFile("c.csv", table), "datasets": ["tones"]})
    assert Consent.objects.count() == 1
    assert [str(each) for each in FormReach.objects.all()] == ["acme/tones"]
    torn = client.post(page, {"table": SimpleUploadedFile("c.csv", b"\x00\x01")})
    assert torn.status_code in {200, 422}


def test_labels_are_imported_by_a_job(cast: Cast, tmp_path: Path, as_user: As) -> None:
    dataset = make_draft(cast, tmp_path)
    client = as_user(cast.ada)
    table = b"path,onset,offset,label\nfield/000.wav,0.3,0.4,click\nnowhere.wav,0,1,x\n"
    form = {"table": SimpleUploadedFile("events.csv", table), "format": "native"}
    page = client.post(f"{BASE}labels/import/", form)["Location"]
    work_off()
    assert dataset.clips.get(path="field/000.wav").events.filter(label="click").exists()
    assert "nowhere.wav" in text_of(client, page)


def test_a_release_walks_its_way_on_the_pages(cast: Cast, tmp_path: Path, as_user: As) -> None:
    make_draft(cast, tmp_path)
    ada, cleo, rita = as_user(cast.ada), as_user(cast.cleo), as_user(cast.rita)
    form = {"version": "1.0.0", "purposes": ["research.noncommercial", "publish.gated"]}
    page = ada.post(f"{BASE}releases/new/", form)["Location"]
    assert page == f"{BASE}releases/1.0.0/"
    assert "being frozen" in said(ada, f"{page}freeze/")
    work_off()
    assert state() == ReleaseState.FROZEN
    assert "Every gate was asked" in said(ada, f"{page}check/")
    assert "gates are being asked" in said(ada, f"{page}submit/")
    work_off()
    assert ada.post(f"{page}sign/", {"part": "privacy"}).status_code == 403
    for part in ("privacy", "rights"):
        assert "Signed for this root" in said(cleo, f"{page}sign/", {"part": part, "note": "ok"})
    assert state() == ReleaseState.APPROVED
    assert "type 1.0.0 to confirm" in said(rita, f"{page}publish/", {"phrase": "1.0"})
    assert state() == ReleaseState.APPROVED
    assert cleo.post(f"{page}publish/", {"phrase": "1.0.0"}).status_code == 403
    assert "being published" in said(rita, f"{page}publish/", {"phrase": "1.0.0"})
    work_off()
    assert state() == ReleaseState.PUBLISHED
    assert "dvc get" in text_of(as_user(cast.olga), page)


def state() -> str:
    return Release.objects.get().state


def test_a_failing_gate_names_its_rows_and_how_to_mend_them(
    cast: Cast, tmp_path: Path, as_user: As
) -> None:
    make_draft(cast, tmp_path)
    ada = as_user(cast.ada)
    form = {"version": "1.0.0", "purposes": ["train.generative"]}
    page = ada.post(f"{BASE}releases/new/", form)["Location"]
    said(ada, f"{page}freeze/")
    work_off()
    said(ada, f"{page}submit/")
    work_off()
    refused = text_of(ada, page)
    for words in (
        "Asking the gates of a release failed.",
        "consent.coverage",
        "field/000.wav",
        "How to mend it",
    ):
        assert words in refused


def test_a_clip_plays_in_ranges_and_has_an_outline(cast: Cast, house: House, as_user: As) -> None:
    page = f"{BASE}clips/{house.clip.uid}/"
    client = as_user(cast.cleo)
    answer = client.get(f"{page}audio", headers={"Range": "bytes=4-7"})
    assert answer.status_code == 206
    assert answer["Content-Type"] == house.clip.media_type
    assert len(answer.getvalue()) == 4
    outline = json.loads(client.get(f"{page}peaks.json").content)
    assert max(outline) == 1.0
    assert 0 < len(outline) <= 4000


def test_a_token_is_shown_once_and_ends_when_revoked(cast: Cast, as_user: As) -> None:
    client = as_user(cast.eve)
    form = {"name": "laptop", "scope": "read", "days": "30"}
    made = client.post("/tokens/", form).content.decode()
    row = Token.objects.get()
    assert f"<code>{row.prefix}" in made
    assert row.expires_at is not None
    assert f"<code>{row.prefix}" not in text_of(client, "/tokens/")
    client.post(f"/tokens/{row.pk}/revoke/")
    assert as_user(cast.ada).post(f"/tokens/{row.pk}/revoke/").status_code == 404
    assert not Token.objects.usable().exists()


def test_the_last_owner_stays(cast: Cast, as_user: As) -> None:
    page = "/organisations/acme/members/"
    client = as_user(cast.ada)
    refused = said(client, f"{page}drop/", {"username": "ada", "role": "owner"})
    assert "make somebody else an owner first" in refused
    client.post(page, {"username": "dan", "role": "annotator"})
    assert cast.dan.memberships.count() == 1
    unknown = client.post(page, {"username": "nobody", "role": "annotator"})
    assert unknown.status_code == 422
    assert as_user(cast.cleo).post(page, {"username": "eve", "role": "owner"}).status_code == 403


def test_access_is_asked_for_and_granted_on_the_page(cast: Cast, house: House, as_user: As) -> None:
    eve, ada = as_user(cast.eve), as_user(cast.ada)
    page = f"{BASE}access/"
    assert "Ask for access" in text_of(eve, page)
    eve.post(page, {"purposes": ["research.noncommercial"], "message": "A study of tones."})
    assert "has not been answered" in text_of(eve, page)
    asked = cast.eve.access_requests.get()
    assert eve.post(f"/access/{asked.uid}/answer/", {"yes": "1"}).status_code == 403
    assert "Say why" in said(ada, f"/access/{asked.uid}/answer/", {"no": "1"})
    given = {"yes": "1", f"{asked.uid}-purposes": asked.purposes}
    said(ada, f"/access/{asked.uid}/answer/", given)
    assert "dvc get" in text_of(eve, page)


def test_a_target_keeps_its_token_to_itself(cast: Cast, as_user: As) -> None:
    client = as_user(cast.ada)
    page = "/organisations/acme/targets/"
    form = {
        "name": "hub",
        "endpoint": "http://example.org",
        "repository": "acme/{dataset}",
        "gate": "manual",
        "token": "hf_secret",
    }
    assert "travel in the clear" in client.post(page, form).content.decode()
    client.post(page, form | {"endpoint": "https://example.org"})
    assert Target.objects.get().name == "hub"
    assert "hf_secret" not in text_of(client, page) + text_of(client, f"{page}hub/")
    changed = form | {"endpoint": "https://example.net", "token": "", "name": "other"}
    client.post(f"{page}hub/", changed)
    assert [(row.name, row.endpoint) for row in Target.objects.all()] == [
        ("hub", "https://example.net")
    ]


def test_a_clip_is_removed_from_the_draft_and_kept_by_the_release(
    cast: Cast, house: House, as_user: As
) -> None:
    page = f"{BASE}clips/{house.clip.uid}/"
    assert as_user(cast.cleo).post(f"{page}remove/").status_code == 403
    assert "releases that hold it keep it" in said(as_user(cast.ada), f"{page}remove/")
    house.clip.refresh_from_db()
    assert house.clip.state == Clip.State.REMOVED
    assert house.release.holdings.filter(blob=house.clip.blob).exists()


def test_clips_in_the_way_of_a_licence_are_named_and_removed(
    cast: Cast, tmp_path: Path, as_user: As
) -> None:
    dataset = make_draft(cast, tmp_path)
    client = as_user(cast.ada)
    page = client.get(f"{BASE}rights/?wanted=CC0-1.0").content.decode()
    assert "field/001.wav" in page
    assert "field/000.wav" not in page
    form = {"use": "collection", "wanted": "CC0-1.0", "phrase": "1"}
    assert "Nothing was removed" in said(client, f"{BASE}rights/drop/", form)
    assert as_user(cast.cleo).post(f"{BASE}rights/drop/", form | {"phrase": "2"}).status_code == 403
    assert "2 clips are out" in said(client, f"{BASE}rights/drop/", form | {"phrase": "2"})
    assert set(dataset.clips.filter(state="active").values_list("licence", flat=True)) == {
        "CC0-1.0"
    }
    unknown = client.get(f"{BASE}rights/?wanted=CC-BY-9.0")
    assert unknown.status_code == 400
    assert "is not known" in unknown.content.decode()


def test_the_clips_that_consent_does_not_cover_are_named(
    cast: Cast, tmp_path: Path, as_user: As
) -> None:
    make_draft(cast, tmp_path)
    page = f"{BASE}consent/?purpose=train.generative"
    inside = text_of(as_user(cast.ada), page)
    assert "field/000.wav" in inside
    assert "denied" in inside
    Membership.objects.create(user=cast.dan, organisation=cast.acme, role="annotator")
    assert "field/000.wav" not in text_of(as_user(cast.dan), page)


def test_what_the_gates_said_of_a_published_release_stays(
    cast: Cast, house: House, as_user: As
) -> None:
    before = list(house.release.gate_results.values_list("pk", flat=True))
    page = f"{BASE}releases/1.0.0/check/"
    assert "not out yet" in said(as_user(cast.ada), page)
    assert as_user(cast.cleo).post(page).status_code == 403
    assert list(house.release.gate_results.values_list("pk", flat=True)) == before


def test_settings_are_changed_by_those_who_may(cast: Cast, house: House, as_user: As) -> None:
    form = {
        "title": "Tones, renamed",
        "access": "request",
        "use": "collection",
        "privacy_profile": "standard",
        "verified_share": "0.5",
        "quasi_identifiers": ["place", "recorded_at"],
        "fewest_alike": "7",
        "evidence_required": "on",
        "guardian_notice_days": "0",
    }
    assert as_user(cast.cleo).post(f"{BASE}settings/", form).status_code == 403
    as_user(cast.ada).post(f"{BASE}settings/", form)
    house.dataset.refresh_from_db()
    assert (house.dataset.title, house.dataset.verified_share) == ("Tones, renamed", 0.5)
    assert house.dataset.quasi_identifiers == ["place", "recorded_at"]
    assert house.dataset.fewest_alike == 7
    assert house.dataset.evidence_required


def test_every_privacy_profile_that_settings_offer_has_detectors() -> None:
    offered = findall(
        r'value="([^"]+)"', str(DatasetSettingsForm(vertical=Vertical.SFX)["privacy_profile"])
    )
    assert offered == list(PROFILES)
    assert all(list_detectors(profile) for profile in offered)


def test_settings_that_lower_a_bar_are_asked_for_and_decided_on_the_dataset_s_page(
    cast: Cast, house: House, as_user: As
) -> None:
    form = {
        "access": house.dataset.access,
        "use": "collection",
        "verified_share": "0",
        "fewest_alike": "5",
        "guardian_notice_days": "0",
        "privacy_profile": "sensitive",
    }
    steward, reviewer = as_user(cast.ada), as_user(cast.cleo)
    assert steward.post(f"{BASE}settings/", form).status_code == 302
    lower = {**form, "title": "Engines", "privacy_profile": "speech"}
    refused = steward.post(f"{BASE}settings/", lower)
    assert refused.status_code == 422
    assert "Give a reason" in refused.content.decode()
    assert steward.post(f"{BASE}settings/", {**lower, "reason": "Engines."}).status_code == 302
    house.dataset.refresh_from_db()
    assert (house.dataset.title, house.dataset.privacy_profile) == ("Engines", "sensitive")
    assert "hold this dataset to less" in said(steward, BASE)
    assert "Take the request back" in said(steward, BASE)
    shown = said(reviewer, BASE)
    assert "sensitive, to become speech" in " ".join(shown.split())
    answer = f"{BASE}lowerings/{Lowering.objects.get().uid}/"
    assert as_user(cast.ada).post(answer, {"confirm": "1", "answer": "x"}).status_code == 403
    assert as_user(cast.eve).post(answer, {"confirm": "1", "answer": "x"}).status_code == 403
    reviewer.post(answer, {"confirm": "1", "answer": " "})
    assert Lowering.objects.get().state == "proposed"
    reviewer.post(answer, {"confirm": "1", "answer": "It is engines."})
    house.dataset.refresh_from_db()
    assert house.dataset.privacy_profile == "speech"
    assert "hold this dataset to less" not in said(reviewer, BASE)


def test_long_lists_cost_few_queries(
    cast: Cast,
    house: House,
    as_user: As,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = as_user(cast.ada)
    client.get(BASE)  # works out the release's description, once a day
    for page in (f"{BASE}clips/", BASE, "/datasets/", "/review/", "/jobs/", f"{BASE}releases/"):
        with django_assert_max_num_queries(12):
            client.get(page)


def test_a_page_of_clips_continues_where_the_last_one_ended(
    cast: Cast, tmp_path: Path, as_user: As
) -> None:
    make_draft(cast, tmp_path, clips=55)
    client = as_user(cast.ada)
    first = client.get(f"{BASE}clips/?sort=-duration")
    following = first.context["page"].next_url
    second = client.get(f"{BASE}clips/{following}")
    paths = [clip.path for answer in (first, second) for clip, _ in answer.context["rows"]]
    assert len(paths) == len(set(paths)) == 55
    assert not second.context["page"].next_url
