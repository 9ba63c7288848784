"""Whatever grants, expiries and revocations come in whatever order, the answer is the model's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.access.access import open_object
from apps.access.actions import grant_access, revoke_access
from apps.access.answers import Action
from apps.access.authorize import authorize
from apps.accounts.access import Principal
from apps.accounts.models import Membership, Organisation, User
from apps.datasets.models import Dataset
from apps.releases.models import Release
from apps.storage.models import Blob
from datasets_catalog.errors import EarmarkError, NotFoundError
from datasets_catalog.purposes import Purpose
from datasets_catalog.release_states import ReleaseState
from datasets_catalog.roles import Role
from tests.cast import Cast
from tests.factories.published import keep, make_dataset, make_release, walk

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CLEARED = (Purpose.RESEARCH_NONCOMMERCIAL, Purpose.TRAIN_DISCRIMINATIVE)
ASKED = (None, *CLEARED, Purpose.TRAIN_VOICE_SYNTHESIS)


@dataclass
class Model:
    """What was given to whom, in plain Python; times in days."""

    access: str = "request"
    state: ReleaseState = ReleaseState.PUBLISHED
    today: int = 0
    in_lab: bool = False
    grants: list[tuple[str, frozenset[Purpose], int | None]] = field(default_factory=list)

    def may_download(self, who: str, purpose: Purpose | None) -> bool:
        if self.state is ReleaseState.WITHDRAWN:
            return False
        if purpose is not None and purpose not in CLEARED:
            return False
        if who == "member" or self.access == "open":
            return True
        holders = {who} | ({"lab"} if who == "guest" and self.in_lab else set())
        return any(
            holder in holders
            and (until is None or self.today < until)
            and (purpose is None or not purposes or purpose in purposes)
            for holder, purposes, until in self.grants
        )


@dataclass
class World:
    """The same in the database."""

    cast: Cast
    lab: Organisation
    release: Release
    blob: Blob

    def principal(self, who: str) -> Principal:
        people: dict[str, Principal] = {
            "member": self.cast.olga,
            "guest": self.cast.dan,
            "outsider": self.cast.eve,
            "nobody": AnonymousUser(),
        }
        return people[who]

    def holder(self, name: str) -> User | Organisation:
        return self.lab if name == "lab" else self.cast.dan


HOLDERS = st.sampled_from(["guest", "lab"])
STEPS = st.one_of(
    st.tuples(
        st.just("grant"),
        HOLDERS,
        st.frozensets(st.sampled_from(CLEARED)),
        st.none() | st.integers(1, 9),
    ),
    st.tuples(st.just("revoke"), HOLDERS),
    st.tuples(st.just("wait"), st.integers(1, 5)),
    st.tuples(st.just("join")),
    st.tuples(st.just("leave")),
    st.tuples(st.just("policy"), st.sampled_from(["open", "request", "organisation"])),
    st.tuples(st.just("move"), st.sampled_from([ReleaseState.DEPRECATED, ReleaseState.WITHDRAWN])),
)


def take_step(world: World, model: Model, step: tuple[object, ...]) -> None:
    match step:
        case ("grant", str(name), frozenset() as purposes, days):
            assert days is None or isinstance(days, int)
            until = None if days is None else model.today + days
            at = None if until is None else BEGIN + timedelta(days=until)
            grant_access(
                actor=world.cast.ada,
                dataset=world.release.dataset,
                holder=world.holder(name),
                purposes=sorted(purposes),
                until=at,
            )
            model.grants.append((name, purposes, until))
        case ("revoke", str(name)):
            try:
                revoke_access(
                    actor=world.cast.ada, dataset=world.release.dataset, holder=world.holder(name)
                )
            except NotFoundError:
                assert not any(holder == name for holder, *_ in model.grants)
            model.grants = [grant for grant in model.grants if grant[0] != name]
        case ("wait", int(days)):
            model.today += days
        case ("join",):
            Membership.objects.get_or_create(
                user=world.cast.dan, organisation=world.lab, role=Role.ANNOTATOR
            )
            model.in_lab = True
        case ("leave",):
            Membership.objects.filter(user=world.cast.dan, organisation=world.lab).delete()
            model.in_lab = False
        case ("policy", str(access)):
            Dataset.objects.filter(pk=world.release.dataset_id).update(access=access)
            model.access = access
        case ("move", ReleaseState() as state):
            if model.state is not ReleaseState.WITHDRAWN:
                walk(world.release, state)
                model.state = state


def agree(world: World, model: Model) -> None:
    release = Release.objects.select_related("dataset__organisation").get(pk=world.release.pk)
    for who in ("member", "guest", "outsider", "nobody"):
        principal = world.principal(who)
        for purpose in ASKED:
            answer = authorize(principal, release, Action.DOWNLOAD, purpose)
            assert answer.allowed == model.may_download(who, purpose), (who, purpose, answer)
            assert answer.reason
        try:
            open_object(principal, release.dataset.full_name, world.blob.oid)
        except EarmarkError:
            opened = False
        else:
            opened = True
        assert opened == model.may_download(who, None), who


@given(steps=st.lists(STEPS, max_size=8))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_random_histories_agree_with_a_plain_model(
    cast: Cast, steps: list[tuple[object, ...]]
) -> None:
    with transaction.atomic(), time_machine.travel(BEGIN, tick=False) as clock:
        lab = Organisation.objects.create(name="lab", kind="company")
        dataset = make_dataset(cast.acme, cast.ada)
        blob = keep(dataset, b"wren")
        release = make_release(dataset, holding=[blob], purposes=CLEARED)
        world, model = World(cast, lab, release, blob), Model()
        for step in steps:
            take_step(world, model, step)
            clock.move_to(BEGIN + timedelta(days=model.today), tick=False)
            agree(world, model)
        transaction.set_rollback(True)
