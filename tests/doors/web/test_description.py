"""What keepers say of a dataset, and verifiers of its events: by page and by command."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from apps.accounts.models import Membership, User
from apps.audit.models import AuditEvent
from apps.datasets.models import Dataset, Event
from apps.ingest.label_imports import import_labels
from apps.releases.personal_texts import find_identifying_texts
from datasets_catalog.roles import Role
from tests.cast import Cast
from tests.factories.drafts import make_draft, write_table

pytestmark = pytest.mark.django_db

PAGE = "/datasets/acme/tones/description/"


@pytest.fixture
def dataset(cast: Cast, tmp_path: Path) -> Dataset:
    return make_draft(cast, tmp_path)


@pytest.fixture
def vera(cast: Cast) -> User:
    user = User.objects.create_user("vera", "vera@example.org", "pw")
    Membership.objects.create(user=user, organisation=cast.acme, role=Role.VERIFIER)
    return user


def test_a_steward_describes_the_dataset_on_its_page(
    cast: Cast, dataset: Dataset, client: Client
) -> None:
    client.force_login(cast.ada)
    serial = dataset.draft_serial
    typed = {
        "provenance": "Made of sines.",
        "limitations": "",
        "languages": "nl, sr-latn",
        "creators": "Ada Berg | 0000-0002-1825-0097 | Lab\nBen Ko",
        "funding": "",
    }
    assert client.post(PAGE, typed).status_code == 302
    dataset.refresh_from_db()
    assert dataset.sheet == {
        "provenance": "Made of sines.",
        "languages": ["nl", "sr-Latn"],
        "creators": [
            {"name": "Ada Berg", "orcid": "0000-0002-1825-0097", "affiliation": "Lab"},
            {"name": "Ben Ko", "orcid": "", "affiliation": ""},
        ],
    }
    assert dataset.draft_serial == serial + 1
    shown = client.get(PAGE).content.decode()
    assert "Ada Berg | 0000-0002-1825-0097 | Lab" in shown
    wrong = client.post(PAGE, {**typed, "languages": "dutch language"})
    assert wrong.status_code == 422
    assert "BCP 47" in wrong.content.decode()
    client.force_login(cast.olga)
    assert client.post(PAGE, typed).status_code == 403


def test_the_sheet_is_kept_by_command_and_looked_at_for_people(
    cast: Cast, dataset: Dataset, tmp_path: Path
) -> None:
    sheet = {"provenance": "Ask ada@example.org", "creators": [{"name": "ada@example.org"}]}
    path = tmp_path / "sheet.json"
    path.write_text(json.dumps(sheet))
    call_command("describe", "acme/tones", str(path), "--as", "ada")
    dataset.refresh_from_db()
    (found,) = find_identifying_texts(dataset)
    assert found.startswith("provenance")


def test_a_verifier_confirms_on_the_page_of_a_clip(
    dataset: Dataset, vera: User, client: Client
) -> None:
    clip = dataset.clips.get(path="field/000.wav")
    event = clip.events.get()
    client.force_login(vera)
    page = f"/datasets/acme/tones/clips/{clip.uid}/"
    assert "They are right" in client.get(page).content.decode()
    client.post(f"{page}verify/", {"event": str(event.uid), "verdict": "verified"})
    event.refresh_from_db()
    assert (event.status, event.verifier, event.verified_by) == ("verified", "vera", vera)
    row = AuditEvent.objects.get(kind="events.verified")
    assert (row.actor, row.detail["events"]) == ("vera", [str(event.uid)])


def test_a_verifier_confirms_by_command_and_a_moved_event_is_confirmed_anew(
    cast: Cast, dataset: Dataset, vera: User, tmp_path: Path
) -> None:
    call_command("verify_events", "acme/tones", "field/000.wav", "--as", "vera")
    rows = [{"path": "field/000.wav", "onset": 0.15, "offset": 0.3, "label": "tone-0"}]
    table = write_table(tmp_path / "moved.csv", rows)
    import_labels(actor=cast.ada, dataset=dataset, source=table, format_name="native", replace=True)
    event = Event.objects.get(clip__dataset=dataset, clip__path="field/000.wav")
    assert (event.onset, event.verified_by, event.verified_at) == (0.15, None, None)
    call_command(
        "verify_events", "acme/tones", "field/000.wav", "--as", "vera", "--verdict", "rejected"
    )
    event.refresh_from_db()
    assert (event.status, event.verified_by) == ("rejected", vera)
