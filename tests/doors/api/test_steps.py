"""Steps of a release as jobs, and a release that is only tried."""

from pathlib import Path
from typing import Any

import pytest

from apps.datasets.actions import update_dataset
from apps.releases.errors import DraftMovedError
from apps.releases.gate_results import check_gates
from apps.releases.models import GateResult, Release
from datasets_catalog.release_states import ReleaseState
from tests.cast import Cast
from tests.doors.api.conftest import Caller, Client
from tests.factories.drafts import PURPOSES, make_draft, make_release
from tests.factories.jobs import work_off

BASE = "/api/v1/datasets/acme/tones/"
RELEASE = f"{BASE}releases/1.0.0/"
LATER = {"Prefer": "respond-async"}


def followed(client: Client, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.json()
    work_off()
    job: dict[str, Any] = client.get(f"/api/v1/jobs/{answer.json()['uid']}/").json()
    return job


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> None:
    make_draft(cast, tmp_path)


def test_submitting_and_publishing_can_be_followed(draft: None, cast: Cast, call: Caller) -> None:
    ada, cleo, rita = call(cast.ada), call(cast.cleo), call(cast.rita)
    ada.post(f"{BASE}releases/", {"version": "1.0.0", "purposes": list(PURPOSES)})
    assert followed(ada, ada.post(f"{RELEASE}freeze/"))["state"] == "done"
    handed = followed(ada, ada.post(f"{RELEASE}submit/", headers=LATER))
    assert handed["result"] == {"state": "in_review"}
    for part in ("privacy", "rights"):
        cleo.post(f"{RELEASE}sign-offs/", {"part": part})
    first = rita.post(f"{RELEASE}publish/", headers=LATER)
    again = rita.post(f"{RELEASE}publish/", headers=LATER)
    assert first.json()["uid"] == again.json()["uid"]
    row = Release.objects.get()
    assert row.state == ReleaseState.APPROVED
    told = followed(rita, first)["result"]
    row.refresh_from_db()
    assert (row.state, told["commit"]) == (ReleaseState.PUBLISHED, row.dvc_commit)


def test_gates_asked_again_over_rest_judge_what_was_frozen_or_nothing(
    draft: None, cast: Cast, call: Caller
) -> None:
    ada, dataset = call(cast.ada), cast.acme.datasets.get()
    row = make_release(cast, dataset)
    judged = ada.post(f"{RELEASE}gates/")
    assert judged.status_code == 200
    assert all(gate["passed"] for gate in judged.json() if gate["blocking"])
    # The draft is another one now: what the gates say of it is not to stand beside that root.
    update_dataset(actor=cast.ada, dataset=dataset, changes={"verified_share": 1.0})
    refused = ada.post(f"{RELEASE}gates/")
    assert (refused.status_code, refused.json()["code"]) == (409, "release.draft_moved")
    row.refresh_from_db()
    assert (row.state, row.root) == (ReleaseState.DRAFT, "")
    assert not GateResult.objects.filter(release=row).exists()
    again = ada.post(f"{RELEASE}gates/")
    assert (again.status_code, again.json()["code"]) == (409, "release.not_frozen")


def test_verdicts_on_a_draft_that_moves_while_it_is_judged_are_not_kept(
    draft: None, cast: Cast
) -> None:
    dataset = cast.acme.datasets.get()
    row = make_release(cast, dataset)
    before = list(GateResult.objects.filter(release=row))
    update_dataset(actor=cast.ada, dataset=dataset, changes={"verified_share": 1.0})
    with pytest.raises(DraftMovedError):
        check_gates(row)
    assert list(GateResult.objects.filter(release=row)) == before


def test_a_step_that_is_not_next_is_refused_at_once(draft: None, cast: Cast, call: Caller) -> None:
    call(cast.ada).post(f"{BASE}releases/", {"version": "1.0.0", "purposes": list(PURPOSES)})
    refused = call(cast.ada).post(f"{RELEASE}submit/", headers=LATER)
    assert (refused.status_code, refused.json()["code"]) == (409, "release.state")
    refused = call(cast.rita).post(f"{RELEASE}publish/", headers=LATER)
    assert (refused.status_code, refused.json()["code"]) == (409, "release.state")


def test_a_tried_release_says_what_it_would_be_and_leaves_nothing(
    draft: None, cast: Cast, call: Caller
) -> None:
    ada = call(cast.ada)
    good = followed(ada, ada.post(f"{BASE}dry-runs/", {"purposes": list(PURPOSES)}))["result"]
    assert (good["would_pass"], good["clips"], len(good["root"])) == (True, 4, 64)
    assert not Release.objects.exists()
    bad = followed(ada, ada.post(f"{BASE}dry-runs/", {"purposes": ["train.generative"]}))["result"]
    failing = {gate["code"] for gate in bad["gates"] if gate["blocking"] and not gate["passed"]}
    assert (bad["would_pass"], failing) == (False, {"consent.coverage"})
    assert bad["root"] == good["root"]
    assert make_release(cast, cast.acme.datasets.get()).root == good["root"]


def test_what_is_no_purpose_is_refused_before_the_job(
    draft: None, cast: Cast, call: Caller
) -> None:
    answer = call(cast.ada).post(f"{BASE}dry-runs/", {"purposes": ["fun"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")
