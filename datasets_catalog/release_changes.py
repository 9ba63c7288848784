"""What can change from one version to the next, and which number of the version it asks for.

One rule stands behind the table: *major* where something that was there is gone or other, so that
results on the two cannot be compared; *minor* where something was added; *patch* where only texts
and credits changed, or nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from datasets_catalog.versions import Step, Version, find_step, parse_version


class ChangeKind(StrEnum):
    """One kind of change. `FILLED` means that something is said now of which nothing was said."""

    CLIPS_REMOVED = "clips_removed"
    CLIPS_RENAMED = "clips_renamed"
    BYTES_CHANGED = "bytes_changed"
    PROBED_OTHERWISE = "probed_otherwise"
    SPLIT_CHANGED = "split_changed"
    RECORDING_CHANGED = "recording_changed"
    LICENCE_CHANGED = "licence_changed"
    PEOPLE_CHANGED = "people_changed"
    SYNTHETIC_CHANGED = "synthetic_changed"
    REDACTED_CHANGED = "redacted_changed"
    ENVIRONMENT_CHANGED = "environment_changed"
    DEVICE_CHANGED = "device_changed"
    PLACE_CHANGED = "place_changed"
    DATE_CHANGED = "date_changed"
    FIELDS_CHANGED = "fields_changed"
    PLACE_IN_RECORDING_CHANGED = "place_in_recording_changed"
    WEAK_LABELS_CHANGED = "weak_labels_changed"
    FOUND_EMPTY_CHANGED = "found_empty_changed"
    EVENTS_REMOVED = "events_removed"
    EVENTS_RELABELLED = "events_relabelled"
    EVENTS_MOVED = "events_moved"
    EVENTS_BOUNDED = "events_bounded"
    PRESENCE_CHANGED = "presence_changed"
    TERM_CHANGED = "term_changed"
    CONFIDENCE_CHANGED = "confidence_changed"
    SOURCE_CHANGED = "source_changed"
    STATUS_CHANGED = "status_changed"
    VERIFIER_GONE = "verifier_gone"
    WHOLE_LICENCE_CHANGED = "whole_licence_changed"
    USE_CHANGED = "use_changed"
    VOCABULARY_CHANGED = "vocabulary_changed"
    PURPOSES_REMOVED = "purposes_removed"
    TERRITORIES_REMOVED = "territories_removed"
    CLIPS_ADDED = "clips_added"
    RECORDING_FILLED = "recording_filled"
    ENVIRONMENT_FILLED = "environment_filled"
    DEVICE_FILLED = "device_filled"
    PLACE_FILLED = "place_filled"
    DATE_FILLED = "date_filled"
    FIELDS_FILLED = "fields_filled"
    PLACE_IN_RECORDING_FILLED = "place_in_recording_filled"
    WEAK_LABELS_FILLED = "weak_labels_filled"
    FOUND_EMPTY_FILLED = "found_empty_filled"
    EVENTS_ADDED = "events_added"
    TERM_FILLED = "term_filled"
    CONFIDENCE_FILLED = "confidence_filled"
    EVENTS_VERIFIED = "events_verified"
    VERIFIER_FILLED = "verifier_filled"
    PURPOSES_ADDED = "purposes_added"
    TERRITORIES_ADDED = "territories_added"
    VOCABULARY_FILLED = "vocabulary_filled"
    TITLE_CHANGED = "title_changed"
    AUTHOR_CHANGED = "author_changed"
    SOURCE_URL_CHANGED = "source_url_changed"
    CONSENT_CHANGED = "consent_changed"
    EVENTS_RENUMBERED = "events_renumbered"
    ANNOTATOR_CHANGED = "annotator_changed"
    VERIFIER_CHANGED = "verifier_changed"
    NAME_CHANGED = "name_changed"
    DESCRIPTION_CHANGED = "description_changed"
    PUBLISHER_CHANGED = "publisher_changed"
    PROVENANCE_CHANGED = "provenance_changed"
    LIMITATIONS_CHANGED = "limitations_changed"
    FUNDING_CHANGED = "funding_changed"
    LANGUAGES_CHANGED = "languages_changed"
    CREATORS_CHANGED = "creators_changed"


# Which number each asks for, and what is said after the count.
RULES: Mapping[ChangeKind, tuple[Step, str]] = {
    ChangeKind.CLIPS_REMOVED: (Step.MAJOR, "clips removed"),
    ChangeKind.CLIPS_RENAMED: (Step.MAJOR, "clips under another path"),
    ChangeKind.BYTES_CHANGED: (Step.MAJOR, "clips with other bytes"),
    ChangeKind.PROBED_OTHERWISE: (
        Step.MAJOR,
        "clips of which the same bytes are measured otherwise",
    ),
    ChangeKind.SPLIT_CHANGED: (Step.MAJOR, "clips in another split"),
    ChangeKind.RECORDING_CHANGED: (Step.MAJOR, "clips said to be of another recording"),
    ChangeKind.LICENCE_CHANGED: (Step.MAJOR, "clips with another licence"),
    ChangeKind.PEOPLE_CHANGED: (Step.MAJOR, "clips with other people in them"),
    ChangeKind.SYNTHETIC_CHANGED: (Step.MAJOR, "clips marked otherwise as synthetic or not"),
    ChangeKind.REDACTED_CHANGED: (Step.MAJOR, "clips marked otherwise as redacted or not"),
    ChangeKind.ENVIRONMENT_CHANGED: (Step.MAJOR, "clips with another environment"),
    ChangeKind.DEVICE_CHANGED: (Step.MAJOR, "clips with another device"),
    ChangeKind.PLACE_CHANGED: (Step.MAJOR, "clips with another place"),
    ChangeKind.DATE_CHANGED: (Step.MAJOR, "clips with another date of recording"),
    ChangeKind.FIELDS_CHANGED: (Step.MAJOR, "clips with other fields of their vertical"),
    ChangeKind.PLACE_IN_RECORDING_CHANGED: (
        Step.MAJOR,
        "clips said to begin elsewhere in their recording",
    ),
    ChangeKind.WEAK_LABELS_CHANGED: (Step.MAJOR, "clips with other weak labels"),
    ChangeKind.FOUND_EMPTY_CHANGED: (Step.MAJOR, "clips that are no longer found empty"),
    ChangeKind.EVENTS_REMOVED: (Step.MAJOR, "events removed"),
    ChangeKind.EVENTS_RELABELLED: (Step.MAJOR, "events with another label"),
    ChangeKind.EVENTS_MOVED: (Step.MAJOR, "events moved in time"),
    ChangeKind.EVENTS_BOUNDED: (Step.MAJOR, "events with another frequency range or channel"),
    ChangeKind.PRESENCE_CHANGED: (Step.MAJOR, "events with another presence"),
    ChangeKind.TERM_CHANGED: (Step.MAJOR, "events with another term of the vocabulary"),
    ChangeKind.CONFIDENCE_CHANGED: (Step.MAJOR, "events with another confidence"),
    ChangeKind.SOURCE_CHANGED: (Step.MAJOR, "events from another kind of source"),
    ChangeKind.STATUS_CHANGED: (Step.MAJOR, "events no longer verified"),
    ChangeKind.VERIFIER_GONE: (Step.MAJOR, "events without the verifier they named"),
    ChangeKind.WHOLE_LICENCE_CHANGED: (Step.MAJOR, "licence of the whole changed"),
    ChangeKind.USE_CHANGED: (Step.MAJOR, "use of the clips (collection or adaptation) changed"),
    ChangeKind.VOCABULARY_CHANGED: (Step.MAJOR, "vocabulary changed"),
    ChangeKind.PURPOSES_REMOVED: (Step.MAJOR, "purposes removed"),
    ChangeKind.TERRITORIES_REMOVED: (Step.MAJOR, "territories closed"),
    ChangeKind.CLIPS_ADDED: (Step.MINOR, "clips added"),
    ChangeKind.RECORDING_FILLED: (Step.MINOR, "clips whose recording is said now"),
    ChangeKind.ENVIRONMENT_FILLED: (Step.MINOR, "clips whose environment is said now"),
    ChangeKind.DEVICE_FILLED: (Step.MINOR, "clips whose device is said now"),
    ChangeKind.PLACE_FILLED: (Step.MINOR, "clips whose place is said now"),
    ChangeKind.DATE_FILLED: (Step.MINOR, "clips whose date of recording is said now"),
    ChangeKind.FIELDS_FILLED: (Step.MINOR, "clips whose fields of their vertical are said now"),
    ChangeKind.PLACE_IN_RECORDING_FILLED: (
        Step.MINOR,
        "clips of which it is said now where in their recording they begin",
    ),
    ChangeKind.WEAK_LABELS_FILLED: (Step.MINOR, "clips with weak labels now"),
    ChangeKind.FOUND_EMPTY_FILLED: (Step.MINOR, "clips found empty now"),
    ChangeKind.EVENTS_ADDED: (Step.MINOR, "events added"),
    ChangeKind.TERM_FILLED: (Step.MINOR, "events with a term of the vocabulary now"),
    ChangeKind.CONFIDENCE_FILLED: (Step.MINOR, "events with a confidence now"),
    ChangeKind.EVENTS_VERIFIED: (Step.MINOR, "events verified now"),
    ChangeKind.VERIFIER_FILLED: (Step.MINOR, "events with a named verifier now"),
    ChangeKind.PURPOSES_ADDED: (Step.MINOR, "purposes added"),
    ChangeKind.TERRITORIES_ADDED: (Step.MINOR, "territories opened"),
    ChangeKind.VOCABULARY_FILLED: (Step.MINOR, "vocabulary said now"),
    ChangeKind.TITLE_CHANGED: (Step.PATCH, "clips with another title"),
    ChangeKind.AUTHOR_CHANGED: (Step.PATCH, "clips with another author"),
    ChangeKind.SOURCE_URL_CHANGED: (Step.PATCH, "clips with another source address"),
    ChangeKind.CONSENT_CHANGED: (Step.PATCH, "clips whose people gave other answers since"),
    ChangeKind.EVENTS_RENUMBERED: (Step.PATCH, "events with another id and all else the same"),
    ChangeKind.ANNOTATOR_CHANGED: (Step.PATCH, "events with another annotator's name"),
    ChangeKind.VERIFIER_CHANGED: (Step.PATCH, "events with another verifier's name"),
    ChangeKind.NAME_CHANGED: (Step.PATCH, "title of the dataset changed"),
    ChangeKind.DESCRIPTION_CHANGED: (Step.PATCH, "description of the dataset changed"),
    ChangeKind.PUBLISHER_CHANGED: (Step.PATCH, "publisher's name changed"),
    ChangeKind.PROVENANCE_CHANGED: (Step.PATCH, "how it was made is said otherwise"),
    ChangeKind.LIMITATIONS_CHANGED: (Step.PATCH, "limitations are said otherwise"),
    ChangeKind.FUNDING_CHANGED: (Step.PATCH, "funding is said otherwise"),
    ChangeKind.LANGUAGES_CHANGED: (Step.PATCH, "languages are said otherwise"),
    ChangeKind.CREATORS_CHANGED: (Step.PATCH, "creators are named otherwise"),
}


OF_THE_WHOLE = frozenset(
    {
        ChangeKind.WHOLE_LICENCE_CHANGED,
        ChangeKind.USE_CHANGED,
        ChangeKind.VOCABULARY_CHANGED,
        ChangeKind.VOCABULARY_FILLED,
        ChangeKind.NAME_CHANGED,
        ChangeKind.DESCRIPTION_CHANGED,
        ChangeKind.PUBLISHER_CHANGED,
        ChangeKind.PROVENANCE_CHANGED,
        ChangeKind.LIMITATIONS_CHANGED,
        ChangeKind.FUNDING_CHANGED,
        ChangeKind.LANGUAGES_CHANGED,
        ChangeKind.CREATORS_CHANGED,
    }
)
ONE_OF = {
    "clips": "clip",
    "events": "event",
    "purposes": "purpose",
    "territories": "territory",
}


@dataclass(frozen=True, slots=True)
class Change:
    """So many things changed in one way; `examples` are paths of the first few clips."""

    kind: ChangeKind
    count: int
    examples: tuple[str, ...] = ()

    @property
    def step(self) -> Step:
        return RULES[self.kind][0]

    @property
    def words(self) -> str:
        return RULES[self.kind][1]

    @property
    def sentence(self) -> str:
        if self.kind in OF_THE_WHOLE:
            return self.words
        many, _, rest = self.words.partition(" ")
        return f"{self.count:,} {ONE_OF[many] if self.count == 1 else many} {rest}"


@dataclass(frozen=True, slots=True)
class VersionStep:
    """What the changes since the version `since` ask for; `proposed` is the number that fits.

    `reasons` are those changes that ask for this step, and no lesser ones.
    """

    since: str
    step: Step
    proposed: str
    reasons: tuple[str, ...] = ()

    def is_less(self, version: Version) -> bool:
        """Whether the version is counted up by less than the changes ask for."""
        return find_step(parse_version(self.since), version).weight < self.step.weight


def find_needed_step(changes: Iterable[Change]) -> Step:
    """Return the greatest step that any of the changes asks for."""
    return max((each.step for each in changes), key=lambda step: step.weight, default=Step.PATCH)


def propose_step(before: Version, changes: Collection[Change]) -> VersionStep:
    """Return the version that fits what changed since `before`."""
    step = find_needed_step(changes)
    reasons = tuple(each.sentence for each in changes if each.step is step)
    return VersionStep(str(before), step, str(before.after(step)), reasons)
