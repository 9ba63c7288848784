"""How far a review has come, and what a sample proves, as the pages show it."""

from typing import Any

from apps.accounts.models import User
from apps.audio.spectrogram import height_of
from apps.datasets.models import Dataset
from apps.privacy.queue import progress_of
from apps.privacy.sampling import Heard
from datasets_catalog.sampling import stated, upper_bound

# Pitches that a spectrogram names at its side: hertz, and percent from its top.
PITCHES = [
    {"hertz": hertz, "down": round(100 * (1 - height_of(hertz)), 1)}
    for hertz in (250, 1000, 2500, 6000)
]
# Points of the curve of a bound, in a drawing of 100 by 60.
POINTS = 60
WIDE, HIGH = 100, 60


def progress_context(user: User, dataset: Dataset | None) -> dict[str, Any]:
    """What `web/review/_progress.html` shows; nothing where no dataset is chosen."""
    if dataset is None:
        return {}
    progress = progress_of(user, dataset)
    left = progress.open * progress.per_clip if progress.per_clip else None
    return {"progress": progress, "progress_left": left}


def bound_figures(heard: Heard) -> dict[str, Any]:
    """What was heard, what it proves, and how the bound fell on the way there.

    The curve draws the bound that the same misses would leave after fewer clips.
    """
    facts = heard.facts
    size = facts.heard + facts.due
    bound = _bound(facts.heard, facts.missed, facts.population)
    steps = sorted({round(facts.heard * at / POINTS) for at in range(POINTS + 1)})
    points = [
        (
            WIDE * step / max(size, 1),
            HIGH * (1 - _bound(step, min(step, facts.missed), None) ** 0.5),
        )
        for step in steps
    ]
    return {
        "heard": facts.heard,
        "missed": facts.missed,
        "population": facts.population,
        "size": size,
        "stated": stated(bound),
        "goal": stated(heard.sample.bound),
        "goal_at": round(HIGH * (1 - heard.sample.bound**0.5), 1),
        "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
    }


def _bound(heard: int, missed: int, population: int | None) -> float:
    return upper_bound(heard=heard, missed=missed, population=population) if heard else 1.0
