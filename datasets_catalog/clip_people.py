"""Who is in a clip: who is recorded, what was heard, and what reviewers said of it.

That a detector heard speech is evidence of a person, whatever the dataset is about: silence in the
record is no consent. A reviewer can set evidence aside (nobody can be recognised) or say that more
people are heard than are recorded; neither is taken for the other.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

# How sure (0 to 1) a detector has to be of a voice so that one reviewer alone cannot set it aside.
# Of speech the detector says .98 and more; of what is none, and is reported, mostly less than .9.
SURE = 0.95
REVIEWERS = 1
REVIEWERS_WHERE_SURE = 2


def count_needed_reviewers(peak: float) -> int:
    """How many people have to say that nobody can be recognised; `peak` is the score, 0 to 1."""
    return REVIEWERS_WHERE_SURE if peak >= SURE else REVIEWERS


def fold_code(code: str) -> str:
    """Equal for codes that differ in case or Unicode form alone: people take them for one."""
    if code.isascii():
        return code.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", code).casefold())


class UnrecordedReason(StrEnum):
    """Why somebody may be in a clip whom its record does not name."""

    IDENTIFIABLE = "no_contributor"
    SPEECH = "speech_heard"
    AGREEMENT_DUE = "agreement_due"
    FEWER = "people_unrecorded"
    UNKNOWN = "somebody_unknown"
    COUNT_DUE = "count_due"


@dataclass(frozen=True, slots=True)
class ClipPeople:
    """Who is in a clip. `duration` is in seconds, `recording` the name of what it was cut from.

    `identifiable` says that a reviewer found a person in it. `speech_heard`: a detector, or a
    person who listened, heard somebody in these very bytes; `nobody_identifiable`: as many
    reviewers as it takes (`count_needed_reviewers`) said that nobody can be recognised in them, and
    `agreement_due` that some did, but not enough.
    `people_heard` is the number of people whom a reviewer could tell apart in them, None where
    nobody counted, and `somebody_unknown` that one of them is not recorded. `count_due`: in the
    bytes from before a redaction was somebody who is not recorded; of these nobody counted yet.
    """

    clip_id: str
    path: str
    contributors: tuple[str, ...]
    duration: float
    identifiable: bool = False
    recording: str = ""
    speech_heard: bool = False
    nobody_identifiable: bool = False
    agreement_due: bool = False
    people_heard: int | None = None
    somebody_unknown: bool = False
    count_due: bool = False

    @property
    def needs_consent(self) -> bool:
        return bool(self.contributors) or any(self.explain_gaps())

    def explain_gaps(self) -> Iterator[tuple[UnrecordedReason, str]]:
        """Why the record may lack somebody, each with a sentence; nothing where it does not."""
        if not self.contributors:
            yield from self._explain_unnamed()
        heard = self.people_heard or 0
        if heard > len(self.contributors):
            yield UnrecordedReason.FEWER, describe_fewer_recorded(heard, len(self.contributors))
        if self.somebody_unknown:
            yield UnrecordedReason.UNKNOWN, SENTENCES[UnrecordedReason.UNKNOWN]
        if self.count_due:
            yield UnrecordedReason.COUNT_DUE, SENTENCES[UnrecordedReason.COUNT_DUE]

    def _explain_unnamed(self) -> Iterator[tuple[UnrecordedReason, str]]:
        if self.identifiable:
            yield UnrecordedReason.IDENTIFIABLE, SENTENCES[UnrecordedReason.IDENTIFIABLE]
        elif self.speech_heard and not self.nobody_identifiable:
            reason = (
                UnrecordedReason.AGREEMENT_DUE if self.agreement_due else UnrecordedReason.SPEECH
            )
            yield reason, SENTENCES[reason]


SENTENCES = {
    UnrecordedReason.IDENTIFIABLE: "a person can be identified, but no contributor is recorded",
    UnrecordedReason.SPEECH: "speech was heard here, and no contributor is recorded",
    UnrecordedReason.AGREEMENT_DUE: (
        "the detector is sure of speech, and one reviewer alone said that nobody can be "
        "recognised; another has to count the people too"
    ),
    UnrecordedReason.FEWER: "more people are heard than are recorded",
    UnrecordedReason.UNKNOWN: "somebody is heard who is not recorded",
    UnrecordedReason.COUNT_DUE: (
        "somebody who is not recorded was heard before the redaction; "
        "say how many are heard in what is left"
    ),
}


def describe_fewer_recorded(heard: int, recorded: int) -> str:
    """Such as: 2 people are heard, 1 is recorded."""
    people = "1 person is heard" if heard == 1 else f"{heard} people are heard"
    of_them = "none" if recorded == 0 else str(recorded)
    return f"{people}, {of_them} {'are' if recorded > 1 else 'is'} recorded"
