"""Where snapshots are cut."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from apps.packaging.layout import (
    GROUP_MAX,
    GROUP_ROWS_MAX,
    MIB,
    SHARD_MAX,
    Cutter,
    build_group_cutter,
    build_shard_cutter,
    name_hub_splits,
)

IDS = [str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))) for number in range(3000)]


def pieces(ids: list[str], cutter: Cutter, size: int = MIB) -> list[tuple[str, ...]]:
    found: list[list[str]] = []
    for clip_id in ids:
        if cutter.begins_at(clip_id, size) or not found:
            found.append([])
        found[-1].append(clip_id)
    return [tuple(piece) for piece in found]


def test_dropping_a_clip_leaves_all_other_shards_as_they_were() -> None:
    before = set(pieces(IDS, build_shard_cutter(3000 * MIB)))
    after = set(pieces(IDS[:1500] + IDS[1501:], build_shard_cutter(2999 * MIB)))
    assert len(before) > 30
    assert len(before - after) <= 2


def test_adding_clips_in_between_leaves_all_other_shards_as_they_were() -> None:
    fewer = [clip_id for number, clip_id in enumerate(IDS) if not 700 <= number < 710]
    before = set(pieces(fewer, build_shard_cutter(2990 * MIB)))
    after = set(pieces(IDS, build_shard_cutter(3000 * MIB)))
    assert len(before - after) <= 2


def test_shards_grow_with_the_release_so_that_there_are_never_too_many() -> None:
    for clips in (100, 1000, 3000):
        assert len(pieces(IDS[:clips], build_shard_cutter(clips * MIB))) <= 130


def test_no_shard_and_no_row_group_exceeds_its_bounds() -> None:
    for piece in pieces(IDS, build_shard_cutter(10**12), size=4 * MIB):
        assert len(piece) * 4 * MIB <= SHARD_MAX
    for piece in pieces(IDS, build_group_cutter(), size=MIB):
        assert len(piece) * MIB <= GROUP_MAX
        assert len(piece) <= GROUP_ROWS_MAX


def test_a_clip_larger_than_a_row_group_stands_alone() -> None:
    assert all(len(piece) == 1 for piece in pieces(IDS[:20], build_group_cutter(), size=GROUP_MAX))


def test_clips_without_a_split_go_to_train() -> None:
    assert name_hub_splits([None, "test"]) == {None: "train", "test": "test"}


def test_split_names_become_words_and_stay_apart() -> None:
    given_names = name_hub_splits(["fold-1", "fold_1", "all", "Ü", "train"])
    assert given_names["train"] == "train"
    assert len(set(given_names.values())) == 5
    assert given_names["all"] != "all"
    assert all(name.isascii() and name.isidentifier() for name in given_names.values())


@given(st.sets(st.one_of(st.none(), st.text(min_size=1, max_size=12)), max_size=8))
def test_every_split_gets_a_name_of_its_own(names: set[str | None]) -> None:
    splits = {name: given for name, given in name_hub_splits(names).items() if name is not None}
    assert len(set(splits.values())) == len(splits)
