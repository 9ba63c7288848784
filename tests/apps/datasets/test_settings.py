"""Changing a dataset: who may, what is refused and how, and what becomes stale with it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Token
from apps.audit.models import AuditEvent
from apps.datasets.actions import (
    CHANGEABLE,
    OUTSIDE_RELEASES,
    build_access_policy,
    find_lowered_bars,
    plan_bars,
    plan_policy,
    read_bars,
    update_dataset,
)
from apps.datasets.models import Dataset
from datasets_catalog.bars import BARS
from datasets_catalog.errors import DeniedError, InvalidError
from datasets_catalog.roles import Permission, Role
from tests.apps.accounts.people import coming_with_token, person_with, roles_with
from tests.apps.datasets.rows import add_clip, touched
from tests.cast import Cast, assemble
from tests.factories.drafts import make_dataset
from tests.factories.reviews import hold_to_less
from tests.side_by_side import run_at_once

pytestmark = pytest.mark.django_db
QUESTION = {
    "name": "why",
    "label": "Why?",
    "type": "text",
    "required": True,
    "options": [],
    "help": "",
}


def change(cast: Cast, dataset: Dataset, **changes: Any) -> Dataset:
    return update_dataset(actor=cast.ada, dataset=dataset, changes=changes)


def reloaded(dataset: Dataset) -> Dataset:
    return Dataset.objects.get(pk=dataset.pk)


def events() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(kind="dataset.changed"))


@pytest.mark.parametrize("role", Role)
def test_owners_and_stewards_change_settings_and_nobody_else(
    cast: Cast, tones: Dataset, role: Role
) -> None:
    somebody = person_with(cast.acme, role)
    if role in roles_with(Permission.DATASET_EDIT):
        update_dataset(actor=somebody, dataset=tones, changes={"title": "New"})
        assert reloaded(tones).title == "New"
        return
    with pytest.raises(DeniedError, match="dataset:edit"):
        update_dataset(actor=somebody, dataset=tones, changes={"title": "New"})
    assert reloaded(tones).title == "Tones"


def test_tokens_change_the_datasets_that_they_reach(cast: Cast, tones: Dataset) -> None:
    changes = {"title": "New"}
    for token in (
        coming_with_token(cast.ada, "elsewhere/tones"),
        coming_with_token(cast.ada, scope=Token.Scope.DOWNLOAD),
    ):
        with pytest.raises(DeniedError):
            update_dataset(actor=token, dataset=tones, changes=changes)
    mine = coming_with_token(cast.ada, "acme/tones")
    assert update_dataset(actor=mine, dataset=tones, changes=changes).title == "New"


BAD: list[tuple[str, Any, str]] = [
    ("colour", "red", "A dataset has no colour"),
    ("draft_serial", 0, "A dataset has no draft_serial"),
    ("released_at", None, "A dataset has no released_at"),
    ("title", "x" * 201, "title: .*at most 200"),
    ("privacy_profile", "lax", "There is no privacy profile 'lax': choose "),
    ("use", "remix", "'remix': the use is one of "),
    ("wanted_licence", "x" * 101, "wanted_licence: "),
    ("access", "everyone", "access: "),
    ("access", "terms", "There are no terms to accept yet"),
    ("auto_grant", "perhaps", "auto_grant: "),
    ("grant_days", -1, "grant_days: "),
    ("grant_days", "long", "grant_days: "),
    ("request_fields", {"name": "why"}, "The fields are a list"),
    ("request_fields", [{"name": "why"}], "why|label|type"),
    ("embargo_until", "tomorrow", "embargo_until: "),
    ("embargoes", ["1.0.0"], "The embargoes are an object such as"),
    ("embargoes", {"1.0": "2027-01-01T00:00Z"}, "'1.0': .*write three numbers"),
    ("embargoes", {"1.0.0": "2027-01-01T00:00"}, "a moment with its time zone"),
    ("embargoes", {"1.0.0": "2027-13-01T00:00Z"}, "a moment with its time zone"),
    ("embargoes", {"1.0.0": None}, "a moment with its time zone"),
    ("embargoes", dict.fromkeys(map(str, range(1001)), ""), "The embargoes are an object"),
    ("evidence_required", "perhaps", "evidence_required: "),
    ("guardian_notice_days", 367, "guardian_notice_days: .*366"),
    ("guardian_notice_days", -1, "guardian_notice_days: "),
    ("sheet", ["limits"], "The sheet is an object"),
    ("verified_share", "most", "verified_share: "),
    ("verified_share", 1.5, "verified_share"),
    ("verified_share", -0.1, "verified_share"),
    ("quasi_identifiers", "place", "'place' is no column"),
    ("quasi_identifiers", ["shoe size"], "'shoe size' is no column .* choose among .*place"),
    ("fewest_alike", 1, "fewest_alike"),
    ("fewest_alike", "many", "fewest_alike: "),
    ("split_policy", ["recording"], "A policy of splits is an object"),
    ("split_policy", {"apart": ["fields.none"]}, "The vertical sfx has no field 'none'"),
]


@pytest.mark.parametrize(
    ("name", "value", "message"), BAD, ids=[f"{name}-{at}" for at, (name, *_) in enumerate(BAD)]
)
def test_what_does_not_belong_into_a_setting_is_named_and_changes_nothing(
    cast: Cast, tones: Dataset, name: str, value: Any, message: str
) -> None:
    before = Dataset.objects.filter(pk=tones.pk).values().get()
    with pytest.raises(InvalidError, match=message):
        change(cast, tones, description="Good.", **{name: value})
    assert Dataset.objects.filter(pk=tones.pk).values().get() == before
    assert events() == []


GOOD: list[tuple[str, Any, Any]] = [
    ("title", "New", "New"),
    ("description", "New.", "New."),
    ("privacy_profile", "sensitive", "sensitive"),
    ("use", "adaptation", "adaptation"),
    ("wanted_licence", "CC-BY-4.0", "CC-BY-4.0"),
    ("access", "organisation", "organisation"),
    ("auto_grant", True, True),
    ("grant_days", 90, 90),
    ("request_fields", [QUESTION], [QUESTION]),
    ("embargo_until", datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)),
    ("embargoes", {"1.0.0": "2030-01-01T00:00Z"}, {"1.0.0": "2030-01-01T00:00:00+00:00"}),
    ("evidence_required", True, True),
    ("guardian_notice_days", 366, 366),
    ("verified_share", 1.0, 1.0),
    ("quasi_identifiers", ["place", "device", "place"], ["device", "place"]),
    ("fewest_alike", 7, 7),
    ("split_policy", {"apart": ["recording", "contributor", "sound"]}, None),
]


@pytest.mark.parametrize(("name", "value", "kept"), GOOD, ids=[name for name, *_ in GOOD])
def test_a_setting_is_kept_in_one_way_of_writing(
    cast: Cast, tones: Dataset, name: str, value: Any, kept: Any
) -> None:
    change(cast, tones, **{name: value})
    assert getattr(reloaded(tones), name) == kept


def test_every_setting_is_tried_here() -> None:
    tried = {name for name, *_ in (*BAD, *GOOD)} | {"vocabulary"}
    assert set(CHANGEABLE) <= tried


def test_a_change_stands_in_the_log_and_no_change_does_not(cast: Cast, tones: Dataset) -> None:
    change(cast, tones, title="Tones", fewest_alike=5)
    assert events() == []
    change(cast, tones, title="New", fewest_alike=5)
    [event] = events()
    assert (event.actor, event.organisation, event.subject) == ("ada", "acme", "acme/tones")
    assert event.detail == {"before": {"title": "Tones"}, "changes": {"title": "New"}}


# Each another than it is; a longer notice, a lower bar, is left out.
OTHER = {
    name: value for name, value, _ in GOOD if name not in {"guardian_notice_days", "split_policy"}
}


@pytest.mark.parametrize("name", OTHER)
def test_only_what_releases_hold_or_are_judged_by_makes_the_draft_another(
    cast: Cast, tones: Dataset, name: str
) -> None:
    add_clip(tones)
    serial = reloaded(tones).draft_serial
    if find_lowered_bars(tones, {name: OTHER[name]}):
        # Any other use is lower: two agree on it.
        hold_to_less(cast, tones, **{name: OTHER[name]})
    else:
        change(cast, tones, **{name: OTHER[name]})
    moved = reloaded(tones).draft_serial - serial
    assert moved == (0 if name in OUTSIDE_RELEASES else 1)
    # Settings are no part of a clip's row: none is computed again.
    assert touched(tones) == {"a.wav": 0}


def test_what_is_planned_is_judged_without_being_done(cast: Cast, tones: Dataset) -> None:
    planned = plan_policy(tones, {"access": "open", "title": "x", "auto_grant": True})
    assert (planned.access, planned.auto_grant) == ("open", True)
    assert build_access_policy(tones) == build_access_policy(reloaded(tones))
    assert tones.access == "request"
    with pytest.raises(InvalidError, match="access: "):
        plan_policy(tones, {"access": "everyone"})
    bars = plan_bars(tones, {"fewest_alike": 2, "title": "x"})
    assert bars == {**read_bars(tones), "fewest_alike": 2}
    assert bars.keys() == BARS.keys()
    assert tones.fewest_alike == 5


def test_bars_are_free_until_there_ever_was_a_clip(cast: Cast, tones: Dataset) -> None:
    assert find_lowered_bars(tones, {"fewest_alike": 2}) == []
    add_clip(tones, state="removed")
    assert find_lowered_bars(tones, {"fewest_alike": 2, "verified_share": 1.0}) == ["fewest_alike"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")
def test_two_who_change_different_settings_at_once_lose_neither() -> None:
    cast = assemble()
    dataset = make_dataset(cast)
    problems = run_at_once(
        lambda: change(cast, dataset, title="New"), lambda: change(cast, dataset, fewest_alike=9)
    )
    assert problems == []
    row = reloaded(dataset)
    assert (row.title, row.fewest_alike, row.draft_serial) == ("New", 9, 2)
    assert len(events()) == 2
