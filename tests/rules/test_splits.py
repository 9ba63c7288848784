"""What straddles splits is found, and the fewest clips to move are named."""

import time
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.facts import ClipFacts
from datasets_catalog.split_policies import (
    DEFAULT,
    KNOWN_POLICIES,
    SplitPolicy,
    SplitPolicyError,
    Trait,
    describe_loosening,
    parse_policy,
)
from datasets_catalog.splits import (
    CONTENT,
    find_leaks,
    find_misplaced,
    find_missing_folds,
    find_synthetic_in_evaluation,
)


def clip(number: int, split: str | None, **said: Any) -> ClipFacts:
    """A clip of one second, unlike every other but for what is said."""
    usual: dict[str, Any] = {"path": f"{number}.wav", "sha256": f"{number:064x}", "duration": 1.0}
    return ClipFacts(clip_id=f"c{number}", split=split, **usual | said)


def test_clean_splits_leak_nothing() -> None:
    clips = [
        clip(1, "train", recording="r1", contributors=("p1",)),
        clip(2, "train", recording="r1", contributors=("p1", "p2")),
        clip(3, "test", recording="r2", contributors=("p3",)),
    ]
    assert find_leaks(clips) == ()


def test_a_recording_in_two_splits_is_a_leak_and_the_minority_is_named() -> None:
    clips = [clip(n, "train", recording="r1") for n in range(3)]
    clips.append(clip(3, "test", recording="r1"))
    (leak,) = find_leaks(clips)
    assert leak.kind == Trait.RECORDING
    assert leak.splits == (("train", 3), ("test", 1))
    assert leak.stray == ("c3",)
    assert leak.sentence == "recording r1 is in train (3), test (1)"


def test_a_contributor_the_same_bytes_and_alike_sounds_are_leaks() -> None:
    same = "a" * 64
    clips = [
        clip(1, "train", contributors=("p1",), sha256=same, sound_group="g"),
        clip(2, "test", contributors=("p1", "p2"), sha256=same, sound_group="g"),
    ]
    assert {leak.kind for leak in find_leaks(clips)} == {
        Trait.CONTRIBUTOR,
        CONTENT,
        Trait.SOUND,
    }


def test_clips_without_a_split_leak_nothing() -> None:
    assert find_leaks([clip(1, None, recording="r1"), clip(2, "test", recording="r1")]) == ()


def test_a_recording_and_a_contributor_of_one_name_are_different_things() -> None:
    clips = [clip(1, "train", recording="x"), clip(2, "test", contributors=("x",))]
    assert find_leaks(clips) == ()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["train", "test", None]),
            st.sampled_from(["r1", "r2", None]),
            st.lists(st.sampled_from(["p1", "p2"]), unique=True).map(tuple),
        ),
        max_size=8,
    )
)
def test_moving_the_stray_clips_of_a_leak_home_mends_it(
    rows: list[tuple[str | None, str | None, tuple[str, ...]]],
) -> None:
    clips = [clip(n, s, recording=r, contributors=p) for n, (s, r, p) in enumerate(rows)]
    for leak in find_leaks(clips):
        home = leak.splits[0][0]
        moved = [
            clip(
                n,
                home if f"c{n}" in leak.stray else split,
                recording=recording,
                contributors=people,
            )
            for n, (split, recording, people) in enumerate(rows)
        ]
        assert (leak.kind, leak.key) not in {(each.kind, each.key) for each in find_leaks(moved)}


def test_synthetic_clips_are_kept_out_of_evaluation() -> None:
    clips = [
        clip(1, "train", synthetic=True),
        clip(2, "Test", synthetic=True),
        clip(3, "test"),
        clip(4, None, synthetic=True),
    ]
    found = find_synthetic_in_evaluation(clips, frozenset({"test"}))
    assert [each.clip_id for each in found] == ["c2"]


def test_a_large_release_is_checked_quickly() -> None:
    clips = [clip(n, "train", recording=f"r{n // 4}") for n in range(50_000)]
    began = time.process_time()
    assert find_leaks(clips) == ()
    assert time.process_time() - began < 5


def messages(clips: Collection[ClipFacts], policy: SplitPolicy) -> list[tuple[str, str]]:
    return [(each.clip_id, each.message) for each in find_misplaced(clips, policy)]


def test_recognising_speakers_wants_the_same_people_on_both_sides_but_no_recording() -> None:
    policy = KNOWN_POLICIES["speakers"]
    clips = [
        clip(1, "train", recording="r1", contributors=("p1",)),
        clip(2, "test", recording="r2", contributors=("p1",)),
        clip(3, "train", recording="r3", contributors=("p2",)),
    ]
    assert find_leaks(clips, policy) == ()
    assert messages(clips, policy) == []
    # The usual policy refuses the very same division.
    assert [leak.kind for leak in find_leaks(clips)] == [Trait.CONTRIBUTOR]

    stranger = clip(4, "test", recording="r4", contributors=("p3",))
    nobody = clip(5, "validation", recording="r5")
    assert messages([*clips, stranger, nobody], policy) == [
        ("c4", "contributor p3 is not in a training split"),
        ("c5", "has no contributor, which has to be shared"),
    ]
    same_session = clip(6, "test", recording="r1", contributors=("p1",))
    assert [leak.kind for leak in find_leaks([*clips, same_session], policy)] == [Trait.RECORDING]


def test_the_same_bytes_are_never_in_two_splits_whatever_the_policy() -> None:
    clips = [clip(1, "train", sha256="a" * 64), clip(2, "test", sha256="a" * 64)]
    assert [leak.kind for leak in find_leaks(clips, SplitPolicy(apart=()))] == [CONTENT]


def test_folds_are_numbered_and_each_is_a_split() -> None:
    policy = SplitPolicy(folds=3)
    clips = [
        clip(1, "fold1", recording="r1"),
        clip(2, "fold2", recording="r1"),
        clip(3, "fold03", recording="r3"),
        clip(4, "Fold1", recording="r4"),
        clip(5, "fold4", recording="r5"),
        clip(6, "test", recording="r6"),
        clip(7, None),
    ]
    assert [leak.key for leak in find_leaks(clips, policy)] == ["r1"]
    assert [clip_id for clip_id, _ in messages(clips, policy)] == ["c3", "c4", "c5"]
    assert find_missing_folds(clips, policy) == ("fold3",)
    assert find_missing_folds(clips, DEFAULT) == ()


def test_what_is_shared_over_folds_is_in_two_of_them() -> None:
    policy = SplitPolicy(apart=("recording",), shared=("contributor",), folds=2)
    clips = [
        clip(1, "fold1", contributors=("p1",)),
        clip(2, "fold2", contributors=("p1",)),
        clip(3, "fold1", contributors=("p2",)),
        clip(4, "fold1", contributors=("p2",)),
    ]
    assert messages(clips, policy) == [
        ("c3", "contributor p2 is not in two folds"),
        ("c4", "contributor p2 is not in two folds"),
    ]


def test_a_synthetic_clip_in_a_fold_is_judged_on_in_its_turn() -> None:
    clips = [clip(1, "fold1", synthetic=True), clip(2, "train", synthetic=True)]
    evaluation = frozenset({"test"})
    assert list(find_synthetic_in_evaluation(clips, evaluation)) == []
    found = find_synthetic_in_evaluation(clips, evaluation, SplitPolicy(folds=2))
    assert [each.clip_id for each in found] == ["c1"]


def test_a_long_recording_may_be_cut_in_time_with_a_gap() -> None:
    policy = SplitPolicy(apart=(), gap=5.0)
    apart = [clip(n, "train", recording="r", recording_offset=float(n)) for n in range(3)]
    apart.append(clip(3, "test", recording="r", recording_offset=8.0))
    assert messages(apart, policy) == []

    near = [*apart, clip(4, "test", recording="r", recording_offset=6.0)]
    assert [clip_id for clip_id, _ in messages(near, policy)] == ["c4"]
    inside = [*apart, clip(5, "test", recording="r", recording_offset=0.5)]
    assert {clip_id for clip_id, _ in messages(inside, policy)} == {"c1", "c2", "c5"}
    nowhere = [*apart, clip(6, "test", recording="r")]
    ((_, message),) = messages(nowhere, policy)
    assert "recording_offset" in message
    # Within one split nothing has to be known, and clips of no split are in nobody's way.
    assert messages([clip(1, "train", recording="r"), clip(2, None, recording="r")], policy) == []


def test_a_long_clip_reaches_past_shorter_ones_that_begin_later() -> None:
    clips = [
        clip(1, "train", recording="r", recording_offset=0.0, duration=100.0),
        clip(2, "train", recording="r", recording_offset=1.0),
        clip(3, "test", recording="r", recording_offset=50.0),
    ]
    assert [clip_id for clip_id, _ in messages(clips, SplitPolicy(apart=(), gap=5.0))] == ["c3"]


def test_splits_of_a_recording_follow_each_other_where_that_is_asked() -> None:
    policy = SplitPolicy(apart=(), gap=1.0, order=("train", "test"))
    good = [
        clip(1, "train", recording="r", recording_offset=0.0),
        clip(2, "test", recording="r", recording_offset=10.0),
    ]
    assert messages(good, policy) == []
    bad = [
        clip(1, "test", recording="r", recording_offset=0.0),
        clip(2, "train", recording="r", recording_offset=10.0),
    ]
    assert messages(bad, policy) == [
        ("c2", "comes after test in recording r; train has to come before")
    ]


def test_places_devices_and_fields_can_be_kept_apart_and_have_to_be_known() -> None:
    policy = SplitPolicy(apart=("place", "fields.session"))
    clips = [
        clip(1, "train", traits={"place": "Ghent", "fields.session": "s1"}),
        clip(2, "test", traits={"place": "Ghent", "fields.session": "s2"}),
        clip(3, "test", traits={"place": "Bern"}),
    ]
    assert [leak.sentence for leak in find_leaks(clips, policy)] == [
        "place Ghent is in test (1), train (1)"
    ]
    assert messages(clips, policy) == [
        ("c3", "has no session, so nobody can say which splits share it")
    ]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "an object"),
        ({"aparts": []}, "'aparts'"),
        ({"apart": "recording"}, "a list"),
        ({"apart": ["voice"]}, "'voice'"),
        ({"shared": [1]}, "a list"),
        ({"folds": 1}, "2 to"),
        ({"folds": True}, "2 to"),
        ({"folds": 5000}, "2 to"),
        ({"apart": [], "gap": -1}, "seconds"),
        ({"apart": [], "gap": float("nan")}, "seconds"),
        ({"apart": [], "gap": "5"}, "seconds"),
        ({"gap": 5}, "take recording out of apart"),
        ({"order": ["train", "test"]}, "gap"),
        ({"shared": ["contributor"]}, "in apart or in shared"),
    ],
)
def test_a_policy_that_cannot_be_applied_is_refused(value: Any, says: str) -> None:
    with pytest.raises(SplitPolicyError, match=says):
        parse_policy(value)


@pytest.mark.parametrize("name", KNOWN_POLICIES)
def test_a_policy_reads_back_as_it_was_written(name: str) -> None:
    policy = KNOWN_POLICIES[name]
    assert parse_policy(policy.as_json()) == policy
    assert parse_policy(None) == DEFAULT
    assert policy.sentence.startswith("No file")


def test_what_a_change_of_policy_no_longer_asks_is_said() -> None:
    assert describe_loosening(DEFAULT, DEFAULT) == ()
    assert describe_loosening(DEFAULT, KNOWN_POLICIES["places"]) == ()
    assert describe_loosening(DEFAULT, KNOWN_POLICIES["speakers"]) == (
        "contributor may be in two splits",
    )
    assert describe_loosening(KNOWN_POLICIES["speakers"], DEFAULT) == (
        "contributor need not be in what is learnt from",
    )
    assert len(describe_loosening(DEFAULT, KNOWN_POLICIES["time"])) == 2
    cut = SplitPolicy(apart=(), gap=60.0, order=("train", "test"))
    assert (
        len(describe_loosening(cut, SplitPolicy(apart=(), gap=5.0, order=("train", "test")))) == 1
    )
    assert len(describe_loosening(cut, SplitPolicy(apart=()))) == 2
    assert describe_loosening(cut, SplitPolicy(apart=("recording",))) == ()
    assert len(describe_loosening(SplitPolicy(folds=5), SplitPolicy(folds=2))) == 1
