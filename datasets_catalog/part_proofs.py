"""One proof for many leaves: that a part of a release stands under the release's root.

The tree is that of `manifest.py`. A node is named by its level (0 for the leaves) and its number
from the left; the parent of node `n` is node `n // 2` one level up, also where an unpaired last
node rises unchanged. The proof holds exactly those nodes that cannot be computed from the leaves
of the part and that are needed to reach the root: none where the part is the whole, at most one
for each level where it is one leaf.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import NamedTuple

from datasets_catalog.manifest import EMPTY_ROOT, hash_node

# Leaves are proved in blocks of so many levels: memory holds one block and one hash for each.
BLOCK_LEVELS = 14
MOST_LEVELS = 64


class Node(NamedTuple):
    """A node of the tree: what it hashes to stands in for the leaves below it."""

    level: int
    number: int
    hash: bytes


def prove_part(leaves: Iterable[bytes], chosen: Sequence[bool]) -> Iterator[Node]:
    """Yield the nodes that prove the chosen leaves; `leaves` are all of the tree's, in order."""
    rest = iter(leaves)
    tops: list[bytes] = []
    known: list[bool] = []
    while block := list(islice(rest, 1 << BLOCK_LEVELS)):
        start = len(tops) << BLOCK_LEVELS
        marks = [bool(mark) for mark in chosen[start : start + len(block)]]
        top, has = yield from _climb_levels(block, marks, level=0, first=start, levels=BLOCK_LEVELS)
        tops += top
        known += has
    if tops:
        yield from _climb_levels(tops, known, level=BLOCK_LEVELS, first=0, levels=MOST_LEVELS)


def _climb_levels(
    nodes: list[bytes], known: list[bool], *, level: int, first: int, levels: int
) -> Generator[Node, None, tuple[list[bytes], list[bool]]]:
    """Yield what is needed on so many levels; returns the nodes above, and which are known.

    A node that is alone on its level rises as it is, so that more levels than there are do no harm.
    """
    for _ in range(levels):
        for number in range(0, len(nodes) - 1, 2):
            if known[number] is not known[number + 1]:
                missing = number if known[number + 1] else number + 1
                yield Node(level, first + missing, nodes[missing])
        paired = [hash_node(nodes[n], nodes[n + 1]) for n in range(0, len(nodes) - 1, 2)]
        known = [any(known[n : n + 2]) for n in range(0, len(known), 2)]
        nodes = paired + nodes[len(paired) * 2 :]
        level, first = level + 1, first // 2
    return nodes, known


def proves_part(
    *, leaves: Mapping[int, bytes], size: int, nodes: Iterable[Node], root: bytes
) -> bool:
    """Say whether these leaves, by their numbers, stand in the tree of `size` leaves and root."""
    if not size:
        return not leaves and root == EMPTY_ROOT
    if not leaves or not all(0 <= number < size for number in leaves):
        return False
    given = {(node.level, node.number): node.hash for node in nodes}
    known = dict(leaves)
    level, width = 0, size
    while width > 1:
        above: dict[int, bytes] = {}
        for parent, numbers in groupby(sorted(known), key=lambda number: number // 2):
            left = parent * 2
            pair = {number: known[number] for number in numbers}
            for number in range(left, min(left + 2, width)):
                if number not in pair:
                    if (level, number) not in given:
                        return False
                    pair[number] = given[level, number]
            both = len(pair) > 1
            above[parent] = hash_node(pair[left], pair[left + 1]) if both else pair[left]
        known, level, width = above, level + 1, (width + 1) // 2
    return known[0] == root


def find_runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Rising numbers as (first, how many), so that a long part is told briefly."""
    first = count = 0
    for number in numbers:
        if count and number == first + count:
            count += 1
            continue
        if count:
            yield first, count
        first, count = number, 1
    if count:
        yield first, count
