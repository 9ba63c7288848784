"""What licences take away of a release: refused before it is out, and said of one that is."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from django.test import Client

from apps.access.actions import grant_access
from apps.access.authorizations import Action, Code
from apps.access.authorize import authorize_action
from apps.access.models import Notice
from apps.accounts.tokens import create_token
from apps.datasets.models import Clip, Dataset
from apps.licensing.actions import record_terms
from apps.packaging.odrl_usage import build_usage_info
from apps.packaging.statements import compute_statement
from apps.publishing.release_publication import publish_release_here
from apps.releases.actions import submit_release
from apps.releases.forecasts import forecast_licence
from apps.releases.lapses import note_passing_time
from apps.releases.models import GateResult, Lapse, Release
from apps.releases.release_usage import compute_usage, find_licences_end
from datasets_catalog.cards import render_card_body
from datasets_catalog.errors import EarmarkError
from datasets_catalog.purposes import TERMS, Purpose
from tests.cast import Cast
from tests.factories.drafts import PURPOSES, approve, make_draft, make_release

pytestmark = pytest.mark.django_db
GRANTED = ["research.noncommercial"]
COMMERCIAL = (*PURPOSES, Purpose.RESEARCH_COMMERCIAL.value)
BEFORE, AFTER = date(2027, 3, 31), date(2027, 4, 1)


def licensed(dataset: Dataset, licence: str, path: str = "field/003.wav") -> None:
    Clip.objects.filter(dataset=dataset, path=path).update(licence=licence)


def with_terms_that_end(cast: Cast, tmp_path: Path) -> Release:
    """A frozen release with one clip under terms that end on 2027-03-31 and forbid training."""
    dataset = make_draft(cast, tmp_path)
    record_terms(
        actor=cast.ada,
        organisation=cast.acme,
        licence="LicenseRef-Field-1",
        title="Field terms",
        text="Until the study ends.",
        redistribution=True,
        ai_terms="forbidden",
        expires_on=BEFORE,
    )
    licensed(dataset, "LicenseRef-Field-1")
    return make_release(cast, dataset)


def test_the_draft_says_what_its_licences_leave(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    licensed(dataset, "CC-BY-NC-4.0")
    usage = forecast_licence(dataset).usage
    assert set(usage.declared) - set(usage.permitted) == {Purpose.RESEARCH_COMMERCIAL}
    client = Client()
    client.force_login(cast.ada)
    sentence = "Commercial research: CC-BY-NC-4.0 (1 clip) forbids commercial use."
    assert sentence in client.get("/datasets/acme/tones/rights/").content.decode()
    token = create_token(actor=cast.ada, name="test", scope="read")
    answer = Client(HTTP_AUTHORIZATION=f"Bearer {token.text}").get(
        "/api/v1/datasets/acme/tones/licence/"
    )
    report = json.loads(answer.content)
    assert report["taken_away"] == [sentence]
    assert Purpose.RESEARCH_COMMERCIAL not in report["permitted_purposes"]


def failing(release: Release, code: str) -> list[dict[str, str]]:
    row = GateResult.objects.get(release=release, code=code)
    assert row.blocking
    rows: list[dict[str, str]] = row.failing
    return rows


def test_a_release_for_more_than_its_licences_allow_is_refused(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    licensed(dataset, "CC-BY-NC-4.0")
    release = make_release(cast, dataset, purposes=COMMERCIAL)

    with pytest.raises(EarmarkError):
        submit_release(actor=cast.ada, release=release)

    assert failing(release, "rights.purposes") == [
        {
            "path": "field/003.wav",
            "clip_id": str(Clip.objects.get(path="field/003.wav").uid),
            "message": "CC-BY-NC-4.0 forbids commercial use (research.commercial)",
            "advice": "",
        }
    ]
    release.refresh_from_db()
    usage = compute_usage(release, on=BEFORE)
    assert Purpose.RESEARCH_COMMERCIAL in usage.declared
    assert Purpose.RESEARCH_COMMERCIAL not in usage.permitted


def test_a_clip_that_nobody_could_credit_is_refused(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    Clip.objects.filter(dataset=dataset).update(title="", author="", source_url="")
    release = make_release(cast, dataset)

    with pytest.raises(EarmarkError):
        submit_release(actor=cast.ada, release=release)

    assert [row["path"] for row in failing(release, "rights.credit")] == [
        "field/001.wav",
        "field/003.wav",
    ]


def test_terms_that_end_take_everything_from_a_release_that_is_out(
    cast: Cast, tmp_path: Path
) -> None:
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=True):
        frozen = with_terms_that_end(cast, tmp_path)
        release = publish_release_here(actor=cast.rita, release=approve(cast, frozen))
        assert (
            compute_usage(release, on=BEFORE).permitted
            == compute_usage(release, on=BEFORE).declared
        )
        assert find_licences_end(release) == datetime(2027, 4, 1, tzinfo=UTC)
        release.refresh_from_db()
        assert release.lapses_at == find_licences_end(release)
        grant_access(actor=cast.ada, dataset=release.dataset, holder=cast.dan, purposes=GRANTED)
        assert authorize_action(cast.dan, release, Action.DOWNLOAD).allowed
        shown = json.loads(Client().get(ADDRESS).content)
        assert set(shown["permitted_purposes"]) == set(PURPOSES)
        assert shown["taken_away"] == []

    usage = compute_usage(release, on=AFTER)
    assert usage.permitted == ()
    assert usage.taken[0].why == "ended on 2027-03-31"
    with time_machine.travel(datetime(2027, 4, 1, tzinfo=UTC), tick=True):
        shown = json.loads(Client().get(ADDRESS).content)
        assert shown["permitted_purposes"] == []
        assert "LicenseRef-Field-1 (1 clip) ended on 2027-03-31." in shown["taken_away"][0]
        page = Client().get("/datasets/acme/tones/releases/1.0.0/").content.decode()
        assert "LicenseRef-Field-1 (1 clip) ended on 2027-03-31." in page
        refused = authorize_action(cast.dan, release, Action.DOWNLOAD)
        assert refused.code is Code.CONSENT_ENDED
        with pytest.raises(EarmarkError):
            grant_access(actor=cast.ada, dataset=release.dataset, holder=cast.eve, purposes=GRANTED)
        assert note_passing_time() == 1
        (lapse,) = Lapse.objects.filter(release=release)
        assert (lapse.cause, lapse.path) == ("terms_ended", "field/003.wav")
        assert (
            "The terms of clips in acme/tones 1.0.0 have ended (field/003.wav)."
            in (Notice.objects.filter(kind=Notice.Kind.LAPSED).values_list("text", flat=True)[0])
        )
        assert note_passing_time() == 0


ADDRESS = "/api/v1/datasets/acme/tones/releases/1.0.0/"


def test_what_was_published_before_the_gate_prints_the_meet_alone(
    cast: Cast, tmp_path: Path
) -> None:
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=True):
        frozen = with_terms_that_end(cast, tmp_path)
        release = publish_release_here(actor=cast.rita, release=approve(cast, frozen))
    release.purposes = [*release.purposes, Purpose.TRAIN_GENERATIVE.value]

    # No statement was kept of such a release: it is counted anew.
    card = compute_statement(release)

    assert Purpose.TRAIN_GENERATIVE not in card.purposes
    assert "LicenseRef-Field-1 (1 clip) forbids training models" in render_card_body(card)
    permitted = build_usage_info(card.purposes)[0]["odrl:permission"]
    assert {rule["name"]["en"] for rule in permitted} == {
        TERMS[Purpose(purpose)].title for purpose in PURPOSES
    }


def test_terms_that_have_ended_let_no_release_through(cast: Cast, tmp_path: Path) -> None:
    with time_machine.travel(datetime(2027, 4, 1, 1, tzinfo=UTC), tick=True):
        release = with_terms_that_end(cast, tmp_path)
        with pytest.raises(EarmarkError):
            submit_release(actor=cast.ada, release=release)
        (row,) = failing(release, "rights.purposes")
        assert row["message"].startswith("LicenseRef-Field-1 ended on 2027-03-31 (")
