"""Tells the rooms above of which bytes review said something else than before."""

from collections.abc import Callable, Collection, Iterable

from apps.datasets.models import Clip
from apps.detection.models import Finding

# What is called with an organisation's id and contents (SHA-256), inside the transaction.
Follower = Callable[[int, Collection[str]], None]
_FOLLOWERS: list[Follower] = []


def follow_verdicts(follower: Follower) -> None:
    """Have `follower` called after every change of what review says of bytes.

    That is: after which other bytes are held back, or are counted to have other people in them.
    Registered once, when a room is installed.
    """
    if follower not in _FOLLOWERS:
        _FOLLOWERS.append(follower)


def announce_verdicts(organisation: int, contents: Collection[str]) -> None:
    """Tell every follower. Belongs into the transaction of the change, after the change itself."""
    if contents:
        for follower in _FOLLOWERS:
            follower(organisation, contents)


def collect_decided_bytes(findings: Iterable[Finding]) -> set[str]:
    """The bytes that a decision on these findings speaks of: as they were seen, and as they are."""
    rows = list(findings)
    clips = Clip.objects.filter(pk__in={row.clip_id for row in rows})
    present = clips.values_list("blob__sha256", "original__sha256")
    held = {content for pair in present for content in pair if content}
    return held | {row.content_sha256 for row in rows}
