"""What a dataset is held to becomes less only when a privacy reviewer agreed."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.access.models import Notice
from apps.accounts.models import Membership, User
from apps.audit.models import AuditEvent
from apps.datasets.actions import BarLowersError, import_vocabulary, update_dataset
from apps.datasets.bar_lowerings import (
    LoweringDecidedError,
    LoweringUnknownError,
    LoweringWaitsError,
    OwnLoweringError,
    cancel_lowering,
    confirm_lowering,
    fetch_lowering,
    may_decide_on_lowering,
    propose_lowering,
    refuse_lowering,
)
from apps.datasets.models import Dataset, Lowering
from apps.detection.detectors.registry import list_detectors
from apps.detection.models import Scan
from apps.releases.actions import create_release
from apps.releases.facts import load_facts
from datasets_catalog.bars import BARS as ALL_BARS
from datasets_catalog.bars import RIGHTS_BARS
from datasets_catalog.errors import DeniedError, InvalidError, NotFoundError
from datasets_catalog.privacy_profiles import PROFILES
from datasets_catalog.split_policies import describe_loosening, parse_policy
from tests.apps.review.reviewing import clip_at, found_in
from tests.cast import Cast
from tests.factories.drafts import PURPOSES, make_dataset, make_draft
from tests.factories.reviews import hold_to_less

pytestmark = pytest.mark.django_db
ASKED = {
    "name": "why",
    "label": "Why?",
    "type": "text",
    "required": True,
    "options": [],
    "help": "",
}
HELD_TO: dict[str, Any] = {
    "privacy_profile": "sensitive",
    "verified_share": 0.5,
    "quasi_identifiers": ["device", "place"],
    "fewest_alike": 7,
    "evidence_required": True,
    "guardian_notice_days": 0,
    "request_fields": [ASKED],
    "split_policy": {"apart": ["recording", "contributor", "sound", "place"]},
    "use": "collection",
    "wanted_licence": "CC-BY-4.0",
    "grant_days": 30,
}
LESS: dict[str, Any] = {
    "privacy_profile": "standard",
    "verified_share": 0.25,
    "quasi_identifiers": ["place"],
    "fewest_alike": 5,
    "evidence_required": False,
    "guardian_notice_days": 60,
    "request_fields": [{**ASKED, "required": False}],
    "split_policy": {"apart": ["recording", "sound", "place"]},
    "use": "adaptation",
    "wanted_licence": "",
    "grant_days": None,
}
# Which a privacy reviewer decides on, in one request.
OF_PRIVACY = sorted(LESS.keys() - RIGHTS_BARS)
BARS = pytest.mark.parametrize("bar", sorted(LESS))


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> Dataset:
    dataset = make_draft(cast, tmp_path)
    # Raising is free, and holds at once.
    return update_dataset(actor=cast.ada, dataset=dataset, changes=HELD_TO)


def propose(cast: Cast, draft: Dataset, *bars: str) -> Lowering:
    changes = {bar: LESS[bar] for bar in bars or OF_PRIVACY}
    return propose_lowering(
        actor=cast.ada, dataset=draft, changes=changes, reason="It is engines alone."
    )


def held_to(draft: Dataset) -> dict[str, Any]:
    row = Dataset.objects.get(pk=draft.pk)
    return {bar: getattr(row, bar) for bar in HELD_TO}


@BARS
def test_no_bar_is_lowered_by_one_hand(cast: Cast, draft: Dataset, bar: str) -> None:
    with pytest.raises(BarLowersError, match=bar):
        update_dataset(actor=cast.ada, dataset=draft, changes={bar: LESS[bar], "title": "x"})
    with pytest.raises(DatabaseError, match="becomes lower only"), transaction.atomic():
        Dataset.objects.filter(pk=draft.pk).update(**{bar: LESS[bar]})
    assert held_to(draft) == HELD_TO
    Dataset.objects.filter(pk=draft.pk).update(**{bar: HELD_TO[bar]})


@BARS
def test_a_bar_is_lowered_by_two_who_both_say_why(cast: Cast, draft: Dataset, bar: str) -> None:
    row = propose(cast, draft, bar)
    assert held_to(draft) == HELD_TO
    done = confirm_lowering(actor=cast.cleo, lowering=row, reason="I have heard it.")
    assert done.state == "applied"
    assert held_to(draft) == {**HELD_TO, bar: LESS[bar]}
    told = AuditEvent.objects.filter(kind__startswith="dataset.lowering").order_by("sequence")
    assert [(each.kind, each.actor, each.detail["reason"]) for each in told] == [
        ("dataset.lowering_proposed", "ada", "It is engines alone."),
        ("dataset.lowering_applied", "cleo", "I have heard it."),
    ]
    assert told[0].detail["bars"] == {bar: {"before": HELD_TO[bar], "becomes": LESS[bar]}}
    # What was agreed once does not serve a second time.
    if bar == "use":
        # Neither asks more than the other, so that two agree on either way.
        hold_to_less(cast, draft, use=HELD_TO[bar])
    update_dataset(actor=cast.ada, dataset=draft, changes={bar: HELD_TO[bar]})
    with pytest.raises(DatabaseError, match="becomes lower only"), transaction.atomic():
        Dataset.objects.filter(pk=draft.pk).update(**{bar: LESS[bar]})


@pytest.mark.parametrize(
    "policy",
    [
        {"apart": ["recording", "sound"], "shared": ["contributor"]},
        {"apart": ["contributor", "sound", "place"], "gap": 60.0},
        None,
    ],
)
def test_splits_mean_less_only_when_two_agreed(
    cast: Cast, draft: Dataset, policy: dict[str, Any] | None
) -> None:
    changes = {"split_policy": policy}
    with pytest.raises(BarLowersError):
        update_dataset(actor=cast.ada, dataset=draft, changes=changes)
    with pytest.raises(DatabaseError, match="becomes lower only"), transaction.atomic():
        Dataset.objects.filter(pk=draft.pk).update(split_policy=policy)
    row = propose_lowering(actor=cast.ada, dataset=draft, changes=changes, reason="Voices.")
    confirm_lowering(actor=cast.cleo, lowering=row, reason="So be it.")
    assert held_to(draft)["split_policy"] == policy


def test_who_asked_and_who_does_not_review_decide_nothing(cast: Cast, draft: Dataset) -> None:
    row = propose(cast, draft)
    Membership.objects.create(user=cast.ada, organisation=cast.acme, role="privacy_reviewer")
    with pytest.raises(OwnLoweringError):
        confirm_lowering(actor=cast.ada, lowering=row, reason="yes")
    for who in (cast.rita, cast.olga, cast.dan):
        with pytest.raises(DeniedError):
            confirm_lowering(actor=who, lowering=row, reason="yes")
    with pytest.raises(InvalidError, match="reason"):
        confirm_lowering(actor=cast.cleo, lowering=row, reason=" ")
    with pytest.raises(DeniedError):
        cancel_lowering(actor=cast.cleo, lowering=row)
    changes = {bar: LESS[bar] for bar in OF_PRIVACY}
    with pytest.raises(DeniedError):
        propose_lowering(actor=cast.cleo, dataset=draft, changes=changes, reason="x")
    with pytest.raises((DeniedError, NotFoundError)):
        fetch_lowering(cast.eve, draft, row.uid)
    with pytest.raises(LoweringUnknownError):
        fetch_lowering(cast.cleo, make_dataset(cast, "other"), row.uid)
    for state in ("confirmed", "applied"):
        with pytest.raises(DatabaseError, match=r"another|once"), transaction.atomic():
            Lowering.objects.filter(pk=row.pk).update(
                state=state, decided_by=cast.ada, decided_at=timezone.now(), answer="yes"
            )
    assert held_to(draft) == HELD_TO


def test_what_is_asked_is_decided_on_once_and_as_it_was(cast: Cast, draft: Dataset) -> None:
    row = propose(cast, draft, "fewest_alike")
    with pytest.raises(LoweringWaitsError):
        propose(cast, draft, "privacy_profile")
    with pytest.raises(DatabaseError, match="as it was made"), transaction.atomic():
        Lowering.objects.filter(pk=row.pk).update(becomes={"fewest_alike": 2})
    with pytest.raises(DatabaseError, match="begins as a proposal"), transaction.atomic():
        Lowering.objects.create(
            dataset=draft, before={}, becomes={}, reason="x", state="confirmed",
            proposed_by=cast.ada, decided_by=cast.cleo, decided_at=timezone.now(), answer="x",
        )  # fmt: skip
    refuse_lowering(actor=cast.cleo, lowering=row, reason="Too few people.")
    with pytest.raises(LoweringDecidedError):
        confirm_lowering(actor=cast.cleo, lowering=row, reason="after all")
    again = propose(cast, draft, "fewest_alike")
    update_dataset(actor=cast.ada, dataset=draft, changes={"fewest_alike": 9})
    with pytest.raises(LoweringDecidedError, match="changed since"):
        confirm_lowering(actor=cast.cleo, lowering=again, reason="yes")
    cancel_lowering(actor=cast.ada, lowering=again)
    assert held_to(draft)["fewest_alike"] == 9


def test_what_lowers_nothing_is_not_asked_for(cast: Cast, draft: Dataset) -> None:
    for changes in ({}, {"title": "x"}, {"fewest_alike": 8}, {**LESS, "verified_share": 1.0}):
        with pytest.raises(InvalidError):
            propose_lowering(actor=cast.ada, dataset=draft, changes=changes, reason="x")
    with pytest.raises(InvalidError, match="no privacy profile"):
        update_dataset(actor=cast.ada, dataset=draft, changes={"privacy_profile": "none"})


def test_before_the_first_clip_there_is_nothing_to_let_go(cast: Cast) -> None:
    dataset = make_dataset(cast, "empty", privacy_profile="sensitive")
    dataset = update_dataset(
        actor=cast.ada, dataset=dataset, changes={"privacy_profile": "standard"}
    )
    assert dataset.privacy_profile == "standard"


def test_what_was_found_under_the_stricter_profile_stays_found(cast: Cast, draft: Dataset) -> None:
    clip = clip_at(draft)
    scan = Scan.objects.create(
        dataset=draft,
        content_sha256=clip.blob.sha256,
        detector="second_opinion",
        detector_version="1",
        parameters_sha256="0" * 64,
    )
    finding = found_in(clip, scan=scan, kind="speech")
    confirm_lowering(
        actor=cast.cleo, lowering=propose(cast, draft, "privacy_profile"), reason="engines"
    )
    draft = Dataset.objects.get(pk=draft.pk)
    assert "second_opinion" not in {each.name for each in list_detectors(draft.privacy_profile)}
    release = create_release(actor=cast.ada, dataset=draft, version="1.0.0", purposes=PURPOSES)
    facts = load_facts(release, at=timezone.now())
    open_ones = [each.finding_id for row in facts.clips for each in row.findings]
    assert open_ones == [str(finding.uid)] * len(open_ones)
    assert open_ones


def test_the_strictest_profile_has_every_detector_of_the_others() -> None:
    strict = {each.name for each in list_detectors("sensitive")}
    assert all({each.name for each in list_detectors(profile)} <= strict for profile in PROFILES)


def test_it_is_asked_and_decided_by_command(
    cast: Cast, draft: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    less = ("lower_bar", "propose", "acme/tones", "--set", "privacy_profile=standard")
    call_command(*less, "--set", "verified_share=0.25", "--reason", "engines", "--as", "ada")
    with pytest.raises(CommandError, match="You asked for this"):
        call_command("lower_bar", "confirm", "acme/tones", "--reason", "yes", "--as", "ada")
    call_command("lower_bar", "confirm", "acme/tones", "--reason", "engines", "--as", "cleo")
    assert held_to(draft) == {**HELD_TO, "privacy_profile": "standard", "verified_share": 0.25}
    capsys.readouterr()
    call_command("lower_bar", "list", "acme/tones", "--as", "olga", "--json")
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["state"], row["decided_by"], row["answer"]) == ("applied", "cleo", "engines")
    with pytest.raises(CommandError, match="BAR=VALUE"):
        call_command(*less[:3], "--set", "title=x", "--reason", "x", "--as", "ada")


CUT = {"apart": ["sound"], "gap": 60.0, "order": ["train", "test"], "folds": 5}


@pytest.mark.parametrize(
    ("policy", "way"),
    [
        ({**CUT, "folds": 4}, "lower"),
        ({**CUT, "order": ["test", "train"]}, "lower"),
        ({key: value for key, value in CUT.items() if key != "order"}, "lower"),
        ({**CUT, "gap": 30.0}, "lower"),
        ({"apart": ["sound", "recording"], "folds": 5}, "free"),
        ({**CUT, "gap": 90.0}, "free"),
        ({**CUT, "apart": ["sound", "place"]}, "free"),
    ],
)
def test_folds_and_the_order_of_splits_are_lowered_by_two_at_the_database_too(
    cast: Cast, tmp_path: Path, policy: dict[str, Any], way: str
) -> None:
    draft = make_draft(cast, tmp_path)
    hold_to_less(cast, draft, split_policy=CUT)
    assert bool(describe_loosening(parse_policy(CUT), parse_policy(policy))) is (way == "lower")
    if way == "free":
        Dataset.objects.filter(pk=draft.pk).update(split_policy=policy)
        return
    with pytest.raises(BarLowersError):
        update_dataset(actor=cast.ada, dataset=draft, changes={"split_policy": policy})
    with pytest.raises(DatabaseError, match="becomes lower only"), transaction.atomic():
        Dataset.objects.filter(pk=draft.pk).update(split_policy=policy)
    hold_to_less(cast, draft, split_policy=policy)
    assert Dataset.objects.get(pk=draft.pk).split_policy == policy


def test_every_bar_is_tried_here() -> None:
    assert LESS.keys() | {"vocabulary"} == HELD_TO.keys() | {"vocabulary"} == set(ALL_BARS)


def add_person(cast: Cast, name: str, *roles: str) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", "pw")
    for role in roles:
        Membership.objects.create(user=user, organisation=cast.acme, role=role)
    return user


@pytest.mark.parametrize("bar", sorted(RIGHTS_BARS))
def test_what_licences_are_held_to_a_rights_reviewer_decides(
    cast: Cast, draft: Dataset, bar: str
) -> None:
    privacy, rights = (
        add_person(cast, "pia", "privacy_reviewer"),
        add_person(cast, "rob", "rights_reviewer"),
    )
    row = propose(cast, draft, bar)
    told = Notice.objects.filter(kind=Notice.Kind.LOWER)
    assert {each.user.username for each in told} == {"cleo", "rob"}
    with pytest.raises(DeniedError):
        confirm_lowering(actor=privacy, lowering=row, reason="yes")
    assert (may_decide_on_lowering(privacy, row), may_decide_on_lowering(rights, row)) == (
        False,
        True,
    )
    confirm_lowering(actor=rights, lowering=row, reason="They go together.")
    assert held_to(draft)[bar] == LESS[bar]
    assert told.filter(user=cast.ada).exists()
    with pytest.raises(DeniedError):
        confirm_lowering(actor=rights, lowering=propose(cast, draft, "fewest_alike"), reason="x")


def test_bars_of_different_reviewers_are_asked_for_one_after_the_other(
    cast: Cast, draft: Dataset
) -> None:
    with pytest.raises(InvalidError, match="rights reviewer decides on use, a privacy reviewer on"):
        propose(cast, draft, "use", "fewest_alike")
    changes = {bar: LESS[bar] for bar in ("use", "fewest_alike")}
    with pytest.raises(BarLowersError, match="a privacy reviewer or a rights reviewer decides"):
        update_dataset(actor=cast.ada, dataset=draft, changes=changes)


def test_what_no_term_is_becomes_none_by_another_vocabulary_only_by_two(
    cast: Cast, draft: Dataset
) -> None:
    strict, lax = (
        import_vocabulary(actor=cast.ada, name="tones", version=version, text=text)
        for version, text in (("1", "code,name\nt,tone-1\n"), ("2", "code,name\nt,anything\n"))
    )
    draft = update_dataset(actor=cast.ada, dataset=draft, changes={"vocabulary": strict})
    for looser in (lax, None):
        with pytest.raises(BarLowersError, match="vocabulary"):
            update_dataset(actor=cast.ada, dataset=draft, changes={"vocabulary": looser})
        with pytest.raises(DatabaseError, match="becomes lower only"), transaction.atomic():
            Dataset.objects.filter(pk=draft.pk).update(vocabulary=looser)
    # By its name, as REST and the command say it; and confirmed for one it is not for another.
    less = {"vocabulary": "tones 2"}
    row = propose_lowering(actor=cast.ada, dataset=draft, changes=less, reason="New words.")
    assert (row.before, row.becomes) == ({"vocabulary": "tones 1"}, less)
    confirm_lowering(actor=cast.cleo, lowering=row, reason="They fit.")
    assert Dataset.objects.get(pk=draft.pk).vocabulary == lax
    hold_to_less(cast, draft, vocabulary=None)
    assert Dataset.objects.get(pk=draft.pk).vocabulary is None


@pytest.mark.parametrize("days", [31, 0, None])
def test_access_lasts_longer_only_by_two(cast: Cast, draft: Dataset, days: int | None) -> None:
    with pytest.raises(BarLowersError):
        update_dataset(actor=cast.ada, dataset=draft, changes={"grant_days": days})
    with pytest.raises(DatabaseError, match="becomes lower only"), transaction.atomic():
        Dataset.objects.filter(pk=draft.pk).update(grant_days=days)
    hold_to_less(cast, draft, grant_days=days)
    update_dataset(actor=cast.ada, dataset=draft, changes={"grant_days": 7})
    assert Dataset.objects.get(pk=draft.pk).grant_days == 7
