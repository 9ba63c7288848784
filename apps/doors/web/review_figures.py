"""How far a review has come, and what a sample proves, as the pages show it."""

from dataclasses import replace
from typing import Any

from apps.accounts.models import User
from apps.audio.spectrogram import find_pitch_height
from apps.datasets.models import Dataset
from apps.review.queue import count_progress
from apps.review.sampling import SampleProgress
from datasets_catalog.sampling import compute_share_left, format_bound

# Pitches that a spectrogram names at its side: hertz, and percent from its top.
PITCHES = [
    {"hertz": hertz, "down": round(100 * (1 - find_pitch_height(hertz)), 1)}
    for hertz in (250, 1000, 2500, 6000)
]
# Points of the curve of a bound, in a drawing of 100 by 60.
POINTS = 60
WIDE, HIGH = 100, 60


def build_progress_context(user: User, dataset: Dataset | None) -> dict[str, Any]:
    """What `web/review/_progress.html` shows; nothing where no dataset is chosen."""
    if dataset is None:
        return {}
    progress = count_progress(user, dataset)
    left = progress.open * progress.per_clip if progress.per_clip else None
    return {"progress": progress, "progress_left": left}


def build_bound_figures(heard: SampleProgress) -> dict[str, Any]:
    """What was heard, what it proves, and how the bound fell on the way there.

    The curve draws the bound that fewer clips would have left; of a draw with a miss none is.
    """
    facts = heard.facts
    size = facts.heard + facts.due
    bound = compute_share_left(facts)
    steps = sorted({round(facts.heard * at / POINTS) for at in range(POINTS + 1)})
    curve = [(step, compute_share_left(replace(facts, heard=step))) for step in steps]
    points = [
        (WIDE * step / max(size, 1), HIGH * (1 - (1.0 if left is None else left) ** 0.5))
        for step, left in curve
    ]
    return {
        "heard": facts.heard,
        "missed": facts.missed,
        "gone": facts.gone,
        "number": facts.number,
        "population": facts.population,
        "size": size,
        "stated": None if bound is None else format_bound(bound),
        "goal": format_bound(heard.sample.bound),
        "goal_at": round(HIGH * (1 - heard.sample.bound**0.5), 1),
        "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
    }
