"""Whatever happens in whatever order, no door gives a sound that somebody in it did not allow.

Random histories are walked through the product's own actions; after each step everybody asks every
door for everything, and a model that knows who can be heard and what they said judges what came.
`EARMARK_HISTORIES` says how many are drawn (5), `EARMARK_HISTORY_SEED` which (the same each time).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from apps.datasets.actions import update_dataset
from apps.releases.models import Release
from datasets_catalog.errors import EarmarkError
from tests.cast import Cast
from tests.journeys import history_steps
from tests.journeys.door_asking import (
    client_of,
    given_by_doors,
    given_of_dataset,
    given_of_release,
    heard_sounds,
    named_in,
    read,
    signed_addresses,
)
from tests.journeys.history import BEGIN, HEARD, SAID, History, start_history
from tests.journeys.history_steps import grant, release, say, send, widen
from tests.journeys.promise_model import Taking, uses_among
from tests.stand_ins.hub.handle import HubHandle, running_hub
from tests.stand_ins.hub.store import Commit

pytestmark = pytest.mark.django_db
DRAWN = int(os.environ.get("EARMARK_HISTORIES", "5"))
DECLARED = (
    ("research.noncommercial", "publish.open", "share.raw_audio"),
    ("research.noncommercial", "publish.gated", "share.raw_audio"),
    ("train.generative", "publish.gated", "share.raw_audio"),
    ("research.commercial", "publish.open", "share.raw_audio"),
    ("research.noncommercial",),
)
GRANTS = [("research.noncommercial",), ("research.commercial",), ("train.generative",)]
# How many signed addresses a history keeps, to be asked again after every step.
SIGNED = 12
ACCESSES = ["open", "terms", "request", "organisation"]

PEOPLE = st.sampled_from(["ben", "kim"])
LISTED = st.sampled_from([(), ("ben",), ("kim",), ("ben", "kim"), ("zoe",)])
SOUNDS = st.sampled_from(sorted(HEARD))
ANSWERS = st.dictionaries(st.sampled_from(SAID), st.booleans(), min_size=1)
EVERYTHING = dict.fromkeys(SAID, True)
DAYS = st.none() | st.integers(1, 6)
PROFILES = st.sampled_from(["speech", "standard", "sensitive"])
STEPS = st.one_of(
    st.tuples(st.just(say), PEOPLE, st.just(EVERYTHING), DAYS),
    st.tuples(st.just(say), PEOPLE, ANSWERS, DAYS),
    st.tuples(st.just(history_steps.correct), PEOPLE, ANSWERS),
    st.tuples(st.just(history_steps.find_under_age), PEOPLE),
    st.tuples(st.just(history_steps.wait), st.integers(1, 4)),
    st.tuples(st.just(release), st.sampled_from(DECLARED)),
    st.tuples(st.sampled_from([history_steps.give_way, widen]), st.sampled_from(ACCESSES)),
    st.tuples(st.just(grant), st.sampled_from(GRANTS), DAYS),
    st.tuples(st.just(history_steps.accept), st.sampled_from(GRANTS)),
    st.tuples(st.just(history_steps.take_back), st.sampled_from(["dan", "eve"])),
    st.tuples(st.just(send), st.sampled_from(["open", "manual"])),
    st.tuples(
        st.sampled_from([history_steps.close, history_steps.open_again, history_steps.settle])
    ),
    st.tuples(st.sampled_from([history_steps.exclude, history_steps.take_exclusion_back]), SOUNDS),
    st.tuples(st.just(history_steps.count), SOUNDS, st.booleans()),
    st.tuples(st.just(history_steps.remove), SOUNDS),
    st.tuples(st.just(history_steps.bring_back), SOUNDS, LISTED),
    st.tuples(st.just(history_steps.rename_people), SOUNDS, LISTED),
    st.tuples(st.just(history_steps.change_profile), PROFILES),
)


def begin(ways: list[tuple[Any, ...]], declared: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """A beginning with something to lose: everybody allows it all, and it is out."""
    people = [(say, person, EVERYTHING, None) for person in ("ben", "kim")]
    return [*people, (release, declared), *ways]


WAYS = st.lists(
    st.sampled_from([(widen, "open"), *[(grant, each, None) for each in GRANTS]]),
    min_size=1,
    max_size=2,
    unique=True,
)
HISTORIES = st.builds(
    lambda beginning, rest: [*beginning, *rest],
    st.builds(begin, WAYS, st.sampled_from(DECLARED[:4])) | st.just([]),
    st.lists(STEPS, min_size=3, max_size=7),
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubHandle]:
    with running_hub(tmp_path_factory.mktemp("hub")) as handle:
        yield handle


def check_doors(history: History, readers: dict[str, Client]) -> None:
    """Ask for everything as everybody; whatever comes must be what all in it allow."""
    releases = history.releases()
    objects = {oid for row in releases for oid in row.holdings.values_list("blob__oid", flat=True)}
    objects |= set(history.sounds)
    for who, client in readers.items():
        given = given_of_dataset(client, history.current(), objects)
        judge_all(history, releases, who, given)
        for row in releases:
            kept = [(who, row, at) for at in signed_addresses(client, row)]
            judge_all(history, [row], who, given_of_release(client, row))
            history.signed += kept if len(history.signed) < SIGNED else []
    for who, row, address in history.signed:
        judge_all(history, [row], who, [("signed before", read(Client(), address))])


def judge_all(
    history: History, rows: list[Release], who: str, given: Iterable[tuple[str, bytes]]
) -> None:
    for door, content in given:
        names = {history.sounds.get(md5) for md5 in named_in(content)}
        names |= {history.sound_of(sound) for _, sound in heard_sounds([(door, content)])}
        for name in names:
            judge(history, rows, who, door, name)


def judge(history: History, rows: list[Release], who: str, door: str, sound: str | None) -> None:
    """Whether the reader may have got the sound, of one of the releases, as all in it allow."""
    if sound is None:
        return
    takings = [each for row in rows for each in ways_of(history, row, who, sound)]
    broken = [history.promise.broken_by(each, history.day) for each in takings]
    assert any(not each for each in broken), (door, who, sound, str(rows), broken, history.story)


def ways_of(history: History, row: Release, who: str, sound: str) -> Iterator[Taking]:
    """On what the reader may have been given a sound of the release."""
    uses = uses_among(row.purposes)
    if history.access == "open":
        yield Taking(sound, "open", uses)
    for granted, end in history.granted.get(who, []):
        fitting = uses_among(granted) & uses
        if fitting and (end is None or history.day < end):
            yield Taking(sound, "gated", fitting)


@dataclass(frozen=True)
class Abroad:
    """What the repository of a history abroad has: the titles of its commits, and no gate."""

    titles: set[str] = field(default_factory=set)
    is_open: bool = False


def check_what_was_sent(history: History, before: Abroad) -> Abroad:
    """What came to the Hub abroad in this step, or stands more open there now, was allowed to."""
    repo = history.hub.store.find("dataset", history.repository)
    if repo is None:
        return before
    commits = history.hub.commits(history.repository)
    after = Abroad({each.title for each in commits if "Release " in each.title}, not repo.gated)
    judged = after.titles if after.is_open > before.is_open else after.titles - before.titles
    for commit in commits:
        if commit.title in judged:
            check_commit(history, commit, "open" if after.is_open else "gated")
    return after


def check_commit(history: History, commit: Commit, way: str) -> None:
    [row] = [each for each in history.releases() if each.version in commit.title]
    files = (history.hub.store.blob_path(entry).read_bytes() for entry in commit.tree.values())
    for _, content in heard_sounds(("abroad", each) for each in files):
        sound = history.sound_of(content)
        if sound is not None:
            taking = Taking(sound, way, uses_among(row.purposes))
            broken = history.promise.broken_by(taking, history.day)
            assert not broken, (str(row), broken, history.story)


def test_what_everybody_allows_is_given_at_every_door(
    cast: Cast, tmp_path: Path, hub: HubHandle
) -> None:
    """The doors of the histories do give: what is not given there was refused."""
    history = start_history(cast, tmp_path, hub)
    for person in ("ben", "kim"):
        say(history, person, EVERYTHING, None)
    update_dataset(actor=cast.ada, dataset=history.current(), changes={"access": "open"})
    release(history, DECLARED[0])
    send(history, "open")
    [row] = history.releases()
    given: dict[str, set[str]] = {}
    for door, content in heard_sounds(given_by_doors(Client(), row, history.sounds)):
        sound = history.sound_of(content)
        if sound is not None:
            given.setdefault(door, set()).add(sound)
    doors = ("dvc", "rest", "archive", "flavour", "signed", "hub main", f"hub v{row.version}")
    assert given == {door: set(HEARD) for door in doors}
    assert len(check_what_was_sent(history, Abroad()).titles) == 1


def walk(history: History, steps: list[tuple[Any, ...]], clock: time_machine.Traveller) -> None:
    cast = history.cast
    readers = {"nobody": Client(), "eve": client_of(cast.eve), "dan": client_of(cast.dan)}
    sent = Abroad()
    for number, (verb, *rest) in enumerate(steps):
        history.log.append(f"day {history.day}: {verb.__name__} {rest}")
        try:
            with transaction.atomic():
                verb(history, *rest)
        except EarmarkError as refusal:
            history.log.append(f"  refused: {refusal}")
        except REFUSALS as refusal:
            history.log.append(f"  nothing to do: {refusal!r}")
        clock.move_to(history.now, tick=False)
        sent = check_what_was_sent(history, sent)
        # Whoever was granted nothing is asked for in turn, signed in or not.
        left_out = {"nobody", "eve"} - set(history.granted)
        left_out -= {("nobody", "eve")[number % 2]}
        check_doors(history, {who: one for who, one in readers.items() if who not in left_out})


# A step that speaks of what this history does not have.
REFUSALS = (LookupError, ObjectDoesNotExist)


@pytest.mark.timeout(100 * DRAWN)
@seed(int(os.environ.get("EARMARK_HISTORY_SEED", "1")))
@given(steps=HISTORIES)
@settings(
    max_examples=DRAWN,
    deadline=None,
    database=None,
    # A history takes seconds; to shrink one would take hours.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_door_gives_what_somebody_in_it_does_not_allow(
    cast: Cast,
    tmp_path_factory: pytest.TempPathFactory,
    hub: HubHandle,
    steps: list[tuple[Any, ...]],
) -> None:
    with transaction.atomic(), time_machine.travel(BEGIN, tick=False) as clock:
        walk(start_history(cast, tmp_path_factory.mktemp("history"), hub), steps, clock)
        transaction.set_rollback(True)
