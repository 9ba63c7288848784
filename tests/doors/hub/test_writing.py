"""The Hub's own client writes: what it pushes lands in the draft, never in a release."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import soundfile
from django.test import Client
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RemoteEntryNotFoundError

from apps.access.actions import request_access
from apps.access.models import AccessRequest, Entitlement
from apps.accounts.models import User
from apps.consent.models import Consent
from apps.datasets.models import Clip, Dataset, Event
from apps.ingest.models import Push, PushedFile, UploadPart, Xorb
from apps.jobs.models import Job
from apps.releases.models import Release
from datasets_catalog.roles import Role
from tests.doors.hub.conftest import HubSite, RunPython
from tests.doors.hub.pushing import NAME, SOUNDS, PushSite, write_token
from tests.factories.jobs import work_off
from tests.sounds import tone

pytestmark = pytest.mark.timeout(600)
KIND: dict[str, Any] = {"repo_id": NAME, "repo_type": "dataset"}


def wav(hertz: float) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, tone(hertz=hertz), 16_000, format="WAV", subtype="PCM_16")
    return file.getvalue()


def test_a_folder_is_pushed_by_xet_and_pushed_again_changes_nothing(push_site: PushSite) -> None:
    api = push_site.api()
    made = api.upload_folder(**KIND, folder_path=push_site.folder, commit_message="First")
    assert push_site.clips() == SOUNDS
    assert Xorb.objects.filter(dataset=push_site.dataset).exists()
    push = Push.objects.get()
    assert (push.oid, push.title) == (made.oid, "First")
    assert "4 clips were added, 0 were changed." in push.report
    assert Event.objects.filter(clip__dataset=push_site.dataset).count() == 4
    assert Consent.objects.count() == 1
    assert not PushedFile.objects.filter(path__startswith="consents").exists()
    push_site.dataset.refresh_from_db()
    assert push_site.dataset.title == "Pushed tones"
    assert Clip.objects.get(path="field/001.wav").licence == "CC-BY-4.0"
    assert Job.objects.filter(kind="privacy.scan").exists()
    (push_site.folder / "consents.csv").unlink()
    api.upload_folder(**KIND, folder_path=push_site.folder)
    assert Push.objects.count() == 1


def test_the_pushed_table_of_clips_is_for_those_who_may_know_who_is_in_them(
    push_site: PushSite,
) -> None:
    push_site.api().upload_folder(**KIND, folder_path=push_site.folder)
    cast = push_site.cast
    annotator = User.objects.create_user("anna", "anna@example.org", "pw")
    annotator.memberships.create(organisation=cast.acme, role=Role.ANNOTATOR)
    for user, may in ((cast.ada, True), (cast.cleo, True), (annotator, False), (cast.rita, False)):
        client = Client(headers={"Authorization": f"Bearer {write_token(user)}"})
        sound = client.get(f"/datasets/{NAME}/resolve/draft/field/000.wav")
        assert sound.status_code == 200
        sound.close()
        table = client.get(f"/datasets/{NAME}/resolve/draft/clips.csv")
        assert (table.status_code == 200) is may, user
        table.close()


def test_the_draft_is_read_back_by_those_who_work_on_it(push_site: PushSite) -> None:
    api = push_site.api()
    made = api.upload_folder(**KIND, folder_path=push_site.folder)
    tables = {"README.md", "clips.csv", "events.csv"}
    for revision in (None, "main", "draft", made.oid):
        assert set(api.list_repo_files(**KIND, revision=revision)) == SOUNDS | tables
    assert api.dataset_info(NAME).sha == made.oid
    assert api.dataset_info(NAME).private
    heads = {branch.name: branch.target_commit for branch in api.list_repo_refs(**KIND).branches}
    assert heads == {"main": made.oid, "draft": made.oid}
    assert [row.commit_id for row in api.list_repo_commits(**KIND)] == [made.oid]
    path = api.hf_hub_download(**KIND, filename="field/000.wav", cache_dir=push_site.folder.parent)
    assert Path(path).read_bytes() == (push_site.folder / "field/000.wav").read_bytes()
    for user in (push_site.cast.dan, push_site.cast.eve):
        outside = push_site.api(user)
        assert not outside.repo_exists(**KIND)
        assert not outside.revision_exists(**KIND, revision=made.oid)


def test_sounds_and_rows_wait_for_each_other_in_any_order(push_site: PushSite) -> None:
    api = push_site.api()
    field = push_site.folder / "field"
    api.upload_file(
        **KIND, path_or_fileobj=push_site.folder / "events.csv", path_in_repo="events.csv"
    )
    api.upload_folder(**KIND, folder_path=field, path_in_repo="field", allow_patterns="00[01].wav")
    assert push_site.clips() == set()
    assert Push.objects.latest("id").report == [
        "2 sounds wait in the draft until a row of clips.csv speaks of them."
    ]
    table = push_site.folder / "clips.csv"
    api.upload_file(**KIND, path_or_fileobj=table, path_in_repo="clips.csv")
    assert push_site.clips() == {"field/000.wav", "field/001.wav"}
    assert "2 rows wait for their files, field/002.wav first." in Push.objects.latest("id").report
    api.upload_folder(**KIND, folder_path=field, path_in_repo="field")
    assert push_site.clips() == SOUNDS
    assert Event.objects.filter(clip__dataset=push_site.dataset).count() == 4
    assert not PushedFile.objects.exclude(probe={}).exists()


def test_what_is_wrong_is_named_and_nothing_of_the_commit_is_taken(push_site: PushSite) -> None:
    api = push_site.api()
    table = push_site.folder / "clips.csv"
    table.write_text(table.read_text().replace("CC0-1.0", "CC-0-one", 1))
    (push_site.folder / "field/notes.wav").write_text("no sound at all")
    sound = CommitOperationAdd("field/000.wav", push_site.folder / "field/000.wav")
    with pytest.raises(BadRequestError, match=r"clips.csv, row 2, column licence: 'CC-0-one'"):
        api.create_commit(
            **KIND, operations=[sound, CommitOperationAdd("clips.csv", table)], commit_message="x"
        )
    notes = CommitOperationAdd("field/notes.wav", push_site.folder / "field/notes.wav")
    with pytest.raises(BadRequestError, match=r"field/notes.wav"):
        api.create_commit(**KIND, operations=[sound, notes], commit_message="x")
    assert not Push.objects.exists()
    assert not PushedFile.objects.exists()
    assert push_site.clips() == set()


def test_files_are_deleted_and_copied(push_site: PushSite) -> None:
    api = push_site.api()
    api.upload_folder(**KIND, folder_path=push_site.folder)
    api.delete_file("field/000.wav", **KIND)
    assert push_site.clips() == SOUNDS - {"field/000.wav"}
    with pytest.raises(RemoteEntryNotFoundError):
        api.delete_file("field/000.wav", **KIND)
    copy = CommitOperationCopy("field/001.wav", "field/copy.wav")
    api.create_commit(**KIND, operations=[copy], commit_message="Copy")
    assert PushedFile.objects.get(path="field/copy.wav").probe["channels"] == 1
    api.delete_folder("field", **KIND)
    assert push_site.clips() == set()
    assert not PushedFile.objects.filter(path="field/copy.wav").exists()
    assert set(api.list_repo_files(**KIND)) == {"README.md", "clips.csv", "events.csv"}


def test_a_stale_parent_is_refused(push_site: PushSite) -> None:
    api = push_site.api()
    first = api.dataset_info(NAME).sha
    add = [CommitOperationAdd("a.wav", wav(300))]
    made = api.create_commit(**KIND, operations=add, commit_message="a", parent_commit=first)
    again = [CommitOperationAdd("b.wav", wav(310))]
    with pytest.raises(HfHubHTTPError, match="A commit has happened since") as refused:
        api.create_commit(**KIND, operations=again, commit_message="b", parent_commit=first)
    assert refused.value.response.status_code == 412
    api.create_commit(**KIND, operations=again, commit_message="b", parent_commit=made.oid)


def test_bad_paths_are_refused(push_site: PushSite) -> None:
    api = push_site.api()
    for path in ("../up.wav", ".git/config", "a//b.wav", "con.wav", "a\\b.wav", "/a.wav"):
        add = CommitOperationAdd("fine.wav", wav(300))
        add.path_in_repo = path
        with pytest.raises(HfHubHTTPError) as refused:
            api.create_commit(**KIND, operations=[add], commit_message="x")
        assert refused.value.response.status_code == 400
    assert not PushedFile.objects.exists()


def test_lfs_takes_large_files_in_parts(
    push_site: PushSite, elsewhere: RunPython, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.ingest.uploads.PUT_FILE_BYTES", 4000)
    monkeypatch.setattr("apps.ingest.uploads.PACK_FILE_BYTES", 1000)
    monkeypatch.setattr("apps.doors.hub.lfs.PART_BYTES", 5000)
    elsewhere(
        "hf", "upload", NAME, str(push_site.folder), ".", "--repo-type", "dataset",
        url=push_site.url, token=write_token(push_site.cast.ada), HF_HUB_DISABLE_XET="1",
    )  # fmt: skip
    assert push_site.clips() == SOUNDS
    assert not Xorb.objects.exists()
    assert not UploadPart.objects.exists()


def test_the_command_line_uploads(push_site: PushSite, elsewhere: RunPython) -> None:
    told = elsewhere(
        "hf", "upload", NAME, str(push_site.folder), ".", "--repo-type", "dataset",
        url=push_site.url, token=write_token(push_site.cast.ada),
    )  # fmt: skip
    assert push_site.clips() == SOUNDS
    assert "4 clips were added" in told.stderr


def test_a_dataset_is_made_where_one_may(push_site: PushSite) -> None:
    api = push_site.api()
    url = api.create_repo("acme/new", repo_type="dataset", resource_group_id="wildlife")
    assert url.repo_id == "acme/new"
    made = Dataset.objects.get(name="new")
    assert (made.vertical, made.access) == ("wildlife", Dataset.Access.REQUEST)
    assert api.create_repo("acme/new", repo_type="dataset", exist_ok=True).repo_id == "acme/new"
    with pytest.raises(HfHubHTTPError, match="There is a dataset acme/new already") as taken:
        api.create_repo("acme/new", repo_type="dataset")
    assert taken.value.response.status_code == 409
    api.create_repo("acme/hidden", repo_type="dataset", private=True)
    assert Dataset.objects.get(name="hidden").access == Dataset.Access.ORGANISATION
    for name in ("acme/mine", "nowhere/mine", "mine"):
        with pytest.raises(HfHubHTTPError, match="You may not make datasets in"):
            push_site.api(push_site.cast.eve).create_repo(name, repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="Only datasets live here"):
        api.create_repo("acme/model")


def test_branches_and_what_stays_are_refused_in_a_sentence(push_site: PushSite) -> None:
    api = push_site.api()
    api.create_branch(**KIND, branch="draft", exist_ok=True)
    for sentence, call in (
        ("There are no other branches", lambda: api.create_branch(**KIND, branch="mine")),
        ("already exists", lambda: api.create_branch(**KIND, branch="main")),
        ("delete files of it instead", lambda: api.delete_branch(**KIND, branch="draft")),
        ("Datasets are not deleted", lambda: api.delete_repo(**KIND)),
        ("keep their names", lambda: api.move_repo(NAME, "acme/other", repo_type="dataset")),
        ("never goes away", lambda: api.delete_tag(**KIND, tag="v1.0.0")),
        ("is kept", lambda: api.super_squash_history(**KIND)),
        (
            "no pull requests",
            lambda: api.upload_file(
                **KIND, path_or_fileobj=b"x", path_in_repo="a.wav", create_pr=True
            ),
        ),
    ):
        with pytest.raises(HfHubHTTPError, match=sentence):
            call()


def test_a_tag_asks_for_a_release_of_the_draft(push_site: PushSite, elsewhere: RunPython) -> None:
    push_site.api().upload_folder(**KIND, folder_path=push_site.folder)
    ask = [
        "hf", "repos", "tag", "create", NAME, "v1.0.0", "--repo-type", "dataset", "-m",
    ]  # fmt: skip
    token = write_token(push_site.cast.ada)
    told = elsewhere(
        *ask, "First\npurposes: research.noncommercial", url=push_site.url, token=token
    )
    assert "/datasets/acme/tones/releases/1.0.0" in told.stderr
    work_off()
    release = Release.objects.get()
    assert (release.version, release.state, release.clips) == ("1.0.0", "frozen", 4)
    assert (release.purposes, release.notes) == (["research.noncommercial"], "First")
    api = push_site.api()
    with pytest.raises(HfHubHTTPError) as taken:
        api.create_tag(**KIND, tag="v1.0.0")
    assert taken.value.response.status_code == 409
    api.create_tag(**KIND, tag="1.1.0", revision="draft")
    assert Release.objects.get(version="1.1.0").purposes == ["research.noncommercial"]
    with pytest.raises(HfHubHTTPError, match="three numbers"):
        api.create_tag(**KIND, tag="latest")
    with pytest.raises(HfHubHTTPError, match="release:prepare"):
        push_site.api(push_site.cast.cleo).create_tag(**KIND, tag="v2.0.0")


def test_settings_say_who_may_take_it(push_site: PushSite) -> None:
    api = push_site.api()
    for settings, access, by_rule in (
        ({"gated": "auto"}, Dataset.Access.REQUEST, True),
        ({"gated": "manual"}, Dataset.Access.REQUEST, False),
        ({"private": True}, Dataset.Access.ORGANISATION, False),
        ({"private": False}, Dataset.Access.REQUEST, False),
        ({"gated": False}, Dataset.Access.OPEN, False),
    ):
        api.update_repo_settings(**KIND, **settings)
        push_site.dataset.refresh_from_db()
        assert (push_site.dataset.access, push_site.dataset.auto_grant) == (access, by_rule)
    with pytest.raises(HfHubHTTPError):
        push_site.api(push_site.cast.cleo).update_repo_settings(**KIND, gated=False)


def test_requests_for_access_are_answered(hub_site: HubSite) -> None:
    cast, dataset = hub_site.cast, hub_site.dataset
    api = hub_site.api(cast.ada)
    api.token = write_token(cast.ada)
    for person in (cast.eve, cast.cleo):
        if person is cast.eve:
            request_access(actor=person, dataset=dataset, message="For birds")
    (asked,) = api.list_pending_access_requests(**KIND)
    assert (asked.username, asked.fields) == ("eve", {"message": "For birds"})
    api.accept_access_request(**KIND, user="eve")
    assert [row.username for row in api.list_accepted_access_requests(**KIND)] == ["eve"]
    hub_site.api(cast.eve).auth_check(**KIND)
    api.cancel_access_request(**KIND, user="eve")
    with pytest.raises(HfHubHTTPError):
        hub_site.api(cast.eve).auth_check(**KIND)
    request_access(actor=cast.eve, dataset=dataset)
    api.reject_access_request(**KIND, user="eve", rejection_reason="Not for this")
    assert AccessRequest.objects.filter(answer="Not for this").exists()
    assert [row.status for row in api.list_rejected_access_requests(**KIND)] == ["rejected"]
    api.grant_access(**KIND, user="eve")
    assert Entitlement.objects.filter(user=cast.eve, revoked_at=None).exists()
    for person in (cast.dan, cast.cleo):
        other = hub_site.api(person)
        other.token = write_token(person)
        with pytest.raises(HfHubHTTPError):
            list(other.list_pending_access_requests(**KIND))
        with pytest.raises(HfHubHTTPError):
            other.grant_access(**KIND, user="dan")


def test_a_push_never_changes_what_was_released(hub_site: HubSite) -> None:
    api = hub_site.api(hub_site.cast.ada)
    api.token = write_token(hub_site.cast.ada)
    before = api.dataset_info(NAME)
    api.create_commit(
        **KIND,
        operations=[CommitOperationAdd("field/000.wav", wav(777))],
        commit_message="Another sound",
        parent_commit=before.sha,
    )
    after = api.dataset_info(NAME)
    assert (after.sha, after.siblings) == (before.sha, before.siblings)
    clip = Clip.objects.get(path="field/000.wav")
    assert clip.duration == pytest.approx(0.6)
    assert clip.licence == "CC0-1.0"
    assert api.dataset_info(NAME, revision="draft").sha != before.sha
    with pytest.raises(HfHubHTTPError, match="A commit has happened since"):
        api.create_commit(
            **KIND,
            operations=[CommitOperationDelete("field/001.wav")],
            commit_message="Built on what the draft no longer is",
            parent_commit=before.sha,
        )
