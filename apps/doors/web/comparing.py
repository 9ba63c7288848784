"""The difference of two releases in the groups that the comparison shows."""

from apps.doors.web.components import Change, ChangeGroup
from apps.doors.web.templatetags.web_components import length_of
from apps.releases.diff import ClassChange, Diff
from datasets_catalog.purposes import TERMS, Purpose

CLIP_WORDS = {
    "bytes_changed": ("other bytes", "sound as before", "other sound"),
    "labels_changed": ("other labels", "labels as before", "other labels"),
    "licence_changed": ("another licence", "licence as before", "another licence"),
    "consent_changed": ("other people", "people as before", "other people"),
    "renamed": ("another name", "other name", "this name"),
}


def change_groups(diff: Diff, *, with_names: bool) -> list[ChangeGroup]:
    """`with_names`: whether the reader may know the names of clips."""
    return [_clips(diff, with_names=with_names), _events(diff), _classes(diff), _rights(diff)]


def _clips(diff: Diff, *, with_names: bool) -> ChangeGroup:
    clips = diff.clips
    examples = clips.examples if with_names else {}
    changes = [Change(path, after="in it") for path in examples.get("added", [])]
    changes += [Change(path, before="in it") for path in examples.get("removed", [])]
    for key, (_, before, after) in CLIP_WORDS.items():
        changes += [Change(path, before, after) for path in examples.get(key, [])]
    counts = {"added": clips.added, "removed": clips.removed}
    counts |= {words[0]: getattr(clips, key) for key, words in CLIP_WORDS.items()}
    return ChangeGroup(
        "Clips",
        _counted(counts) or f"all {clips.unchanged:,} unchanged",
        changes,
        sum(counts.values()) if with_names else 0,
        of_files=True,
    )


def _events(diff: Diff) -> ChangeGroup:
    events = diff.events
    counts = {
        "added": events.added,
        "removed": events.removed,
        "moved": events.moved,
        "relabelled": events.relabelled,
    }
    summary = _counted(counts) or "unchanged"
    if events.moved:
        summary += f"; onsets moved by {events.mean_onset_shift * 1000:.1f} ms on average"
    return ChangeGroup("Events", summary)


def _classes(diff: Diff) -> ChangeGroup:
    changed = [each for each in diff.classes if _differs(each)]
    changes = [
        Change(
            each.label,
            _amount(each.events_before, each.seconds_before),
            _amount(each.events_after, each.seconds_after),
        )
        for each in changed
    ]
    whole = f"{length_of(diff.seconds_before)} → {length_of(diff.seconds_after)} of audio"
    return ChangeGroup("Labelled time", whole, changes, len(changes))


def _rights(diff: Diff) -> ChangeGroup:
    changes = []
    if diff.licence_before != diff.licence_after:
        changes.append(
            Change(
                "Licence of the whole",
                diff.licence_before or "in conflict",
                diff.licence_after or "in conflict",
            )
        )
    changes += [Change(_title(purpose), after="cleared") for purpose in diff.purposes_added]
    changes += [Change(_title(purpose), before="cleared") for purpose in diff.purposes_removed]
    people = f"contributors {diff.contributors_before:,} → {diff.contributors_after:,}"
    return ChangeGroup("Rights and consent", people, changes, len(changes))


def _differs(each: ClassChange) -> bool:
    return (each.events_before, each.seconds_before) != (each.events_after, each.seconds_after)


def _amount(events: int, seconds: float) -> str:
    return f"{events:,} events, {length_of(seconds)}" if events else ""


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {words}" for words, count in counts.items() if count)


def _title(purpose: str) -> str:
    return TERMS[Purpose(purpose)].title
