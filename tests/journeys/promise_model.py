"""The promise told a second time, in plain Python that imports nothing of the product.

Who can be heard in a sound is known here by construction, whatever the product's tables say of it.
What somebody allowed follows from what they said, when, and until when; times are days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

# What somebody who says the first has said of the second: the wider contains the narrower.
CONTAINS = {
    "publish.open": "publish.gated",
    "research.commercial": "research.noncommercial",
    "share.raw_audio": "share.features_only",
}
WAYS = ("publish.", "share.", "preview.", "redistribute.", "transfer.", "contact.")
# Nothing here stays in one place, so that a no to this is a no to being given at all.
ABROAD = "transfer.outside_eea"
YES, NO, NOTHING = True, False, None


@dataclass(frozen=True)
class Saying:
    """What one person said on one day, by purpose; a yes counts up to the day `until`."""

    day: float
    said: dict[str, bool]
    until: float | None = None

    def speaks(self, purpose: str) -> bool | None:
        """Yes, no, or nothing about this purpose; a no to the narrower is a no to the wider."""
        narrower = CONTAINS.get(purpose)
        if self.said.get(purpose) is NO or (narrower and self.said.get(narrower) is NO):
            return NO
        wider = [each for each, contained in CONTAINS.items() if contained == purpose]
        if any(self.said.get(each) is YES for each in [purpose, *wider]):
            return YES
        return NOTHING


@dataclass
class Taking:
    """What somebody was given: a sound of a release, by a way, for uses."""

    sound: str
    way: str
    uses: frozenset[str]

    def needs(self) -> Iterator[str]:
        """Every purpose that each person in the sound must allow."""
        yield "publish.open" if self.way == "open" else "publish.gated"
        yield "share.raw_audio"
        yield from self.uses


@dataclass
class Promise:
    """Who can be heard where, what they said, and what reviewers heard."""

    heard_in: dict[str, frozenset[str]]
    sayings: dict[str, list[Saying]] = field(default_factory=dict)
    minors: set[str] = field(default_factory=set)
    # Taken out by a decision that stands; in which more people were heard than are known here.
    shut_out: set[str] = field(default_factory=set)
    crowded: set[str] = field(default_factory=set)
    stopped: bool = False

    def say(self, person: str, saying: Saying) -> None:
        self.sayings.setdefault(person, []).append(saying)

    def last_word(self, person: str, purpose: str, day: float) -> bool | None:
        """The person's latest word about the purpose; a yes that ran out is none."""
        words = [word for word in self.sayings.get(person, []) if word.day <= day]
        for moment in sorted({word.day for word in words}, reverse=True):
            at_once = [word for word in words if word.day == moment]
            speaking = [word for word in at_once if word.speaks(purpose) is not NOTHING]
            if speaking:
                # Two words in one breath: the narrower one holds.
                if any(word.speaks(purpose) is NO for word in speaking):
                    return NO
                counts = all(word.until is None or day < word.until for word in speaking)
                return YES if counts else NOTHING
        return NOTHING

    def allows(self, person: str, purpose: str, day: float) -> bool:
        if person in self.minors:
            return False
        return self.last_word(person, purpose, day) is YES

    def broken_by(self, taking: Taking, day: float) -> list[str]:
        """Return, in words, every way in which giving this would break the promise."""
        sound, people = taking.sound, sorted(self.heard_in[taking.sound])
        found = ["a privacy officer closed the dataset"] if self.stopped else []
        found += [f"{sound} was taken out by review"] if sound in self.shut_out else []
        found += [f"somebody unknown is heard in {sound}"] if sound in self.crowded else []
        found += [
            f"{person} in {sound} may not leave"
            for person in people
            if self.last_word(person, ABROAD, day) is NO
        ]
        return found + [
            f"{person} in {sound} does not allow {purpose}"
            for person in people
            for purpose in taking.needs()
            if not self.allows(person, purpose, day)
        ]


def uses_among(purposes: Iterable[str]) -> frozenset[str]:
    """Return what readers do, of purposes that name ways of giving too; each with what it holds."""
    uses = {each for each in purposes if not each.startswith(WAYS)}
    return frozenset(uses | {CONTAINS[each] for each in uses if each in CONTAINS})
