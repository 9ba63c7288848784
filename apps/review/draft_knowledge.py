"""What review knows of a draft's clips, for the detectors that look at drafts as wholes."""

from collections.abc import Mapping

from apps.datasets.models import Dataset
from apps.detection.draft_groups import provide_knowledge
from apps.review.gone_sounds import find_gone_likenesses
from apps.review.holds_elsewhere import explain_holds_elsewhere
from apps.review.known_people import find_missing_people
from apps.review.known_places import map_moved_clips


def find_held_back(dataset: Dataset) -> Mapping[int, tuple[str, ...]]:
    """Why each clip is to be looked at again: it is like what left here, or is held elsewhere."""
    found = dict(find_gone_likenesses(dataset))
    for clip, why in explain_holds_elsewhere(dataset).items():
        found[clip] = tuple(sorted({*found.get(clip, ()), *why}))
    return found


def find_moved_clips(dataset: Dataset) -> Mapping[int, tuple[str, ...]]:
    """Where each clip is, then where its sound was before, where other answers count here."""
    return {pk: (each.here, *each.before) for pk, each in map_moved_clips(dataset).items()}


provide_knowledge("gone", find_held_back)
provide_knowledge("missing_people", find_missing_people)
provide_knowledge("moved", find_moved_clips)
