"""Whatever happens in whatever order, no door gives a sound that somebody in it did not allow.

Random histories are walked through the product's own actions; after each step everybody asks every
door for everything, and a model that knows who can be heard and what they said judges what came.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.access.actions import grant_access, revoke_access
from apps.access.widening import confirm_access_change, propose_access_change
from apps.consent.actions import record_consents
from apps.consent.entries import ConsentEntry
from apps.datasets.actions import remove_clips, update_dataset
from apps.datasets.models import Clip, Dataset
from apps.ingest.actions import import_clips
from apps.privacy.scanning import scan_dataset
from apps.publishing.releasing import publish
from apps.releases.actions import create_release, freeze, sign_off, submit
from apps.releases.models import Release
from datasets_catalog.errors import EarmarkError
from datasets_catalog.purposes import Answer, Purpose
from datasets_catalog.release_states import PUBLIC
from tests.cast import Cast
from tests.factories.drafts import make_dataset, write_table
from tests.journeys.door_asking import client_of, given_by_doors, md5_of
from tests.journeys.promise_model import Promise, Saying, Taking, uses_among
from tests.sounds import tone, write_sound

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
# Who can be heard in each sound, which no table ever changes.
HEARD = {"solo": {"ben"}, "duo": {"ben", "kim"}, "voice": {"kim"}, "birds": set[str]()}
SAID = (
    "publish.open",
    "publish.gated",
    "share.raw_audio",
    "research.noncommercial",
    "train.generative",
)
DECLARED = (
    ("research.noncommercial", "publish.open", "share.raw_audio"),
    ("research.noncommercial", "publish.gated", "share.raw_audio"),
    ("train.generative", "publish.gated", "share.raw_audio"),
    ("research.noncommercial",),
)


@dataclass
class History:
    """One dataset on its way, told to the product and to the model."""

    cast: Cast
    folder: Path
    dataset: Dataset
    promise: Promise
    day: float = 0.0
    serial: int = 0
    granted: frozenset[str] = frozenset()
    sounds: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number, name in enumerate(HEARD):
            file = write_sound(self.folder / f"{name}.wav", tone(hertz=400.0 + 90 * number))
            self.sounds[md5_of(file.read_bytes())] = name
        for name, people in HEARD.items():
            self.bring(name, f"{name}.wav", sorted(people))

    def bring(self, sound: str, path: str, people: list[str]) -> None:
        """Import a sound under a name, with whatever the row says of who is in it."""
        folder = self.folder / f"import-{self.serial}"
        self.serial += 1
        folder.mkdir()
        shutil.copy(self.folder / f"{sound}.wav", folder / path)
        row = {"path": path, "licence": "CC0-1.0", "contributors": ";".join(people)}
        table = write_table(folder / "clips.csv", [row])
        import_clips(actor=self.cast.ada, dataset=self.dataset, source=folder, metadata=table)
        scan_dataset(actor=self.cast.ada, dataset=self.current())

    def current(self) -> Dataset:
        return Dataset.objects.select_related("organisation").get(pk=self.dataset.pk)


def say(history: History, person: str, said: dict[str, bool], until: int | None) -> None:
    """Record what a person says today, if the ledger takes it."""
    at = BEGIN + timedelta(days=history.day)
    entry = ConsentEntry(
        contributor=person,
        form="voices",
        form_version="1",
        given_at=at,
        answers={
            Purpose(name): Answer.ALLOWED if yes else Answer.DENIED for name, yes in said.items()
        },
        valid_until=None if until is None else at + timedelta(days=until),
        evidence_sha256="ab" * 32,
    )
    record_consents(actor=history.cast.ada, organisation=history.cast.acme, entries=[entry])
    end = None if until is None else history.day + until
    history.promise.say(person, Saying(history.day, said, end))


def wait(history: History, days: int) -> None:
    history.day += days


def release(history: History, purposes: tuple[str, ...]) -> None:
    """Take the draft as far towards publication as the product lets it go."""
    cast, version = history.cast, f"1.{history.serial}.0"
    history.serial += 1
    row = create_release(
        actor=cast.ada, dataset=history.current(), version=version, purposes=purposes
    )
    row = submit(actor=cast.ada, release=freeze(actor=cast.ada, release=row))
    for part in ("privacy", "rights"):
        row = sign_off(actor=cast.cleo, release=row, part=part)
    publish(actor=cast.rita, release=row)


def give_way(history: History, access: str) -> None:
    """Try to open or shut the dataset by one hand."""
    update_dataset(actor=history.cast.ada, dataset=history.current(), changes={"access": access})


def widen(history: History, access: str) -> None:
    """Let more people in by two: one proposes it, another person agrees."""
    change = propose_access_change(
        actor=history.cast.ada,
        dataset=history.current(),
        changes={"access": access},
        reason="more readers",
    )
    confirm_access_change(actor=history.cast.cleo, change=change)


def grant(history: History, purposes: tuple[str, ...]) -> None:
    grant_access(
        actor=history.cast.ada,
        dataset=history.current(),
        holder=history.cast.dan,
        purposes=purposes,
    )
    history.granted |= frozenset(purposes)


def take_back(history: History) -> None:
    revoke_access(actor=history.cast.ada, dataset=history.current(), holder=history.cast.dan)
    history.granted = frozenset()


def remove(history: History, sound: str) -> None:
    clips = Clip.objects.filter(dataset=history.dataset, path__startswith=sound)
    paths = [clip.path for clip in clips.exclude(state=Clip.State.REMOVED)]
    remove_clips(actor=history.cast.ada, dataset=history.current(), paths=paths)


def bring_back(history: History, sound: str, people: tuple[str, ...]) -> None:
    """The same bytes under another name, in a row that may not say who is in them."""
    history.bring(sound, f"{sound}-{history.serial}.wav", list(people))


def rename_people(history: History, sound: str, people: tuple[str, ...]) -> None:
    """The row of a clip that is there says who is in it anew."""
    history.bring(sound, f"{sound}.wav", list(people))


def change_profile(history: History, profile: str) -> None:
    update_dataset(
        actor=history.cast.ada, dataset=history.current(), changes={"privacy_profile": profile}
    )


PEOPLE = st.sampled_from(["ben", "kim"])
LISTED = st.sampled_from([(), ("ben",), ("kim",), ("ben", "kim"), ("zoe",)])
SOUNDS = st.sampled_from(sorted(HEARD))
ANSWERS = st.dictionaries(st.sampled_from(SAID), st.booleans(), min_size=1)
EVERYTHING = st.just(dict.fromkeys(SAID, True))
STEPS = st.one_of(
    st.tuples(st.just(say), PEOPLE, EVERYTHING, st.none() | st.integers(1, 6)),
    st.tuples(st.just(say), PEOPLE, ANSWERS, st.none() | st.integers(1, 6)),
    st.tuples(st.just(wait), st.integers(1, 4)),
    st.tuples(st.just(release), st.sampled_from(DECLARED)),
    st.tuples(st.just(give_way), st.sampled_from(["open", "request", "organisation"])),
    st.tuples(
        st.just(grant), st.sampled_from([("research.noncommercial",), ("train.generative",)])
    ),
    st.tuples(st.just(take_back)),
    st.tuples(st.just(remove), SOUNDS),
    st.tuples(st.just(bring_back), SOUNDS, LISTED),
    st.tuples(st.just(rename_people), SOUNDS, LISTED),
    st.tuples(st.just(change_profile), st.sampled_from(["speech", "standard", "sensitive"])),
)


def check_promise(history: History, readers: dict[str, Client]) -> None:
    """Ask for everything as everybody; whatever comes must be what all in it allow."""
    dataset = history.current()
    for row in Release.objects.filter(dataset=dataset, state__in=PUBLIC).select_related(
        "dataset__organisation"
    ):
        for who, client in readers.items():
            for door, content in given_by_doors(client, row, history.sounds):
                sound = history.sounds.get(md5_of(content))
                if sound is None:
                    continue
                takings = list(ways_of(history, dataset, row, who, door))
                broken = [history.promise.broken_by(each(sound), history.day) for each in takings]
                assert any(not each for each in broken), (door, who, str(row), broken, history.log)


def ways_of(
    history: History, dataset: Dataset, row: Release, who: str, door: str
) -> Iterator[Callable[[str], Taking]]:
    """On what the reader may have been given this; an object of the DVC door is of any release."""
    rows = [row]
    if door == "dvc":
        rows = list(Release.objects.filter(dataset=dataset, state__in=PUBLIC))
    for each in rows:
        uses = uses_among(each.purposes)
        if dataset.access == "open":
            yield partial(Taking, way="open", uses=uses)
        if who == "dan" and history.granted:
            yield partial(Taking, way="gated", uses=history.granted & uses)


def test_what_everybody_allows_is_given_at_every_door(cast: Cast, tmp_path: Path) -> None:
    """The doors of the histories do give: what is not given there was refused."""
    history = start_history(cast, tmp_path)
    for person in ("ben", "kim"):
        say(history, person, dict.fromkeys(SAID, True), None)
    update_dataset(actor=cast.ada, dataset=history.current(), changes={"access": "open"})
    release(history, DECLARED[0])
    row = Release.objects.select_related("dataset__organisation").get()
    given: dict[str, set[str]] = {"dvc": set(), "archive": set(), "rest": set()}
    for door, content in given_by_doors(Client(), row, history.sounds):
        sound = history.sounds.get(md5_of(content))
        if sound is not None:
            given[door].add(sound)
    assert given == {door: set(HEARD) for door in given}


def start_history(cast: Cast, folder: Path) -> History:
    people = {name: frozenset(heard) for name, heard in HEARD.items()}
    return History(cast, folder, make_dataset(cast), Promise(people))


def begin(way: tuple[Any, ...], declared: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """A beginning with something to lose: everybody allows it all, and it is out."""
    everything = dict.fromkeys(SAID, True)
    return [
        (say, "ben", everything, None),
        (say, "kim", everything, None),
        (release, declared),
        way,
    ]


WAYS = st.sampled_from([(widen, "open"), (grant, SAID[3:4]), (grant, SAID[4:])])
HISTORIES = st.builds(
    lambda beginning, rest: [*beginning, *rest],
    st.builds(begin, WAYS, st.sampled_from(DECLARED[:3])) | st.just([]),
    st.lists(STEPS, min_size=3, max_size=7),
)


@given(steps=HISTORIES)
@settings(
    max_examples=10,
    deadline=None,
    # A history takes seconds; to shrink one would take hours.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_door_gives_what_somebody_in_it_does_not_allow(
    cast: Cast, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    with transaction.atomic(), time_machine.travel(BEGIN, tick=False) as clock:
        history = start_history(cast, tmp_path_factory.mktemp("history"))
        readers = {
            "nobody": client_of(None),
            "eve": client_of(cast.eve),
            "dan": client_of(cast.dan),
        }
        for verb, *rest in steps:
            history.log.append(f"day {history.day}: {verb.__name__} {rest}")
            try:
                with transaction.atomic():
                    verb(history, *rest)
            except EarmarkError as refusal:
                history.log.append(f"  refused: {refusal}")
            clock.move_to(BEGIN + timedelta(days=history.day), tick=False)
            check_promise(history, readers)
        transaction.set_rollback(True)
