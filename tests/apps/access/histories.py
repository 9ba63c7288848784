"""Random histories of one dataset, told twice: to plain Python, and to the database."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from hypothesis import strategies as st

from apps.access.access_terms import AccessTakenBackError, accept_terms, save_terms
from apps.access.actions import grant_access, revoke_access
from apps.access.agreements import SeatsTakenError, give_seat, take_seat
from apps.access.grants import Agreement, CountryRefusedError
from apps.access.models import Entitlement
from apps.accounts.access import Principal
from apps.accounts.actions import add_member, remove_member
from apps.accounts.models import Membership, Organisation, User
from apps.datasets.models import Dataset
from apps.releases.errors import ReleaseLapsedError
from apps.releases.models import LapseGround, Release
from apps.releases.stops import lift_stop, place_stop
from apps.storage.models import Blob
from datasets_catalog.errors import NotFoundError
from datasets_catalog.purposes import Purpose
from datasets_catalog.release_states import ReleaseState
from datasets_catalog.roles import Role
from tests.cast import Cast
from tests.factories.published import set_access, walk

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CLEARED = (Purpose.RESEARCH_NONCOMMERCIAL, Purpose.TRAIN_DISCRIMINATIVE)
ASKED = (None, *CLEARED, Purpose.TRAIN_VOICE_SYNTHESIS)
PEOPLE = ("member", "guest", "outsider", "nobody")
OPEN, GATED = Purpose.PUBLISH_OPEN, Purpose.PUBLISH_GATED
AUDIO = Purpose.SHARE_RAW_AUDIO
EEA, DE, US = "EEA", "DE", "US"


@dataclass(frozen=True)
class Allowed:
    """What people allowed of how the release is given out, and where it may go."""

    doors: frozenset[Purpose] = frozenset({OPEN, AUDIO})
    territories: tuple[str, ...] = ()

    @property
    def to_everyone(self) -> bool:
        return OPEN in self.doors and not self.territories

    @property
    def through_gate(self) -> bool:
        return OPEN in self.doors or GATED in self.doors


ALLOWED = st.builds(
    Allowed,
    st.frozensets(st.sampled_from([OPEN, GATED, AUDIO])),
    st.sampled_from([(), (), (EEA,)]),
)


@dataclass
class Grant:
    """What was given to a holder; `seats` are the people who have one, None for everybody."""

    holder: str
    purposes: frozenset[Purpose]
    until: int | None
    terms: int = 0
    seats: set[str] | None = None
    places: int = 0
    country: str = ""


@dataclass
class Model:
    """What was given to whom, in plain Python; times in days."""

    allowed: Allowed = field(default_factory=Allowed)
    lapse: int | None = None
    access: str = "request"
    state: ReleaseState = ReleaseState.PUBLISHED
    today: int = 0
    in_lab: set[str] = field(default_factory=set)
    grants: list[Grant] = field(default_factory=list)
    put_out: set[str] = field(default_factory=set)
    accepted: dict[str, int] = field(default_factory=dict)
    version: int = 0
    required: int = 0
    embargo: int = 0
    version_embargo: int = 0
    stopped: bool = False

    def holds(self, grant: Grant, who: str) -> bool:
        if grant.until is not None and self.today >= grant.until:
            return False
        if grant.holder == who:
            return True
        if grant.holder != "lab" or who not in self.in_lab:
            return False
        return grant.seats is None or who in grant.seats

    def may_download(self, who: str, purpose: Purpose | None) -> bool:
        if self.state is ReleaseState.WITHDRAWN or self.stopped:
            return False
        if purpose is not None and purpose not in CLEARED:
            return False
        if who == "member":
            return True
        if AUDIO not in self.allowed.doors or self.is_kept_back:
            return False
        if self.stands_open:
            return self.allowed.to_everyone
        return self.allowed.through_gate and any(
            self.lets_in(grant, who) and (purpose is None or purpose in grant.purposes)
            for grant in self.grants
        )

    @property
    def is_kept_back(self) -> bool:
        """From everybody but members: before its date, and after somebody's answer changed."""
        early = self.today < max(self.embargo, self.version_embargo)
        return early or (self.lapse is not None and self.today >= self.lapse)

    @property
    def stands_open(self) -> bool:
        """What is allowed behind a gate alone stays behind one in an open dataset."""
        gate_would_do = self.allowed.through_gate and AUDIO in self.allowed.doors
        return self.access == "open" and (self.allowed.to_everyone or not gate_would_do)

    def lets_in(self, grant: Grant, who: str) -> bool:
        near = not self.allowed.territories or grant.country == DE
        return self.holds(grant, who) and grant.terms >= self.required and near

    def may_list(self, who: str) -> bool:
        """Whether the names and hashes of files may be seen."""
        if self.state is ReleaseState.WITHDRAWN or self.stopped:
            return False
        if who == "member":
            return True
        if self.is_kept_back:
            return False
        if self.stands_open:
            return self.allowed.to_everyone
        bound = [g for g in self.grants if self.holds(g, who) and g.terms >= self.required]
        if bound:
            return self.allowed.through_gate and any(self.lets_in(g, who) for g in bound)
        at_gate = self.access != "organisation" and who != "nobody"
        return at_gate and self.allowed.through_gate

    def knows(self, who: str) -> bool:
        """Whether the dataset is in the lists that the person reads."""
        if who == "member" or self.access != "organisation":
            return True
        return any(self.holds(grant, who) for grant in self.grants)


@dataclass
class World:
    """The same in the database; Rita owns the lab, Dan and Eve come and go there."""

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

    def dataset(self) -> Dataset:
        rows = Dataset.objects.select_related("organisation")
        return rows.get(pk=self.release.dataset_id)


HOLDERS = st.sampled_from(["guest", "lab"])
MEMBERS = st.sampled_from(["guest", "outsider"])
STEPS = st.one_of(
    st.tuples(
        st.just("grant"),
        HOLDERS,
        st.frozensets(st.sampled_from(CLEARED), min_size=1),
        st.none() | st.integers(1, 9),
        st.sampled_from([0, 1, 1, 2]),
        st.sampled_from(["", DE, US]),
    ),
    st.tuples(st.just("lapse"), st.integers(0, 4)),
    st.tuples(st.just("revoke"), HOLDERS),
    st.tuples(st.just("wait"), st.integers(1, 5)),
    st.tuples(st.just("join"), MEMBERS),
    st.tuples(st.just("leave"), MEMBERS),
    st.tuples(st.just("seat"), MEMBERS, st.booleans()),
    st.tuples(st.just("terms"), st.booleans()),
    st.tuples(st.just("accept"), st.sampled_from(["guest", "outsider", "lab"])),
    st.tuples(st.just("embargo"), st.integers(0, 6), st.booleans()),
    st.tuples(st.just("stop")),
    st.tuples(st.just("policy"), st.sampled_from(["open", "terms", "request", "organisation"])),
    st.tuples(st.just("move"), st.sampled_from([ReleaseState.DEPRECATED, ReleaseState.WITHDRAWN])),
)


def moment(day: int) -> datetime:
    return BEGIN + timedelta(days=day)


def make_world(cast: Cast, release: Release, blob: Blob) -> World:
    lab = Organisation.objects.create(name="lab", kind="company")
    Membership.objects.create(user=cast.rita, organisation=lab, role=Role.OWNER)
    return World(cast, lab, release, blob)


def take_step(world: World, model: Model, step: tuple[object, ...]) -> None:
    verb, *rest = step
    _STEPS[str(verb)](world, model, *rest)


def _grant(
    world: World,
    model: Model,
    name: str,
    purposes: frozenset[Purpose],
    days: int | None,
    places: int,
    country: str,
) -> None:
    if model.state is ReleaseState.WITHDRAWN:
        # Nothing is left that anybody could be let into.
        return
    places = places if name == "lab" else 0
    until = None if days is None else model.today + days
    try:
        grant_access(
            actor=world.cast.ada,
            dataset=world.release.dataset,
            holder=world.holder(name),
            purposes=sorted(purposes),
            until=None if until is None else moment(until),
            agreement=Agreement(seats=places) if places else None,
            country=country,
        )
    except CountryRefusedError:
        assert model.allowed.territories
        assert country != DE
        return
    except ReleaseLapsedError:
        assert model.lapse is not None
        return
    seats: set[str] | None = set() if places else None
    terms = model.accepted.get(name, 0)
    model.grants.append(Grant(name, purposes, until, terms, seats, places, country))
    model.put_out.discard(name)


def _revoke(world: World, model: Model, name: str) -> None:
    try:
        revoke_access(
            actor=world.cast.ada, dataset=world.release.dataset, holder=world.holder(name)
        )
    except NotFoundError:
        assert not any(grant.holder == name for grant in model.grants)
    else:
        model.put_out.add(name)
    model.grants = [grant for grant in model.grants if grant.holder != name]


def _wait(world: World, model: Model, days: int) -> None:
    model.today += days


def _join(world: World, model: Model, who: str) -> None:
    user = world.principal(who)
    add_member(
        actor=world.cast.rita,
        organisation=world.lab,
        username=user.get_username(),
        role=Role.MEMBER,
    )
    model.in_lab.add(who)


def _leave(world: World, model: Model, who: str) -> None:
    user = world.principal(who)
    with suppress(NotFoundError):
        remove_member(
            actor=world.cast.rita,
            organisation=world.lab,
            username=user.get_username(),
            role=Role.MEMBER,
        )
    model.in_lab.discard(who)
    for grant in model.grants:
        if grant.seats is not None:
            grant.seats.discard(who)


def _seat(world: World, model: Model, who: str, give: bool) -> None:  # noqa: FBT001 - a drawn value
    """In the newest agreement with seats."""
    row = Entitlement.objects.filter(seats__gt=0, revoked_at=None).order_by("-pk").first()
    grant = next((each for each in reversed(model.grants) if each.seats is not None), None)
    assert (row is None) == (grant is None)
    if row is None or grant is None or grant.seats is None:
        return
    change: Any = give_seat if give else take_seat
    try:
        change(actor=world.cast.rita, agreement=row, username=world.principal(who).get_username())
    except SeatsTakenError:
        assert len(grant.seats) >= grant.places
        assert who not in grant.seats
    except NotFoundError:
        assert who not in (model.in_lab if give else grant.seats)
    else:
        (grant.seats.add if give else grant.seats.discard)(who)


def _terms(world: World, model: Model, again: bool) -> None:  # noqa: FBT001 - a drawn value
    model.version += 1
    save_terms(
        actor=world.cast.ada,
        dataset=world.dataset(),
        text=f"Terms {model.version}.",
        asks_again=again,
    )
    if again:
        model.required = model.version


def _accept(world: World, model: Model, name: str) -> None:
    held = [g for g in model.grants if g.holder == name and _valid(model, g)]
    lab = world.lab if name == "lab" else None
    actor = world.cast.rita if lab else world.principal(name)
    assert isinstance(actor, User)
    known = name == "lab" or model.knows(name)
    try:
        accept_terms(
            actor=actor,
            dataset=world.dataset(),
            version=model.version,
            organisation=lab,
            purposes=sorted(CLEARED),
            country=DE,
        )
    except AccessTakenBackError:
        assert model.access == "terms"
        assert name in model.put_out
        assert not held
        return
    except NotFoundError:
        assert not known or not model.version or (name == "lab" and not held)
        return
    except ReleaseLapsedError:
        assert model.lapse is not None
        assert model.access == "terms"
        return
    model.accepted[name] = model.version
    for grant in held:
        grant.terms = model.version
    if model.access == "terms" and name != "lab" and not held:
        model.grants.append(Grant(name, frozenset(CLEARED), None, model.version, country=DE))


def _valid(model: Model, grant: Grant) -> bool:
    return grant.until is None or model.today < grant.until


def _embargo(world: World, model: Model, days: int, whole: bool) -> None:  # noqa: FBT001 - drawn
    until = model.today + days
    if whole:
        model.embargo = until
        set_access(dataset=world.release.dataset, embargo_until=moment(until))
    else:
        model.version_embargo = until
        dates = {world.release.version: moment(until).isoformat()}
        set_access(dataset=world.release.dataset, embargoes=dates)


def _lapse(world: World, model: Model, days: int) -> None:
    """From then on somebody in the release does not allow it any more."""
    model.lapse = model.today + days
    ground = LapseGround.values[days % len(LapseGround.values)]
    rows = Release.objects.filter(pk=world.release.pk)
    rows.update(lapses_at=moment(model.lapse), lapses_by=ground)


def _stop(world: World, model: Model) -> None:
    """Close the release in an emergency, or lift that again."""
    release = Release.objects.select_related("dataset__organisation").get(pk=world.release.pk)
    if model.state is ReleaseState.WITHDRAWN:
        return
    standing = release.dataset.stops.in_force().first()
    if standing is None:
        place_stop(
            actor=world.cast.cleo, dataset=release.dataset, release=release, reason="A voice."
        )
    else:
        lift_stop(actor=world.cast.ada, stop=standing, reason="No voice.")
    model.stopped = standing is None


def _policy(world: World, model: Model, access: str) -> None:
    set_access(access, dataset=world.release.dataset)
    model.access = access


def _move(world: World, model: Model, state: ReleaseState) -> None:
    if model.state is not ReleaseState.WITHDRAWN:
        walk(world.release, state)
        model.state = state


_STEPS: dict[str, Any] = {
    "grant": _grant,
    "revoke": _revoke,
    "wait": _wait,
    "join": _join,
    "leave": _leave,
    "seat": _seat,
    "terms": _terms,
    "accept": _accept,
    "embargo": _embargo,
    "stop": _stop,
    "lapse": _lapse,
    "policy": _policy,
    "move": _move,
}
