"""Tells rooms above that what somebody allowed may be another than before."""

from collections.abc import Callable, Collection

# What is called with the ids of the contributors, inside the transaction of the change.
_FOLLOWERS: list[Callable[[Collection[int]], None]] = []


def follow_answers(follower: Callable[[Collection[int]], None]) -> None:
    """Have `follower` called, with ids of contributors, by every write that concerns them.

    That is: after which what they allow, where it holds, or in which clips they are may be another.
    Registered once, when a room is installed.
    """
    if follower not in _FOLLOWERS:
        _FOLLOWERS.append(follower)


def announce_answers(contributor_ids: Collection[int]) -> None:
    """Tell every follower. Belongs into the transaction of the change, after the change itself."""
    if contributor_ids:
        for follower in _FOLLOWERS:
            follower(contributor_ids)
