"""What a door does with a release is a purpose of that release: the one rule of giving.

Our own doors ask it for every reader (`apps/access/authorize.py`), and it is asked before a release
is sent to a Hub abroad (`apps/publishing/permission.py`), which is a door like ours. A release is
cleared for what it declares and for what that contains (`include_implied`); the gate
`consent.coverage` holds the consent of everybody in it against exactly that.

| what is given          | through an open door           | through a gate                  |
|------------------------|--------------------------------|---------------------------------|
| its page               | nothing                        | nothing                         |
| names and hashes       | `publish.open`                 | `publish.gated`                 |
| files                  | also `share.raw_audio`         | also `share.raw_audio`          |
| rows, clips on a page  | as files, or `preview.public_clip` | as files, or `preview.public_clip` |

A page holds no clip, no name of a clip and no person. Every file asks for `share.raw_audio`, tables
and cards beside the sound too: a release is its audio, its tables name the hash of each sound, and
a reader without the audio has nothing to use them with. A release that is limited to territories
is never for everyone: nobody asks an unknown reader where they are.

People who work on a dataset are no readers: what they may do is their role's to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from datasets_catalog.purposes import Purpose, include_implied, is_use
from datasets_catalog.territories import is_within


class Action(StrEnum):
    """What somebody wants to do with a release.

    `view`: its page (card, licence, numbers). `list`: the names and hashes of its files, which is
    what its git repository holds. `preview`: single rows and clips, on a page. `download`: bytes.
    """

    VIEW = "view"
    LIST = "list"
    PREVIEW = "preview"
    DOWNLOAD = "download"


class Entrance(StrEnum):
    """How a reader comes to a release.

    `open`: like everyone, unknown. `gate`: known by name, and let in by a person, a rule or the
    acceptance of terms; or standing before that gate, where names of files are shown.
    """

    OPEN = "open"
    GATE = "gate"


PUBLISHING_PURPOSES: dict[Entrance, Purpose] = {
    Entrance.OPEN: Purpose.PUBLISH_OPEN,
    Entrance.GATE: Purpose.PUBLISH_GATED,
}
# What reaches everyone wherever they are, and so is out where a release has territories.
_EVERYWHERE = frozenset({Purpose.PUBLISH_OPEN, Purpose.PREVIEW_PUBLIC_CLIP})
# What a reader may be granted: a use, and passing on. How a release comes to them is the door's.
_GRANTED_BESIDES_USES = frozenset({Purpose.REDISTRIBUTE_LICENSEE})


@dataclass(frozen=True, slots=True)
class Clearance:
    """What the people in a release allowed of it; `territories`: none means everywhere."""

    purposes: frozenset[Purpose]
    territories: frozenset[str] = frozenset()

    @classmethod
    def of(cls, declared: Iterable[str], territories: Iterable[str] = ()) -> Clearance:
        """The clearance of a release that declares these purposes and territories."""
        return cls(include_implied(map(Purpose, declared)), frozenset(territories))

    @property
    def given_purposes(self) -> frozenset[Purpose]:
        """The purposes without those that the territories rule out."""
        return self.purposes - _EVERYWHERE if self.territories else self.purposes

    @property
    def grantable(self) -> frozenset[Purpose]:
        """What a reader can be granted: uses, and passing on as a licensee."""
        return frozenset(each for each in self.given_purposes if is_grantable(each))

    def lacks(self, action: Action, entrance: Entrance) -> frozenset[Purpose]:
        """Return the purposes that are missing for it; none: it may be given so."""
        usual, *others = list_ways(action, entrance)
        if any(way <= self.given_purposes for way in others):
            return frozenset()
        return usual - self.given_purposes

    def reaches(self, country: str) -> bool:
        """Whether it may go there; "": a place that nobody named."""
        return is_within(frozenset({country} if country else ()), self.territories)

    def allows(self, action: Action, entrance: Entrance) -> bool:
        return not self.lacks(action, entrance)


def list_ways(action: Action, entrance: Entrance) -> tuple[frozenset[Purpose], ...]:
    """Return sets of purposes of which one has to be cleared whole; the usual one comes first."""
    published = frozenset({PUBLISHING_PURPOSES[entrance]})
    files = published | {Purpose.SHARE_RAW_AUDIO}
    match action:
        case Action.VIEW:
            return (frozenset(),)
        case Action.LIST:
            return (published,)
        case Action.PREVIEW:
            return (files, frozenset({Purpose.PREVIEW_PUBLIC_CLIP}))
        case Action.DOWNLOAD:
            return (files,)


def is_grantable(purpose: Purpose) -> bool:
    """Whether a reader can be granted it: what they do with the data, not how it reaches them."""
    return is_use(purpose) or purpose in _GRANTED_BESIDES_USES


def name_purposes(purposes: AbstractSet[Purpose]) -> str:
    """The purposes in one order, for sentences."""
    return ", ".join(sorted(purpose.value for purpose in purposes)) or "nothing"
