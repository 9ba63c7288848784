"""The difference of two releases in the groups that the comparison shows."""

from collections.abc import Iterable

from apps.doors.web.components import Change, ChangeGroup
from apps.doors.web.templatetags.web_components import length_of
from apps.releases.diff import Diff
from datasets_catalog import release_changes
from datasets_catalog.purposes import TERMS, Purpose
from datasets_catalog.release_about import ABOUT_CHANGES, ReleaseAbout
from datasets_catalog.release_changes import ChangeKind


def group_changes(diff: Diff, *, with_names: bool) -> list[ChangeGroup]:
    """`with_names`: whether the reader may know the names of clips."""
    return [
        _compare_clips(diff, with_names=with_names),
        _compare_events(diff),
        _compare_classes(diff),
        _compare_whole(diff),
    ]


def _compare_clips(diff: Diff, *, with_names: bool) -> ChangeGroup:
    found = diff.clips
    changes = (
        [line for each in found.changes for line in _list_clip_changes(each)] if with_names else []
    )
    return ChangeGroup(
        "Clips",
        _join_sentences(found.changes) or f"all {found.unchanged:,} unchanged",
        changes,
        sum(each.count for each in found.changes) if with_names else 0,
        of_files=True,
    )


def _list_clip_changes(change: release_changes.Change) -> Iterable[Change]:
    for path in change.examples:
        if change.kind is ChangeKind.CLIPS_ADDED:
            yield Change(path, after="in it")
        elif change.kind is ChangeKind.CLIPS_REMOVED:
            yield Change(path, before="in it")
        else:
            yield Change(path, "as it was", change.words)


def _compare_events(diff: Diff) -> ChangeGroup:
    events = diff.events
    summary = _join_sentences(events.changes) or "unchanged"
    if any(each.kind is ChangeKind.EVENTS_MOVED for each in events.changes):
        summary += f"; onsets moved by {events.mean_onset_shift * 1000:.1f} ms on average"
    return ChangeGroup("Events", summary)


def _compare_classes(diff: Diff) -> ChangeGroup:
    changes = [
        Change(
            each.label,
            _format_amount(each.events_before, each.seconds_before),
            _format_amount(each.events_after, each.seconds_after),
        )
        for each in diff.classes
        if each.is_other
    ]
    whole = f"{length_of(diff.before.seconds)} → {length_of(diff.after.seconds)} of audio"
    return ChangeGroup("Labelled time", whole, changes, len(changes))


def _compare_whole(diff: Diff) -> ChangeGroup:
    before, after = diff.before, diff.after
    pairs = (
        ("Licence of the whole", before.licence or "in conflict", after.licence or "in conflict"),
        ("Use of the clips", before.use, after.use),
        ("Vocabulary", before.vocabulary or "", after.vocabulary or ""),
        ("Where it may go", _format_area(before.territories), _format_area(after.territories)),
    )
    changes = [Change(*pair) for pair in pairs if pair[1] != pair[2]]
    changes += _describe_about(before.about, after.about)
    added, removed = after.purposes - before.purposes, before.purposes - after.purposes
    changes += [Change(_find_purpose_title(purpose), after="cleared") for purpose in sorted(added)]
    changes += [
        Change(_find_purpose_title(purpose), before="cleared") for purpose in sorted(removed)
    ]
    people = f"contributors {before.contributors:,} → {after.contributors:,}"
    return ChangeGroup("The whole, rights and consent", people, changes, len(changes))


def _describe_about(before: ReleaseAbout | None, after: ReleaseAbout | None) -> Iterable[Change]:
    """What the dataset said of itself then and now."""
    if before is None or after is None:
        return
    for part in ABOUT_CHANGES:
        if getattr(before, part) != getattr(after, part):
            yield Change(part.capitalize(), before.in_words(part), after.in_words(part))


def _format_area(territories: frozenset[str]) -> str:
    return ", ".join(sorted(territories)) or "everywhere"


def _format_amount(events: int, seconds: float) -> str:
    return f"{events:,} events, {length_of(seconds)}" if events else ""


def _join_sentences(changes: Iterable[release_changes.Change]) -> str:
    return ", ".join(each.sentence for each in changes)


def _find_purpose_title(purpose: str) -> str:
    return TERMS[Purpose(purpose)].title
