"""The proof of a part: it holds for what is there, and for nothing else."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog import part_proofs
from datasets_catalog.manifest import build_inclusion_proof, compute_merkle_root
from datasets_catalog.part_proofs import Node, find_runs, prove_part, proves_part


def leaves_of(size: int) -> list[bytes]:
    return [hashlib.sha256(b"%d" % number).digest() for number in range(size)]


parts = st.lists(st.booleans(), min_size=1, max_size=70).filter(any)


@given(chosen=parts, levels=st.sampled_from([1, 2, 3, 14]))
def test_every_part_is_proved_and_a_changed_one_is_not(chosen: list[bool], levels: int) -> None:
    leaves = leaves_of(len(chosen))
    root = compute_merkle_root(leaves)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part_proofs, "BLOCK_LEVELS", levels)
        nodes = list(prove_part(iter(leaves), chosen))
    part = {number: leaves[number] for number, mark in enumerate(chosen) if mark}
    size = len(leaves)
    assert proves_part(leaves=part, size=size, nodes=nodes, root=root)
    first = next(iter(part))
    forged = {**part, first: hashlib.sha256(b"other").digest()}
    assert not proves_part(leaves=forged, size=size, nodes=nodes, root=root)
    assert not proves_part(leaves=part, size=size, nodes=nodes, root=leaves[0] + b"x")
    for left_out in range(len(nodes)):
        fewer = nodes[:left_out] + nodes[left_out + 1 :]
        assert not proves_part(leaves=part, size=size, nodes=fewer, root=root)


def test_one_leafs_proof_is_its_audit_path() -> None:
    leaves = leaves_of(13)
    for index in range(13):
        nodes = list(prove_part(leaves, [number == index for number in range(13)]))
        assert tuple(node.hash for node in nodes) == build_inclusion_proof(leaves, index)


def test_the_whole_needs_no_proof() -> None:
    leaves = leaves_of(11)
    assert list(prove_part(leaves, [True] * 11)) == []
    assert proves_part(
        leaves=dict(enumerate(leaves)), size=11, nodes=(), root=compute_merkle_root(leaves)
    )


def test_leaves_beyond_the_tree_prove_nothing() -> None:
    leaves = leaves_of(3)
    root = compute_merkle_root(leaves)
    node = Node(1, 0, leaves[0])
    assert not proves_part(leaves={3: leaves[0]}, size=3, nodes=[node], root=root)
    assert not proves_part(leaves={}, size=3, nodes=[Node(2, 0, root)], root=root)


def test_numbers_are_told_in_runs() -> None:
    assert list(find_runs([0, 1, 2, 5, 7, 8])) == [(0, 3), (5, 1), (7, 2)]
    assert list(find_runs([])) == []
