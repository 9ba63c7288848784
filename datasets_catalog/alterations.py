"""What review did to the bytes of a clip, in words for those who have to be told (attribution)."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

Content = tuple[str, str]
"""The uid of a clip and the md5 of bytes it had."""


class Alteration(StrEnum):
    """One way in which review makes other bytes of a clip's."""

    MUTE = "mute"
    BLEEP = "bleep"
    NOISE = "noise"
    STRIP = "strip"


WORDS = {
    Alteration.MUTE: "passages muted",
    Alteration.BLEEP: "passages covered by a tone",
    Alteration.NOISE: "passages covered by noise",
    Alteration.STRIP: "tags taken out of the file",
}
NOT_ON_RECORD = "changed in review, it is not on record how"
# Whatever replaces sound writes the file anew and copies nothing but sound.
WRITTEN_ANEW = "the file written anew, without tags"


@dataclass(frozen=True, slots=True)
class AlteredContent:
    """All that was done on the way from what came in to one content.

    `formats` says in sentences what writing the sound anew made different (`MP3 became FLAC`).
    """

    ways: frozenset[Alteration] = frozenset()
    formats: tuple[str, ...] = ()

    @property
    def is_stripped(self) -> bool:
        """Whether it differs by what files carry beside sound, alone."""
        return self.ways == {Alteration.STRIP}

    @property
    def sentence(self) -> str:
        """What was done, all of it and nothing else."""
        return _describe_ways(self.ways, self.formats) or NOT_ON_RECORD


def _describe_ways(ways: Collection[Alteration], formats: Collection[str]) -> str:
    anew = [WRITTEN_ANEW] if set(ways) - {Alteration.STRIP} else []
    return "; ".join([*(WORDS[each] for each in WORDS if each in ways), *anew, *formats])
