"""The difference of two releases sees everything, and says which number it asks for."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client

from apps.consent.models import Contributor, Participation
from apps.datasets.actions import remove_clips, touch_draft, update_dataset
from apps.datasets.models import Clip, Dataset, Event, Recording
from apps.doors.web.release_comparison import group_changes
from apps.ingest.label_imports import import_labels
from apps.releases.diff import Diff, diff_releases
from apps.releases.diff_rows import CLIP_CONDITIONS, EVENT_CONDITIONS, PEOPLE_COUNTED
from apps.releases.gate_results import check_gates
from apps.releases.models import GateResult, Release
from apps.releases.version_proposals import propose_version
from datasets_catalog.clip_columns import CLIP_COLUMNS
from datasets_catalog.event_columns import EVENT_COLUMNS
from datasets_catalog.release_about import ABOUT_CHANGES, ReleaseAbout
from datasets_catalog.release_changes import RULES, Change, ChangeKind
from datasets_catalog.versions import Step
from tests.cast import Cast
from tests.factories.drafts import PURPOSES, make_published, make_release, write_table
from tests.factories.reviews import hold_to_less

pytestmark = pytest.mark.django_db

Alter = Callable[[Dataset], Any]
ONE = "field/000.wav"
PATCH, MINOR, MAJOR = Step


@pytest.fixture
def first(cast: Cast, tmp_path: Path) -> Release:
    return make_published(cast, tmp_path)


def compared(cast: Cast, first: Release, alter: Alter, **settings: Any) -> Diff:
    dataset = first.dataset
    alter(dataset)
    touch_draft(dataset)
    return diff_releases(first, make_release(cast, dataset, "9.0.0", **settings))


def counted(diff: Diff) -> dict[ChangeKind, int]:
    return {each.kind: each.count for each in diff.changes}


def clip(**columns: Any) -> Alter:
    return lambda dataset: Clip.objects.filter(dataset=dataset, path=ONE).update(**columns)


def event(**columns: Any) -> Alter:
    return lambda dataset: Event.objects.filter(clip__dataset=dataset, clip__path=ONE).update(
        **columns
    )


def to_other_recording(dataset: Dataset) -> None:
    other = Recording.objects.create(dataset=dataset, name="session-9")
    Clip.objects.filter(dataset=dataset, path=ONE).update(recording=other)


def with_another_person(dataset: Dataset) -> None:
    """One person leaves the clip and another comes: as many as before."""
    other = Contributor.objects.create(organisation=dataset.organisation, code="mia")
    Participation.objects.filter(clip__dataset=dataset, clip__path=ONE).update(contributor=other)


def with_event(dataset: Dataset) -> None:
    clip = Clip.objects.get(dataset=dataset, path=ONE)
    Event.objects.create(clip=clip, label="bell", onset=0.1, offset=0.2)


def without_event(dataset: Dataset) -> None:
    Event.objects.filter(clip__dataset=dataset, clip__path=ONE).delete()


@pytest.mark.parametrize(
    ("alter", "kind", "step"),
    [
        (clip(path="field/xyz.wav"), ChangeKind.CLIPS_RENAMED, MAJOR),
        (clip(split="test"), ChangeKind.SPLIT_CHANGED, MAJOR),
        (clip(split=""), ChangeKind.SPLIT_CHANGED, MAJOR),
        (to_other_recording, ChangeKind.RECORDING_CHANGED, MAJOR),
        (clip(recording=None), ChangeKind.RECORDING_CHANGED, MAJOR),
        (clip(licence="CC0-1.0 OR MIT"), ChangeKind.LICENCE_CHANGED, MAJOR),
        (clip(synthetic=True), ChangeKind.SYNTHETIC_CHANGED, MAJOR),
        (clip(environment="street"), ChangeKind.ENVIRONMENT_CHANGED, MAJOR),
        (clip(environment=""), ChangeKind.ENVIRONMENT_CHANGED, MAJOR),
        (clip(frames=7), ChangeKind.PROBED_OTHERWISE, MAJOR),
        (with_another_person, ChangeKind.PEOPLE_CHANGED, MAJOR),
        (clip(device="recorder"), ChangeKind.DEVICE_FILLED, MINOR),
        (clip(place="Ghent"), ChangeKind.PLACE_FILLED, MINOR),
        (clip(recorded_at="2026-05"), ChangeKind.DATE_FILLED, MINOR),
        (clip(fields={"take": 3}), ChangeKind.FIELDS_FILLED, MINOR),
        (clip(title="Another"), ChangeKind.TITLE_CHANGED, PATCH),
        (clip(author=""), ChangeKind.AUTHOR_CHANGED, PATCH),
        (clip(source_url="https://example.org/1"), ChangeKind.SOURCE_URL_CHANGED, PATCH),
        (with_event, ChangeKind.EVENTS_ADDED, MINOR),
        (without_event, ChangeKind.EVENTS_REMOVED, MAJOR),
        (event(label="other"), ChangeKind.EVENTS_RELABELLED, MAJOR),
        (event(onset=0.15), ChangeKind.EVENTS_MOVED, MAJOR),
        (event(f_low=100.0), ChangeKind.EVENTS_BOUNDED, MAJOR),
        (event(channel=0), ChangeKind.EVENTS_BOUNDED, MAJOR),
        (event(presence="unsure"), ChangeKind.PRESENCE_CHANGED, MAJOR),
        (event(confidence=0.5), ChangeKind.CONFIDENCE_FILLED, MINOR),
        (event(source="human"), ChangeKind.SOURCE_CHANGED, MAJOR),
        (event(status="verified"), ChangeKind.EVENTS_VERIFIED, MINOR),
        (event(verifier="nina"), ChangeKind.VERIFIER_FILLED, MINOR),
        (event(annotator="otto"), ChangeKind.ANNOTATOR_CHANGED, PATCH),
    ],
)
def test_each_change_is_seen_and_asks_for_its_number(
    cast: Cast, first: Release, alter: Alter, kind: ChangeKind, step: Step
) -> None:
    found = compared(cast, first, alter)
    seen = counted(found)
    seen.pop(ChangeKind.WHOLE_LICENCE_CHANGED, None)
    assert seen == {kind: 1}
    assert (found.step, found.is_breaking) == (step, step is MAJOR)
    assert found.proposal.proposed == {MAJOR: "2.0.0", MINOR: "1.1.0", PATCH: "1.0.1"}[step]
    assert found.clips.unchanged == 3


def test_what_was_said_and_is_said_otherwise_breaks(cast: Cast, tmp_path: Path) -> None:
    first = make_published(cast, tmp_path)
    dataset = first.dataset
    columns = {"device": "a", "place": "b", "recorded_at": "2026", "fields": {"take": 1}}
    Clip.objects.filter(dataset=dataset, path=ONE).update(**columns)
    Event.objects.filter(clip__path=ONE).update(
        confidence=0.5, status="verified", verifier="nina", annotator="otto"
    )
    touch_draft(dataset)
    second = make_release(cast, dataset, "1.1.0")
    Clip.objects.filter(dataset=dataset, path=ONE).update(
        device="b", place="c", recorded_at="2025", fields={"take": 2}
    )
    Event.objects.filter(clip__path=ONE).update(confidence=0.6, status="suggested", verifier="")
    touch_draft(dataset)
    assert counted(diff_releases(second, make_release(cast, dataset, "1.2.0"))) == {
        ChangeKind.DEVICE_CHANGED: 1,
        ChangeKind.PLACE_CHANGED: 1,
        ChangeKind.DATE_CHANGED: 1,
        ChangeKind.FIELDS_CHANGED: 1,
        ChangeKind.CONFIDENCE_CHANGED: 1,
        ChangeKind.STATUS_CHANGED: 1,
        ChangeKind.VERIFIER_GONE: 1,
    }


def test_clips_that_go_are_seen_with_their_events(cast: Cast, first: Release) -> None:
    def gone(dataset: Dataset) -> None:
        remove_clips(actor=cast.ada, dataset=dataset, paths=[ONE])

    found = compared(cast, first, gone)
    assert counted(found) == {ChangeKind.CLIPS_REMOVED: 1, ChangeKind.EVENTS_REMOVED: 1}
    assert found.clips.changes[0].examples == (ONE,)
    back = diff_releases(Release.objects.get(version="9.0.0"), first)
    assert counted(back) == {ChangeKind.CLIPS_ADDED: 1, ChangeKind.EVENTS_ADDED: 1}
    assert (back.step, back.is_breaking) == (MINOR, False)


def test_an_import_that_relabels_is_no_removal_with_an_addition(
    cast: Cast, first: Release, tmp_path: Path
) -> None:
    """Events that come in anew have other ids: they are matched by clip and times."""
    rows = [{"path": ONE, "onset": 0.1, "offset": 0.3, "label": "whistle"}]
    table = write_table(tmp_path / "again.csv", rows)

    def again(dataset: Dataset) -> None:
        import_labels(
            actor=cast.ada, dataset=dataset, source=table, format_name="native", replace=True
        )

    before = set(Event.objects.values_list("uid", flat=True))
    found = compared(cast, first, again)
    assert len(set(Event.objects.values_list("uid", flat=True)) - before) == 1
    assert counted(found) == {ChangeKind.EVENTS_RELABELLED: 1}


def test_events_that_only_have_new_ids_are_the_same(cast: Cast, first: Release) -> None:
    def anew(dataset: Dataset) -> None:
        rows = list(
            Event.objects.filter(clip__path=ONE).values("clip_id", "label", "onset", "offset")
        )
        Event.objects.filter(clip__path=ONE).delete()
        for row in rows:
            Event.objects.create(**row)

    found = compared(cast, first, anew)
    assert (counted(found), found.step) == ({ChangeKind.EVENTS_RENUMBERED: 1}, PATCH)


def test_the_whole_is_compared_too(cast: Cast, first: Release) -> None:
    def otherwise(dataset: Dataset) -> None:
        hold_to_less(cast, dataset, use="adaptation")
        dataset.refresh_from_db()

    found = compared(cast, first, otherwise, purposes=[PURPOSES[0], "publish.open"])
    whole = {each.kind for each in found.whole}
    assert whole == {
        ChangeKind.USE_CHANGED,
        ChangeKind.WHOLE_LICENCE_CHANGED,
        ChangeKind.PURPOSES_ADDED,
        ChangeKind.PURPOSES_REMOVED,
    }


SHEET: Mapping[str, Any] = {
    "provenance": "Cut from a long recording.",
    "limitations": "One yard only.",
    "funding": "Grant 7.",
    "languages": ["nl"],
    "creators": [{"name": "Ada Berg"}],
}
TEXTS = {"title": "Other tones", "description": "Tones, said anew."}


@pytest.mark.parametrize("part", [*TEXTS, *SHEET, "publisher"])
def test_what_a_dataset_says_of_itself_is_compared(cast: Cast, first: Release, part: str) -> None:
    def otherwise(dataset: Dataset) -> None:
        if part == "publisher":
            type(cast.acme).objects.filter(pk=cast.acme.pk).update(title="Acme Sounds")
        elif part in TEXTS:
            update_dataset(actor=cast.ada, dataset=dataset, changes={part: TEXTS[part]})
        else:
            sheet = {part: SHEET[part]}
            update_dataset(actor=cast.ada, dataset=dataset, changes={"sheet": sheet})
        dataset.refresh_from_db()
        dataset.organisation.refresh_from_db()

    found = compared(cast, first, otherwise)
    assert (counted(found), found.step) == ({ABOUT_CHANGES[part]: 1}, PATCH)
    assert RULES[ABOUT_CHANGES[part]][1] in " ".join(found.sentences())
    (group,) = (each for each in group_changes(found, with_names=True) if "whole" in each.title)
    assert [each.subject for each in group.changes] == [part.capitalize()]
    proposal = propose_version(actor=cast.ada, dataset=first.dataset)
    assert (proposal.version, proposal.reasons) == (
        "1.0.1",
        (Change(ABOUT_CHANGES[part], 1).sentence,),
    )


def test_what_was_not_noted_is_not_said_to_have_changed(cast: Cast, first: Release) -> None:
    def otherwise(dataset: Dataset) -> None:
        update_dataset(actor=cast.ada, dataset=dataset, changes=TEXTS)

    first.about = {}
    assert counted(compared(cast, first, otherwise)) == {}


def test_what_a_frozen_release_says_of_its_dataset_stays(cast: Cast, first: Release) -> None:
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Release.objects.filter(pk=first.pk).update(about={"title": "Other"})


def test_every_part_of_what_is_said_has_its_change() -> None:
    assert list(ABOUT_CHANGES) == [each.name for each in fields(ReleaseAbout)]


def test_where_it_may_go_is_compared(cast: Cast, first: Release) -> None:
    second = make_release(cast, first.dataset, "9.0.0")
    for before, after, kind in (
        ([], ["DE"], ChangeKind.TERRITORIES_REMOVED),
        (["DE"], [], ChangeKind.TERRITORIES_ADDED),
        (["DE"], ["DE", "FR"], ChangeKind.TERRITORIES_ADDED),
        (["DE", "FR"], ["FR"], ChangeKind.TERRITORIES_REMOVED),
    ):
        first.territories, second.territories = before, after
        assert counted(diff_releases(first, second)) == {kind: 1}


def test_releases_without_digests_of_people_are_compared_by_counts(
    cast: Cast, first: Release
) -> None:
    def alone(dataset: Dataset) -> None:
        Participation.objects.filter(clip__path=ONE).delete()

    first.people_table = None
    found = compared(cast, first, alone)
    assert counted(found) == {ChangeKind.PEOPLE_CHANGED: 1}


def test_the_same_draft_again_asks_for_a_patch(cast: Cast, first: Release) -> None:
    found = diff_releases(first, make_release(cast, first.dataset, "1.0.1"))
    assert (found.changes, found.step) == ((), PATCH)
    proposal = propose_version(actor=cast.ada, dataset=first.dataset)
    assert (proposal.version, proposal.since, proposal.reasons) == ("1.0.1", "1.0.0", ())


def test_a_number_that_says_too_little_is_noted_on_the_release(cast: Cast, first: Release) -> None:
    dataset = first.dataset
    remove_clips(actor=cast.ada, dataset=dataset, paths=[ONE])
    dataset.refresh_from_db()
    for version, passed in (("1.1.0", False), ("2.0.0", True)):
        release = make_release(cast, dataset, version)
        check_gates(release)
        gate = GateResult.objects.get(release=release, code="catalog.version_step")
        assert (gate.passed, gate.blocking) == (passed, False)
        assert "major" in gate.summary
    said = [
        row["message"]
        for row in GateResult.objects.get(
            release__version="1.1.0", code="catalog.version_step"
        ).failing
    ]
    assert said == [
        "1 clip removed, which asks for 2.0.0",
        "1 event removed, which asks for 2.0.0",
    ]


def test_a_number_is_proposed_on_the_page_and_by_command(
    cast: Cast, first: Release, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    remove_clips(actor=cast.ada, dataset=first.dataset, paths=[ONE])
    call_command("propose_version", "acme/tones", "--as", "ada")
    assert "2.0.0: a major version after 1.0.0." in capsys.readouterr().out
    client.force_login(cast.ada)
    address = "/datasets/acme/tones/releases/new/"
    plain = client.get(address).content.decode()
    assert 'value="1.1.0"' in plain
    proposed = client.get(f"{address}?propose=1").content.decode()
    assert 'value="2.0.0"' in proposed
    assert "1 clip removed" in proposed


def test_every_kind_of_change_has_its_rule_and_its_words() -> None:
    assert set(RULES) == set(ChangeKind)
    assert len({words for _, words in RULES.values()}) == len(RULES)
    for kind in ChangeKind:
        assert Change(kind, 2).sentence.endswith(RULES[kind][1].partition(" ")[2])
        assert not Change(kind, 1).sentence.startswith(("1 clips", "1 events"))


# What changes along with what is compared, or names the row itself.
FOLLOWING = {"clip_id", "md5", "size", "labels_sha256", "leaf"}


def test_every_column_of_both_tables_is_compared() -> None:
    clips = " ".join((*CLIP_CONDITIONS.values(), *PEOPLE_COUNTED.values()))
    events = " ".join(EVENT_CONDITIONS.values())
    for column in CLIP_COLUMNS:
        assert column.name in FOLLOWING or f".{column.name}" in clips, column.name
    for column in EVENT_COLUMNS:
        quoted = f'."{column.name}"' in events or f".{column.name}" in events
        assert quoted or column.name in {"clip_id", "path"}, column.name
