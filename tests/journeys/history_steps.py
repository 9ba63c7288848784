"""What may happen in a history: each step is told to the product and to the model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from apps.access.access_changes import confirm_access_change, propose_access_change
from apps.access.access_terms import accept_terms, save_terms
from apps.access.actions import grant_access, revoke_access
from apps.accounts.models import User
from apps.consent.actions import record_consents
from apps.consent.ages import record_minor
from apps.consent.consent_corrections import correct_consent
from apps.consent.entries import ConsentEntry
from apps.consent.models import Consent
from apps.datasets.actions import remove_clips, update_dataset
from apps.datasets.models import Clip, Dataset
from apps.deliveries.flavours import Spec, order_flavour
from apps.deliveries.selections import Selection
from apps.detection.models import Finding
from apps.jobs.models import Job
from apps.publishing.actions import TargetSettings, save_target, start_publication
from apps.publishing.release_publication import publish_release_here
from apps.releases.actions import create_release, freeze_release, sign_off_release, submit_release
from apps.releases.models import Stop
from apps.releases.stops import lift_stop, place_stop
from apps.review.actions import count_people, decide_finding, point_out_voice, undo_decision
from datasets_catalog.purposes import Answer, Purpose
from tests.factories.jobs import work_off
from tests.factories.reviews import play
from tests.journeys.door_asking import FLAVOUR
from tests.journeys.history import HEARD, History
from tests.journeys.promise_model import Saying

# --- people ---


def entry_of(
    history: History, person: str, said: Mapping[str, bool], until: int | None
) -> ConsentEntry:
    return ConsentEntry(
        contributor=person,
        form="voices",
        form_version="1",
        given_at=history.now,
        answers={
            Purpose(name): Answer.ALLOWED if yes else Answer.DENIED for name, yes in said.items()
        },
        valid_until=None if until is None else history.now + timedelta(days=until),
        evidence_sha256="ab" * 32,
    )


def saying_of(history: History, said: Mapping[str, bool], until: int | None) -> Saying:
    return Saying(history.day, dict(said), None if until is None else history.day + until)


def say(history: History, person: str, said: Mapping[str, bool], until: int | None) -> None:
    """Record what a person says today, if the ledger takes it."""
    entry = entry_of(history, person, said, until)
    record_consents(actor=history.cast.ada, organisation=history.cast.acme, entries=[entry])
    history.promise.say(person, saying_of(history, said, until))


def correct(history: History, person: str, said: Mapping[str, bool]) -> None:
    """What was written last of a person was wrong: they said this, and today."""
    row = Consent.objects.filter(contributor__code=person).latest("pk")
    entry = entry_of(history, person, said, None)
    correct_consent(actor=history.cast.ada, consent=row, entry=entry, reason="misread")
    history.promise.sayings[person][-1] = saying_of(history, said, None)


def find_under_age(history: History, person: str) -> None:
    record_minor(
        actor=history.cast.ada, organisation=history.cast.acme, code=person, reason="seen the card"
    )
    history.promise.minors.add(person)


def wait(history: History, days: int) -> None:
    history.day += days


# --- what comes in and leaves the draft ---


def remove(history: History, sound: str) -> None:
    clips = Clip.objects.filter(dataset=history.dataset, path__startswith=sound)
    paths = [clip.path for clip in clips.exclude(state=Clip.State.REMOVED)]
    remove_clips(actor=history.cast.ada, dataset=history.current(), paths=paths)


def bring_back(history: History, sound: str, people: tuple[str, ...]) -> None:
    """The same bytes under another name, in a row that may not say who is in them."""
    history.bring({f"{sound}-{history.serial}.wav": (sound, people)})


def rename_people(history: History, sound: str, people: tuple[str, ...]) -> None:
    """The row of a clip that is there says who is in it anew."""
    history.bring({f"{sound}.wav": (sound, people)})


def change_profile(history: History, profile: str) -> None:
    update_dataset(
        actor=history.cast.ada, dataset=history.current(), changes={"privacy_profile": profile}
    )


# --- review ---


def exclude(history: History, sound: str) -> None:
    """A reviewer hears something in it, and takes it out."""
    found = point_out_voice(
        actor=history.cast.cleo,
        clip=history.clip_of(sound),
        onset=0.0,
        offset=0.2,
        reason="a name is said",
    )
    history.exclusions[sound] = decide_finding(
        actor=history.cast.cleo, finding=found, verdict="exclude", reason="a name is said"
    )
    history.promise.shut_out.add(sound)


def take_exclusion_back(history: History, sound: str) -> None:
    undo_decision(actor=history.cast.cleo, decision=history.exclusions[sound])
    history.promise.shut_out.discard(sound)


def count(history: History, sound: str, somebody: bool) -> None:  # noqa: FBT001 - a drawn value
    """A reviewer counts who is heard: all that are, or somebody more."""
    clip, known = history.clip_of(sound), len(HEARD[sound])
    play(history.cast.cleo, clip)
    count_people(
        actor=history.cast.cleo,
        clip=clip,
        people_heard=known + somebody,
        somebody_unknown=somebody,
        reason="listened",
    )
    (history.promise.crowded.add if somebody else history.promise.crowded.discard)(sound)


def settle(history: History) -> None:
    """A truthful reviewer clears what is open where everybody who is heard is recorded."""
    rows = Finding.objects.filter(clip__dataset=history.dataset, decision=None)
    for finding in rows.exclude(clip__state=Clip.State.REMOVED).select_related("clip__blob"):
        sound = history.sounds[finding.clip.blob.oid]
        codes = finding.clip.participations.values_list("contributor__code", flat=True)
        if sound in history.promise.shut_out or not set(codes) >= HEARD[sound]:
            continue
        play(history.cast.cleo, finding.clip)
        decide_finding(
            actor=history.cast.cleo, finding=finding, verdict="clear", reason="all are there"
        )


def close(history: History) -> None:
    place_stop(actor=history.cast.cleo, dataset=history.current(), reason="somebody complained")
    history.promise.stopped = True


def open_again(history: History) -> None:
    row = Stop.objects.in_force().get(dataset=history.dataset)
    lift_stop(actor=history.cast.ada, stop=row, reason="it was another dataset")
    history.promise.stopped = False


# --- what goes out ---


def release(history: History, purposes: tuple[str, ...]) -> None:
    """Take the draft as far towards publication as the product lets it go."""
    cast, version = history.cast, f"1.{history.serial}.0"
    history.serial += 1
    row = create_release(
        actor=cast.ada, dataset=history.current(), version=version, purposes=purposes
    )
    row = submit_release(actor=cast.ada, release=freeze_release(actor=cast.ada, release=row))
    for part in ("privacy", "rights"):
        row = sign_off_release(actor=cast.cleo, release=row, part=part)
    row = publish_release_here(actor=cast.rita, release=row)
    order_flavour(actor=cast.ada, release=row, spec=Spec.parse_name(FLAVOUR), selection=Selection())
    # The files of the Hub door too.
    assert {job.state for job in work_off()} <= {Job.State.DONE}


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


def grant(history: History, purposes: tuple[str, ...], days: int | None) -> None:
    grant_access(
        actor=history.cast.ada,
        dataset=history.current(),
        holder=history.cast.dan,
        purposes=purposes,
        until=None if days is None else history.now + timedelta(days=days),
    )
    end = None if days is None else history.day + days
    history.granted.setdefault("dan", []).append((frozenset(purposes), end))


def take_back(history: History, holder: str) -> None:
    user = User.objects.get(username=holder)
    revoke_access(actor=history.cast.ada, dataset=history.current(), holder=user)
    history.granted.pop(holder, None)


def accept(history: History, purposes: tuple[str, ...]) -> None:
    """Eve accepts the terms, whatever the dataset lets people in by."""
    dataset, cast = history.current(), history.cast
    terms = save_terms(actor=cast.ada, dataset=dataset, text="Be kind.")
    accept_terms(actor=cast.eve, dataset=dataset, version=terms.version, purposes=purposes)
    if dataset.access == Dataset.Access.TERMS:
        history.granted.setdefault("eve", []).append((frozenset(purposes), None))


def send(history: History, gate: str) -> None:
    """Send the newest release that is out to a Hub abroad, or go on sending it."""
    settings = TargetSettings(
        repository=history.repository,
        endpoint=history.hub.address,
        gate=gate,
        token=history.hub.token,
    )
    target = save_target(
        actor=history.cast.rita, organisation=history.cast.acme, name="hub", settings=settings
    )
    start_publication(actor=history.cast.rita, release=history.releases()[0], target=target)
    work_off()
