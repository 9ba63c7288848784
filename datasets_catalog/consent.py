"""How far consent reaches: which clips of a release everybody in them has allowed.

A clip nobody is in permits everything.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.ledger import EVERYTHING, Consent, Ledger, Refusal, Scope, meet_scopes
from datasets_catalog.purposes import Purpose, include_implied
from datasets_catalog.territories import EVERYWHERE, reaches_outside_eea


@dataclass(frozen=True, slots=True)
class CoverageGap:
    """One reason why a clip is not covered.

    `contributor` and `purpose` are None where somebody in it is not recorded: then no purpose is
    covered, and `detail` is the sentence where it says more than the refusal does.
    """

    clip_id: str
    path: str
    contributor: str | None
    purpose: Purpose | None
    refusal: Refusal
    detail: str = ""

    @property
    def sentence(self) -> str:
        if self.contributor is None:
            return f"{self.path}: {self.detail or self.refusal.sentence}"
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
    uncovered: tuple[CoverageGap, ...] = field(default=())

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


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with clips, and so what everybody in them has to have allowed.

    `territories` is where they may go; none means everywhere, which only a consent without
    territories covers. `dataset` (`organisation/name`) decides which forms asked about them.
    """

    purposes: tuple[Purpose, ...]
    territories: frozenset[str] = EVERYWHERE
    dataset: str = ""

    @property
    def contained_purposes(self) -> tuple[Purpose, ...]:
        """Purposes that the doors give for with those named (`giving.Clearance`).

        Where a form was written with a table of its own, who allowed one may not have allowed them.
        """
        return tuple(sorted(include_implied(self.purposes) - set(self.purposes)))

    @property
    def forbidding_purposes(self) -> tuple[Purpose, ...]:
        """Purposes that need not be allowed, but that nobody may have denied."""
        outside = reaches_outside_eea(self.territories)
        transfer = Purpose.TRANSFER_OUTSIDE_EEA
        return (transfer,) if outside and transfer not in self.purposes else ()


def compute_coverage(
    clips: Iterable[ClipPeople],
    consents: Iterable[Consent],
    purposes: Sequence[Purpose],
    at: datetime,
    *,
    territories: frozenset[str] = EVERYWHERE,
    dataset: str = "",
) -> Coverage:
    """Compute how far the consents cover the clips for a `Plan` of these purposes at a date.

    Whoever denied `transfer.outside_eea` leaves uncovered what may go there, asked for or not.
    """
    people = PeopleCoverage(Ledger(consents), Plan(tuple(purposes), territories, dataset), at)
    uncovered: list[CoverageGap] = []
    count = needing = covered = 0
    seconds: list[float] = [0.0, 0.0]
    scope = EVERYTHING
    for clip in clips:
        count += 1
        if not clip.needs_consent:
            continue
        needing += 1
        seconds[0] += clip.duration
        rows = people.list_gaps(clip)
        scope &= people.scope(clip)
        if rows:
            uncovered.extend(rows)
        else:
            covered += 1
            seconds[1] += clip.duration
    return Coverage(count, needing, covered, seconds[0], seconds[1], scope, tuple(uncovered))


def find_coverage_end(
    clips: Iterable[ClipPeople],
    consents: Iterable[Consent],
    purposes: Sequence[Purpose],
    at: datetime,
    *,
    territories: frozenset[str] = EVERYWHERE,
    dataset: str = "",
) -> datetime | None:
    """Return the first moment from `at` on when some clip is no longer covered; None if never.

    A consent runs out, or a minor comes of age; what is not covered at `at` ends at `at`.
    """
    people = PeopleCoverage(Ledger(consents), Plan(tuple(purposes), territories, dataset), at)
    ends = {people.end(clip) for clip in clips if clip.needs_consent}
    return min((end for end in ends if end is not None), default=None)


class PeopleCoverage:
    """Asks the ledger once per contributor, however many clips the contributor is in."""

    def __init__(self, ledger: Ledger, plan: Plan, at: datetime) -> None:
        self._ledger = ledger
        self._plan = plan
        self._at = at
        self._refusals: dict[tuple[str, str], Mapping[Purpose, Refusal]] = {}
        self._ends: dict[tuple[str, str], datetime | None] = {}

    def list_gaps(self, clip: ClipPeople) -> list[CoverageGap]:
        unrecorded = [
            CoverageGap(clip.clip_id, clip.path, None, None, Refusal(reason.value), sentence)
            for reason, sentence in clip.explain_gaps()
        ]
        return unrecorded + [
            CoverageGap(clip.clip_id, clip.path, contributor, purpose, refusal)
            for contributor in clip.contributors
            for purpose, refusal in self._against(self.refusals(contributor, clip))
        ]

    def scope(self, clip: ClipPeople) -> Scope:
        """Return what everybody in the clip permits; nothing where somebody is not recorded."""
        if any(clip.explain_gaps()):
            return frozenset()
        refused = (self.refusals(code, clip) for code in clip.contributors)
        return meet_scopes(EVERYTHING - each.keys() for each in refused)

    def end(self, clip: ClipPeople) -> datetime | None:
        """Return when the clip is no longer covered: at once where somebody is not recorded."""
        if any(clip.explain_gaps()):
            return self._at
        ends = (self._find_end(code, clip) for code in clip.contributors)
        return min((end for end in ends if end is not None), default=None)

    def _against(self, refusals: Mapping[Purpose, Refusal]) -> Iterable[tuple[Purpose, Refusal]]:
        named = [purpose for purpose in self._plan.purposes if purpose in refusals]
        # What follows from a purpose that is refused itself says nothing new.
        follows = include_implied(named)
        contained = [each for each in self._plan.contained_purposes if each not in follows]
        for purpose in (*named, *contained):
            if (refusal := refusals.get(purpose)) is not None:
                yield purpose, refusal
        for purpose in self._plan.forbidding_purposes:
            if refusals.get(purpose) is Refusal.DENIED:
                yield purpose, Refusal.DENIED

    def _key(self, contributor: str, clip: ClipPeople) -> tuple[str, str]:
        named = self._ledger.names_recordings(contributor)
        return contributor, clip.recording if named else ""

    def refusals(self, contributor: str, clip: ClipPeople) -> Mapping[Purpose, Refusal]:
        """Return why the contributor's part of the clip may not be used, by purpose."""
        key = self._key(contributor, clip)
        known = self._refusals.get(key)
        if known is None:
            found = self._find_refusals(key, self._at, Purpose)
            known = self._refusals[key] = MappingProxyType(found)
        return known

    def _find_refusals(
        self, key: tuple[str, str], at: datetime, purposes: Collection[Purpose]
    ) -> dict[Purpose, Refusal]:
        contributor, recording = key
        ledger = self._ledger.narrow(contributor, dataset=self._plan.dataset, recording=recording)
        elsewhere = bool(self._ledger.history(contributor, at=at))
        found = {}
        for purpose in purposes:
            refusal = ledger.refusal(
                contributor, purpose, at=at, territories=self._plan.territories
            )
            if refusal is Refusal.NO_CONSENT and elsewhere:
                refusal = Refusal.ASKED_ELSEWHERE
            if refusal is not None:
                found[purpose] = refusal
        return found

    def _find_end(self, contributor: str, clip: ClipPeople) -> datetime | None:
        key = self._key(contributor, clip)
        if key not in self._ends:
            self._ends[key] = self._first_gap(key)
        return self._ends[key]

    def _first_gap(self, key: tuple[str, str]) -> datetime | None:
        later = self._ledger.moments(key[0], after=self._at)
        for moment in (self._at, *later):
            if any(self._against(self._find_refusals(key, moment, Purpose))):
                return moment
        return None


def needs_evidence_of_age(*, is_minor: bool, on_record: date | None, said: date | None) -> bool:
    """Whether a day of majority needs evidence to be written down.

    Of somebody on record as a minor, any day but the one on record may let more count than before,
    from that day on: that somebody is of age now no less than that they are tomorrow.
    """
    return is_minor and said is not None and said != on_record
