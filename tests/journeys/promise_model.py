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
    """Who can be heard where, and what they said."""

    heard_in: dict[str, frozenset[str]]
    sayings: dict[str, list[Saying]] = field(default_factory=dict)
    shut_out: set[str] = field(default_factory=set)

    def say(self, person: str, saying: Saying) -> None:
        self.sayings.setdefault(person, []).append(saying)

    def allows(self, person: str, purpose: str, day: float) -> bool:
        """Whether the person's latest word about the purpose is a yes that still counts."""
        words = [word for word in self.sayings.get(person, []) if word.day <= day]
        for moment in sorted({word.day for word in words}, reverse=True):
            at_once = [word for word in words if word.day == moment]
            speaking = [word for word in at_once if word.speaks(purpose) is not NOTHING]
            if speaking:
                # Two words in one breath: the narrower one holds.
                return all(
                    word.speaks(purpose) is YES and (word.until is None or day < word.until)
                    for word in speaking
                )
        return False

    def broken_by(self, taking: Taking, day: float) -> list[str]:
        """Return, in words, every way in which giving this would break the promise."""
        found = [f"{taking.sound} was taken out by review"] if taking.sound in self.shut_out else []
        found += [
            f"{person} in {taking.sound} does not allow {purpose}"
            for person in sorted(self.heard_in[taking.sound])
            for purpose in taking.needs()
            if not self.allows(person, purpose, day)
        ]
        return found


def uses_among(purposes: Iterable[str]) -> frozenset[str]:
    """Return what readers do, of purposes that name ways of giving too."""
    return frozenset(each for each in purposes if not each.startswith(WAYS))
