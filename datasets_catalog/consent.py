"""What people allowed: the state of consent at any date, and how far a release is covered.

The algebra: what a person permits is a set of purposes (a `Scope`); a clip's scope is the meet
(intersection) over the people in it, a release's scope the meet over its clips. A clip nobody
is in permits everything.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from datasets_catalog.canonical import canonical_json
from datasets_catalog.errors import InvalidError
from datasets_catalog.purposes import Answer, Purpose

Scope = frozenset[Purpose]
EVERYTHING: Scope = frozenset(Purpose)
EVERYWHERE: frozenset[str] = frozenset()


class ConsentInvalidError(InvalidError):
    """A consent's dates make no sense."""

    code = "consent.invalid"


class Refusal(StrEnum):
    """Why a clip may not be used for a purpose."""

    NO_CONTRIBUTOR = "no_contributor"
    NO_CONSENT = "no_consent"
    NOT_ASKED = "not_asked"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    GUARDIAN_MISSING = "guardian_missing"
    OUT_OF_TERRITORY = "out_of_territory"

    @property
    def sentence(self) -> str:
        return REFUSAL_SENTENCES[self]


REFUSAL_SENTENCES = {
    Refusal.NO_CONTRIBUTOR: "a person can be identified, but no contributor is recorded",
    Refusal.NO_CONSENT: "no consent on record",
    Refusal.NOT_ASKED: "was never asked, which counts as denied",
    Refusal.DENIED: "denied",
    Refusal.WITHDRAWN: "consent was withdrawn",
    Refusal.NOT_YET_VALID: "consent is not valid yet",
    Refusal.EXPIRED: "consent has expired",
    Refusal.GUARDIAN_MISSING: "a minor, and no guardian has consented",
    Refusal.OUT_OF_TERRITORY: "consent does not reach every territory of the release",
}


@dataclass(frozen=True, slots=True)
class Consent:
    """One contributor's answers under one version of a form.

    All times are aware. Validity is half-open: from `valid_from` (None: from `given_at`) up to,
    not including, `valid_until` (None: without end). `territories` are region codes (ISO 3166-1,
    `EU`, `EEA`); none means everywhere. `minor` says that the contributor was under age when
    answering; then the answers count only with `guardian`. Raises ConsentInvalidError.
    """

    contributor: str
    form: str
    form_version: str
    given_at: datetime
    answers: Mapping[Purpose, Answer]
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    territories: frozenset[str] = EVERYWHERE
    minor: bool = False
    guardian: bool = False
    withdrawn_at: datetime | None = None

    def __post_init__(self) -> None:
        times = (self.given_at, self.valid_from, self.valid_until, self.withdrawn_at)
        if any(time is not None and time.tzinfo is None for time in times):
            raise ConsentInvalidError("The times of a consent need a time zone.")
        if self.valid_until is not None and self.valid_until <= self.starts_at:
            raise ConsentInvalidError(
                f"The consent of {self.contributor} ends before it begins "
                f"({self.starts_at.isoformat()} to {self.valid_until.isoformat()})."
            )

    @property
    def starts_at(self) -> datetime:
        return self.given_at if self.valid_from is None else self.valid_from

    def answer(self, purpose: Purpose) -> Answer:
        return self.answers.get(purpose, Answer.NOT_ASKED)


@dataclass(frozen=True, slots=True)
class ClipPeople:
    """Who is in a clip. `duration` is in seconds.

    `identifiable` says that a reviewer found a person in it; such a clip needs a contributor.
    """

    clip_id: str
    path: str
    contributors: tuple[str, ...]
    duration: float
    identifiable: bool = False

    @property
    def needs_consent(self) -> bool:
        return self.identifiable or bool(self.contributors)


class Ledger:
    """Every consent on record, as history: what anyone allowed can be asked for any date.

    For one contributor and one purpose the *latest* consent that asked about the purpose
    decides; a later form that does not ask leaves the earlier answer in force. A denial counts
    from the moment it is given. Permission counts only while valid, not withdrawn, and with a
    guardian for a minor; when the deciding consent fails, older ones do not help, except that
    until a renewal becomes valid the consent before it stays in force. Of two consents given at
    the same instant the one later in the input decides.
    """

    def __init__(self, consents: Iterable[Consent]) -> None:
        self._histories: dict[str, list[Consent]] = {}
        for consent in sorted(consents, key=_given_at):
            self._histories.setdefault(consent.contributor, []).append(consent)

    def history(self, contributor: str, *, at: datetime) -> tuple[Consent, ...]:
        """Return the contributor's consents given up to `at`, oldest first."""
        return tuple(c for c in self._histories.get(contributor, ()) if c.given_at <= at)

    def refusal(
        self,
        contributor: str,
        purpose: Purpose,
        *,
        at: datetime,
        territories: frozenset[str] = EVERYWHERE,
    ) -> Refusal | None:
        """Say why the contributor's part may not be used, or None when it may."""
        history = self.history(contributor, at=at)
        waiting = False
        for consent in reversed(history):
            answer = consent.answer(purpose)
            if answer is Answer.NOT_ASKED:
                continue
            if answer is Answer.DENIED:
                return Refusal.DENIED
            if consent.starts_at > at and not _is_withdrawn(consent, at):
                waiting = True
                continue
            return _refusal_of(consent, at, territories)
        if waiting:
            return Refusal.NOT_YET_VALID
        return Refusal.NOT_ASKED if history else Refusal.NO_CONSENT

    def scope(
        self, contributor: str, *, at: datetime, territories: frozenset[str] = EVERYWHERE
    ) -> Scope:
        """Return the purposes this contributor permits at that date."""
        return frozenset(
            purpose
            for purpose in Purpose
            if self.refusal(contributor, purpose, at=at, territories=territories) is None
        )

    def clip_scope(
        self, clip: ClipPeople, *, at: datetime, territories: frozenset[str] = EVERYWHERE
    ) -> Scope:
        """Return what everybody in the clip permits; nothing if nobody is recorded for a voice."""
        if clip.identifiable and not clip.contributors:
            return frozenset()
        return meet(self.scope(code, at=at, territories=territories) for code in clip.contributors)


def meet(scopes: Iterable[Scope]) -> Scope:
    """Return the purposes that all scopes permit; of none at all, everything."""
    result = EVERYTHING
    for scope in scopes:
        result &= scope
    return result


@dataclass(frozen=True, slots=True)
class Uncovered:
    """One reason why a clip is not covered. `contributor` is None when nobody is recorded."""

    clip_id: str
    path: str
    contributor: str | None
    purpose: Purpose
    refusal: Refusal

    @property
    def sentence(self) -> str:
        if self.contributor is None:
            return f"{self.path}: {self.refusal.sentence}"
        return f"{self.path}: {self.contributor}, {self.purpose}: {self.refusal.sentence}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what needs consent has it, for every purpose at once.

    Counts and seconds are of the clips that need consent (`needing`), out of `clips` in all.
    `uncovered` names each binding clip, contributor and purpose, in the order of the clips.
    `scope` is what the consents of all clips permit together.
    """

    clips: int
    needing: int
    covered: int
    seconds_needing: float
    seconds_covered: float
    scope: Scope
    uncovered: tuple[Uncovered, ...] = field(default=())

    @property
    def percent_of_clips(self) -> float:
        return 100.0 * self.covered / self.needing if self.needing else 100.0

    @property
    def percent_of_hours(self) -> float:
        if not self.seconds_needing:
            return 100.0
        return 100.0 * self.seconds_covered / self.seconds_needing

    @property
    def is_complete(self) -> bool:
        return self.covered == self.needing

    @property
    def binding_clips(self) -> tuple[str, ...]:
        """The ids of the clips that are not covered, each once."""
        return tuple(dict.fromkeys(row.clip_id for row in self.uncovered))


def coverage(
    clips: Iterable[ClipPeople],
    consents: Iterable[Consent],
    purposes: Sequence[Purpose],
    at: datetime,
    *,
    territories: frozenset[str] = EVERYWHERE,
) -> Coverage:
    """Compute how far the consents cover the clips for all purposes at a date.

    `territories` is where the release may go; none means everywhere, which only a consent
    without territories covers.
    """
    ledger = Ledger(consents)
    people = _People(ledger, tuple(purposes), at, territories)
    uncovered: list[Uncovered] = []
    count = needing = covered = 0
    seconds: list[float] = [0.0, 0.0]
    scope = EVERYTHING
    for clip in clips:
        count += 1
        if not clip.needs_consent:
            continue
        needing += 1
        seconds[0] += clip.duration
        rows = people.uncovered(clip)
        scope &= people.scope(clip)
        if rows:
            uncovered.extend(rows)
        else:
            covered += 1
            seconds[1] += clip.duration
    return Coverage(count, needing, covered, seconds[0], seconds[1], scope, tuple(uncovered))


class _People:
    """Asks the ledger once per contributor, however many clips the contributor is in."""

    def __init__(
        self,
        ledger: Ledger,
        purposes: tuple[Purpose, ...],
        at: datetime,
        territories: frozenset[str],
    ) -> None:
        self._ledger = ledger
        self._purposes = purposes
        self._at = at
        self._territories = territories
        self._refusals: dict[str, Mapping[Purpose, Refusal]] = {}

    def refusals(self, contributor: str) -> Mapping[Purpose, Refusal]:
        known = self._refusals.get(contributor)
        if known is None:
            found = {
                purpose: refusal
                for purpose in Purpose
                if (refusal := self._refusal(contributor, purpose)) is not None
            }
            known = self._refusals[contributor] = MappingProxyType(found)
        return known

    def uncovered(self, clip: ClipPeople) -> list[Uncovered]:
        if not clip.contributors:
            return [
                Uncovered(clip.clip_id, clip.path, None, purpose, Refusal.NO_CONTRIBUTOR)
                for purpose in self._purposes
            ]
        return [
            Uncovered(clip.clip_id, clip.path, contributor, purpose, refusal)
            for contributor in clip.contributors
            for purpose in self._purposes
            if (refusal := self.refusals(contributor).get(purpose)) is not None
        ]

    def scope(self, clip: ClipPeople) -> Scope:
        if not clip.contributors:
            return frozenset()
        return meet(EVERYTHING - self.refusals(code).keys() for code in clip.contributors)

    def _refusal(self, contributor: str, purpose: Purpose) -> Refusal | None:
        return self._ledger.refusal(
            contributor, purpose, at=self._at, territories=self._territories
        )


def consent_digest(
    *, clip_id: str, contributors: Iterable[str], ledger: Ledger, at: datetime, key: bytes
) -> str | None:
    """Return the HMAC-SHA-256, hexadecimal, of what was consented for a clip; None for nobody.

    Over the RFC 8785 JSON of the clip's id and, per contributor in code-point order, every
    consent given up to `at`. Keyed (one secret per dataset, at least 16 bytes) and bound to the
    clip, so that a published digest neither reveals a code by guessing nor shows that two clips
    share a voice; whoever holds the key can prove it from the ledger.
    """
    people = sorted(set(contributors))
    if not people:
        return None
    if len(key) < MINIMUM_KEY_BYTES:
        raise ConsentInvalidError(
            f"The key of consent digests needs at least {MINIMUM_KEY_BYTES} bytes."
        )
    record = {
        "clip_id": clip_id,
        "people": [
            {"contributor": code, "consents": [_record(c) for c in ledger.history(code, at=at)]}
            for code in people
        ],
    }
    return hmac.new(key, canonical_json(record), hashlib.sha256).hexdigest()


MINIMUM_KEY_BYTES = 16


def _record(consent: Consent) -> dict[str, object]:
    answered = {p.value: a.value for p, a in consent.answers.items() if a is not Answer.NOT_ASKED}
    return {
        "answers": answered,
        "form": consent.form,
        "form_version": consent.form_version,
        "given_at": _instant(consent.given_at),
        "guardian": consent.guardian,
        "minor": consent.minor,
        "territories": sorted(consent.territories),
        "valid_from": _instant(consent.valid_from),
        "valid_until": _instant(consent.valid_until),
        "withdrawn_at": _instant(consent.withdrawn_at),
    }


def _instant(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat()


def _given_at(consent: Consent) -> datetime:
    return consent.given_at


def _is_withdrawn(consent: Consent, at: datetime) -> bool:
    return consent.withdrawn_at is not None and consent.withdrawn_at <= at


def _refusal_of(consent: Consent, at: datetime, territories: frozenset[str]) -> Refusal | None:
    if _is_withdrawn(consent, at):
        return Refusal.WITHDRAWN
    if consent.valid_until is not None and consent.valid_until <= at:
        return Refusal.EXPIRED
    if consent.minor and not consent.guardian:
        return Refusal.GUARDIAN_MISSING
    if consent.territories and not (territories and territories <= consent.territories):
        return Refusal.OUT_OF_TERRITORY
    return None
