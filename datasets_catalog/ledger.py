"""What people allowed: every consent on record as history, and what holds at any date.

The algebra: what a person permits is a set of purposes (a `Scope`); a clip's scope is the meet
(intersection) over the people in it, a release's scope the meet over its clips.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby

from datasets_catalog.clip_people import SENTENCES, UnrecordedReason
from datasets_catalog.errors import InvalidError
from datasets_catalog.implications import Implications, settle_answers
from datasets_catalog.purposes import IMPLIED_PURPOSES, Answer, Purpose
from datasets_catalog.territories import EVERYWHERE, is_within

Scope = frozenset[Purpose]
EVERYTHING: Scope = frozenset(Purpose)


class ConsentInvalidError(InvalidError):
    """A consent's dates make no sense."""

    code = "consent.invalid"


class Refusal(StrEnum):
    """Why a clip may not be used for a purpose."""

    NO_CONTRIBUTOR = UnrecordedReason.IDENTIFIABLE.value
    SPEECH_HEARD = UnrecordedReason.SPEECH.value
    AGREEMENT_DUE = UnrecordedReason.AGREEMENT_DUE.value
    PEOPLE_UNRECORDED = UnrecordedReason.FEWER.value
    SOMEBODY_UNKNOWN = UnrecordedReason.UNKNOWN.value
    COUNT_DUE = UnrecordedReason.COUNT_DUE.value
    NO_CONSENT = "no_consent"
    ASKED_ELSEWHERE = "asked_elsewhere"
    NOT_ASKED = "not_asked"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    GUARDIAN_MISSING = "guardian_missing"
    OF_AGE = "of_age"
    OUT_OF_TERRITORY = "out_of_territory"

    @property
    def sentence(self) -> str:
        return REFUSAL_SENTENCES[self]


REFUSAL_SENTENCES = {
    **{Refusal(reason.value): sentence for reason, sentence in SENTENCES.items()},
    Refusal.NO_CONSENT: "no consent on record",
    Refusal.ASKED_ELSEWHERE: "no form that was answered asked about this dataset or recording",
    Refusal.NOT_ASKED: "was never asked, which counts as denied",
    Refusal.DENIED: "denied",
    Refusal.WITHDRAWN: "consent was withdrawn",
    Refusal.NOT_YET_VALID: "consent is not valid yet",
    Refusal.EXPIRED: "consent has expired",
    Refusal.GUARDIAN_MISSING: "a minor, and no guardian has consented",
    Refusal.OF_AGE: "of age by now, and only a guardian has consented",
    Refusal.OUT_OF_TERRITORY: "consent does not reach every territory of the release",
}


@dataclass(frozen=True, slots=True)
class Reach:
    """What a form asked about: a dataset (`organisation/name`), or one recording of it by name."""

    dataset: str
    recording: str = ""

    def holds(self, dataset: str, recording: str) -> bool:
        return self.dataset == dataset and self.recording in {"", recording}


@dataclass(frozen=True, slots=True)
class Consent:
    """One contributor's answers under one version of a form.

    All times are aware. Validity is half-open: from `valid_from` (None: from `given_at`) up to,
    not including, `valid_until` (None: without end). `territories` are codes (`territories.py`);
    none means everywhere. `reach` is what the form asked about; None: whatever the contributor is
    in. `implied` is the form's table of what purposes contain. `minor` says that the contributor is
    or was under age: up to `of_age_at` (None: unknown, so still) their own permission does not
    count, and a guardian's, marked by `guardian`, counts up to `guardian_until`, which is later
    than `of_age_at` by a period of notice. `has_evidence` says that the hash of what shows the
    answers is on record. Raises ConsentInvalidError.
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
    of_age_at: datetime | None = None
    guardian_until: datetime | None = None
    reach: frozenset[Reach] | None = None
    implied: Implications = field(default_factory=lambda: IMPLIED_PURPOSES)
    has_evidence: bool = True
    answered_by: str = ""

    def __post_init__(self) -> None:
        if any(moment.tzinfo is None for moment in self.moments()):
            raise ConsentInvalidError("The times of a consent need a time zone.")
        if self.valid_until is not None and self.valid_until <= self.starts_at:
            raise ConsentInvalidError(
                f"The consent of {self.contributor} ends before it begins "
                f"({self.starts_at.isoformat()} to {self.valid_until.isoformat()})."
            )

    @property
    def starts_at(self) -> datetime:
        return self.given_at if self.valid_from is None else self.valid_from

    @property
    def is_of_a_minor_alone(self) -> bool:
        """Whether a minor answered, and nobody for them."""
        young = self.of_age_at is None or self.given_at < self.of_age_at
        return self.minor and not self.guardian and young

    @property
    def is_of_an_adult(self) -> bool:
        return not self.guardian and not self.is_of_a_minor_alone

    def moments(self) -> tuple[datetime, ...]:
        """Return the times at which what this consent permits can change."""
        times = (
            self.given_at,
            self.valid_from,
            self.valid_until,
            self.withdrawn_at,
            self.of_age_at,
            self.guardian_until,
        )
        return tuple(moment for moment in times if moment is not None)

    def speaks_for(self, dataset: str, recording: str) -> bool:
        """Whether the form asked about the recording: the one rule of which consents count."""
        return self.reach is None or any(each.holds(dataset, recording) for each in self.reach)


class Ledger:
    """Every consent on record, as history: what anyone allowed can be asked for any date.

    For one contributor and one purpose the latest *denial* shuts out every permission that is not
    later than it: of two answers given at the same instant the narrower holds, and a denial of
    which only the day is known (midnight UTC) counts to the end of that day. Of the permissions
    after it the latest decides, and of several at its instant all must hold. A consent that does
    not speak of the purpose leaves the earlier answer in force. Permission counts only while valid,
    not withdrawn, and for a minor with a guardian; when the deciding consent fails, older ones do
    not help, except that until a renewal becomes valid the consent before it stays in force. The
    order of the input never matters.

    A minor and each guardian answer for themselves: the no of one is not undone by the yes of
    another, but by their own later one, or by the contributor's once of age. What a minor allows
    does that, and nothing else.
    """

    def __init__(self, consents: Iterable[Consent]) -> None:
        self._histories: dict[str, list[Consent]] = {}
        for consent in sorted(consents, key=_build_order_key):
            self._histories.setdefault(consent.contributor, []).append(consent)
        self._settled: dict[object, Mapping[Purpose, Answer]] = {}

    def history(self, contributor: str, *, at: datetime) -> tuple[Consent, ...]:
        """Return the contributor's consents given up to `at`, oldest first."""
        return tuple(c for c in self._histories.get(contributor, ()) if c.given_at <= at)

    def narrow(self, contributor: str, *, dataset: str, recording: str) -> "Ledger":
        """Return the ledger of what the contributor answered about a recording."""
        known = self._histories.get(contributor, ())
        return Ledger(consent for consent in known if consent.speaks_for(dataset, recording))

    def find_unproved(self, contributor: str) -> list[Consent]:
        """Return the contributor's consents of which no evidence is on record, oldest first."""
        known = self._histories.get(contributor, ())
        return [consent for consent in known if not consent.has_evidence]

    def names_recordings(self, contributor: str) -> bool:
        """Whether any form the contributor answered asked about single recordings."""
        known = self._histories.get(contributor, ())
        return any(each.recording for consent in known for each in consent.reach or ())

    def answer(self, consent: Consent, purpose: Purpose) -> Answer:
        """Return what a consent says of a purpose, with what its answers imply."""
        key = (frozenset(consent.answers.items()), id(consent.implied))
        settled = self._settled.get(key)
        if settled is None:
            settled = self._settled[key] = settle_answers(consent.answers, consent.implied)
        return settled[purpose]

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
        said = [(consent, self.answer(consent, purpose)) for consent in history]
        denials = [_find_denial_end(consent) for consent, each in said if each is Answer.DENIED]
        shut = max(denials, default=None)
        permitting = [
            consent
            for consent, each in said
            if each is Answer.ALLOWED and (shut is None or consent.given_at > shut)
        ]
        counting = [consent for consent in permitting if not consent.is_of_a_minor_alone]
        for _, group in groupby(
            reversed(counting or permitting), key=lambda consent: consent.given_at
        ):
            consents = tuple(group)
            if not any(_is_waiting(consent, at) for consent in consents):
                refusal = _find_first_refusal(consents, at, territories)
                return refusal or _find_refusal_of_another(said, at, territories)
        if shut is not None:
            return Refusal.DENIED
        if permitting:
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

    def moments(self, contributor: str, *, after: datetime) -> list[datetime]:
        """Return the later moments at which what the contributor permits can change, in order."""
        known = self._histories.get(contributor, ())
        return sorted({each for consent in known for each in consent.moments() if each > after})


def meet_scopes(scopes: Iterable[Scope]) -> Scope:
    """Return the purposes that all scopes permit; of none at all, everything."""
    result = EVERYTHING
    for scope in scopes:
        result &= scope
    return result


def _build_order_key(consent: Consent) -> tuple[datetime, str, str, list[tuple[str, str]]]:
    answers = sorted((str(purpose), str(each)) for purpose, each in consent.answers.items())
    return consent.given_at, consent.form, consent.form_version, answers


def _find_denial_end(consent: Consent) -> datetime:
    """The last moment at which the denial may have been given."""
    day = consent.given_at.astimezone(UTC)
    if day.time() != time():
        return consent.given_at
    return consent.given_at + timedelta(days=1) - timedelta(microseconds=1)


def _is_withdrawn(consent: Consent, at: datetime) -> bool:
    return consent.withdrawn_at is not None and consent.withdrawn_at <= at


def _is_waiting(consent: Consent, at: datetime) -> bool:
    return consent.starts_at > at and not _is_withdrawn(consent, at)


def _find_first_refusal(
    consents: Iterable[Consent], at: datetime, territories: frozenset[str]
) -> Refusal | None:
    found = {_find_refusal(consent, at, territories) for consent in consents}
    return next((refusal for refusal in Refusal if refusal in found), None)


def _find_refusal(consent: Consent, at: datetime, territories: frozenset[str]) -> Refusal | None:
    if _is_withdrawn(consent, at):
        return Refusal.WITHDRAWN
    if consent.valid_until is not None and consent.valid_until <= at:
        return Refusal.EXPIRED
    if (refusal := _find_age_refusal(consent, at)) is not None:
        return refusal
    if not is_within(territories, consent.territories):
        return Refusal.OUT_OF_TERRITORY
    return None


def _find_refusal_of_another(
    said: Iterable[tuple[Consent, Answer]], at: datetime, territories: frozenset[str]
) -> Refusal | None:
    """Whether a minor or a guardian said no, and has not taken it back."""
    denied: dict[str, datetime] = {}
    allowed: list[Consent] = []
    for consent, answer in said:
        if answer is Answer.DENIED:
            until = _find_denial_end(consent)
            denied[consent.answered_by] = max(denied.get(consent.answered_by, until), until)
        elif answer is Answer.ALLOWED and _is_in_force(consent, at, territories):
            allowed.append(consent)
    for person, until in denied.items():
        later = (consent for consent in allowed if consent.given_at > until)
        if not any(each.answered_by == person or each.is_of_an_adult for each in later):
            return Refusal.DENIED
    return None


def _is_in_force(consent: Consent, at: datetime, territories: frozenset[str]) -> bool:
    """Whether it counts then and there, whoever answered."""
    ended = consent.valid_until is not None and consent.valid_until <= at
    if ended or _is_withdrawn(consent, at) or _is_waiting(consent, at):
        return False
    return is_within(territories, consent.territories)


def _find_age_refusal(consent: Consent, at: datetime) -> Refusal | None:
    """Whose word it is: a guardian's for a minor, afterwards the person's own."""
    of_age = consent.of_age_at
    if consent.guardian:
        end = consent.guardian_until or of_age
        over = end is not None and end <= at
        return Refusal.OF_AGE if over or (of_age and of_age <= consent.given_at) else None
    return Refusal.GUARDIAN_MISSING if consent.is_of_a_minor_alone else None
