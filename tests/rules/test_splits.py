"""What straddles splits is found, and the fewest clips to move are named."""

import time

from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.facts import ClipFacts
from datasets_catalog.splits import LeakKind, leaks, synthetic_in_evaluation


def clip(
    number: int,
    split: str | None,
    *,
    recording: str | None = None,
    contributors: tuple[str, ...] = (),
    sha256: str | None = None,
    sound_group: str | None = None,
    synthetic: bool = False,
) -> ClipFacts:
    return ClipFacts(
        clip_id=f"c{number}",
        path=f"{number}.wav",
        sha256=sha256 or f"{number:064x}",
        duration=1.0,
        recording=recording,
        contributors=contributors,
        split=split,
        sound_group=sound_group,
        synthetic=synthetic,
    )


def test_clean_splits_leak_nothing() -> None:
    clips = [
        clip(1, "train", recording="r1", contributors=("p1",)),
        clip(2, "train", recording="r1", contributors=("p1", "p2")),
        clip(3, "test", recording="r2", contributors=("p3",)),
    ]
    assert leaks(clips) == ()


def test_a_recording_in_two_splits_is_a_leak_and_the_minority_is_named() -> None:
    clips = [clip(n, "train", recording="r1") for n in range(3)]
    clips.append(clip(3, "test", recording="r1"))
    (leak,) = leaks(clips)
    assert leak.kind is LeakKind.RECORDING
    assert leak.splits == (("train", 3), ("test", 1))
    assert leak.stray == ("c3",)
    assert leak.sentence == "recording r1 is in train (3), test (1)"


def test_a_contributor_the_same_bytes_and_alike_sounds_are_leaks() -> None:
    same = "a" * 64
    clips = [
        clip(1, "train", contributors=("p1",), sha256=same, sound_group="g"),
        clip(2, "test", contributors=("p1", "p2"), sha256=same, sound_group="g"),
    ]
    assert {leak.kind for leak in leaks(clips)} == {
        LeakKind.CONTRIBUTOR,
        LeakKind.CONTENT,
        LeakKind.SOUND,
    }


def test_clips_without_a_split_leak_nothing() -> None:
    assert leaks([clip(1, None, recording="r1"), clip(2, "test", recording="r1")]) == ()


def test_a_recording_and_a_contributor_of_one_name_are_different_things() -> None:
    clips = [clip(1, "train", recording="x"), clip(2, "test", contributors=("x",))]
    assert leaks(clips) == ()


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
    for leak in leaks(clips):
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
        assert (leak.kind, leak.key) not in {(each.kind, each.key) for each in leaks(moved)}


def test_synthetic_clips_are_kept_out_of_evaluation() -> None:
    clips = [
        clip(1, "train", synthetic=True),
        clip(2, "Test", synthetic=True),
        clip(3, "test"),
        clip(4, None, synthetic=True),
    ]
    found = synthetic_in_evaluation(clips, frozenset({"test"}))
    assert [each.clip_id for each in found] == ["c2"]


def test_a_large_release_is_checked_quickly() -> None:
    clips = [clip(n, "train", recording=f"r{n // 4}") for n in range(50_000)]
    began = time.process_time()
    assert leaks(clips) == ()
    assert time.process_time() - began < 5
