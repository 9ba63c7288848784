"""What each number in a release's JSON documents must be, by its path."""

import tomllib
from pathlib import Path
from typing import Any

from tests.apps.packaging import counted_release as plan
from tests.apps.packaging.counted_release import Counted, Made


def list_counts(made: Made, counted: Counted) -> dict[str, list[float]]:
    """By the last names of its path, what each number of a JSON document has to be."""
    clips, events = counted.clips, counted.events
    seconds = [clip["duration"] for clip in clips]
    bound = find_bound(counted.drawn_from, plan.HEARD) / 100
    facts = {
        "clips": [len(clips)],
        "seconds": [sum(seconds)],
        "recordings": [plan.RECORDINGS],
        "synthetic": [plan.SYNTHETIC],
        "found_empty": [plan.EMPTY],
        "sources.human": [plan.HUMAN],
        "sources.import": [len(events) - plan.HUMAN],
        "verified.here": [plan.HERE],
        "verified.stated": [plan.STATED],
        "verified.unnamed": [plan.UNNAMED],
        "consent.needing": [plan.PEOPLED],
        "consent.covered": [plan.PEOPLED],
        "consent.seconds": [sum(clip["duration"] for clip in counted.of(contributors=1))],
        "redactions.clips": [plan.MUTED + plan.BLEEPED + plan.STRIPPED],
        "redactions.muted": [plan.MUTED],
        "redactions.bleeped": [plan.BLEEPED],
        "redactions.noised": [0],
        "redactions.stripped": [plan.STRIPPED],
        "redactions.unknown": [0],
        "reviewed.findings": [plan.CLEARED],
        "reviewed.cleared": [plan.CLEARED],
        "reviewed.excluded": [plan.EXCLUDED],
        "sample.population": [counted.drawn_from],
        "sample.frame": [counted.drawn_from],
        "sample.heard": [plan.HEARD],
        "sample.missed": [0],
        "sample.due": [counted.drawn_from - plan.HEARD],
        "sample.gone": [0],
        "sample.outside": [0],
        "sample.number": [1],
        "weak.labels": [plan.WEAK],
        "weak.clips": [plan.WEAK_CLIPS],
        "weak.sources.human": [plan.WEAK_BY_HUMANS],
        "weak.sources.import": [plan.WEAK - plan.WEAK_BY_HUMANS],
        "weak.classes.clips": [plan.BUZZES, plan.HUMS],
        "outbound.drop.seconds": [0],
        "outbound.drop.remaining": [len(clips)],
        **spread("outbound.mix", [counted.of(licence=name) for name in ("CC-BY-4.0", "CC0-1.0")]),
        **spread("splits", [counted.of(split=name) for name in ("test", "train")]),
        **count_labels("classes", counted),
    }
    numbers = {
        "advised_against": 0,
        "bound": bound,
        "clips": len(clips),
        "clips_covered": plan.PEOPLED,
        "clips_needing": plan.PEOPLED,
        "clips_to_drop": 0,
        "clips_unrecorded": 0,
        "confidence": 0.95,
        "conflicts": 0,
        "declared": 0,
        "detectors": 10,
        "draw": 1,
        "due": counted.drawn_from - plan.HEARD,
        "empty_folds": 0,
        "frame": counted.drawn_from,
        "gone": 0,
        "heard": plan.HEARD,
        "hours_to_drop": 0,
        "leaks": 0,
        "licences": 2,
        "misplaced": 0,
        "missed": 0,
        "open_findings": 0,
        "outside": 0,
        "overlaps": 0,
        "percent_of_clips": 100,
        "percent_of_hours": 100,
        "population": counted.drawn_from,
        "questions": 1,
        "seconds_needing": facts["consent.seconds"][0],
        "share": plan.HERE / len(events),
        "synthetic": plan.SYNTHETIC,
        "weak_labels": plan.WEAK,
    }
    sampled = ("population", "frame", "draw", "heard", "missed", "due", "gone", "outside")
    files = len({clip["sha256"] for clip in clips})
    return {
        **{f"facts.{name}": found for name, found in facts.items()},
        **{f"gates.numbers.{name}": [found] for name, found in numbers.items()},
        "gates.numbers.events": [len(events)] * 2,
        "failing_count": [0] * 16 + [1] * 3,
        **{f"sample.{name}": [numbers[name]] for name in (*sampled, "bound", "confidence")},
        "clips": [len(clips)],
        "seconds": [sum(seconds)],
        "events": [len(events)],
        "size": [made.release.size],
        "decided.clear": [plan.CLEARED],
        "found.cells": [plan.CELLS],
        "found.speech": [plan.SPEECH],
        "detectors.contents": [files] * 5 + [len(clips)] * 2,
        "detectors.files": [0] * 2 + [files] * 5,
        "detectors.texts": [0] * 5 + [len(clips)] * 2,
        "detectors.failed": [0] * 7,
        **count_measured(),
        "headcounts.people_heard": [0],
        "headcounts.people_recorded": [0],
        "samples.number": [1],
        "samples.bound": [0.01],
        "samples.heard": [plan.HEARD],
        "samples.missed": [0],
        **{f"samples.{name}": [counted.drawn_from] for name in ("population", "size", "released")},
        "statistics.clips_with_people": [plan.PEOPLED],
        "statistics.contributors": [1],
        "statistics.event_sources.human": [plan.HUMAN],
        "statistics.event_sources.import": [len(events) - plan.HUMAN],
        "statistics.events_verified": [plan.HERE + plan.STATED + plan.UNNAMED],
        "statistics.found_empty": [plan.EMPTY],
        "statistics.redacted": [plan.MUTED + plan.BLEEPED + plan.STRIPPED],
        "statistics.sample_rates.clips": [len(clips)],
        "statistics.sample_rates.sample_rate": [plan.RATE],
        "statistics.synthetic": [plan.SYNTHETIC],
        "statistics.weak_labels": [plan.WEAK],
        "statistics.weakly_labelled": [plan.WEAK_CLIPS],
        "statistics.weak_label_clips.clips": [plan.BUZZES, plan.HUMS],
        "statistics.weak_label_sources.human": [plan.WEAK_BY_HUMANS],
        "statistics.weak_label_sources.import": [plan.WEAK - plan.WEAK_BY_HUMANS],
        "statistics.licences.clips": facts["outbound.mix.clips"],
        **{f"statistics.splits.{n}": facts[f"splits.{n}"] for n in ("clips", "seconds")},
        **{f"statistics.labels.{n}": facts[f"classes.{n}"] for n in ("events", "seconds")},
    }


def count_measured() -> dict[str, list[float]]:
    """What the file of figures has on the detectors that ran, one list for each of its columns."""
    table = Path(__file__).parents[3] / "datasets_catalog" / "detector_figures.toml"
    found: dict[str, list[float]] = {}
    for row in tomllib.loads(table.read_text("utf-8"))["figure"]:
        if row["detector"] not in {"speech", "spoken", "metadata"}:
            continue
        columns = {"voices": row["voices"], "sounds": row["sounds"]}
        columns |= {f"mixed.{level}": pair for level, pair in row.get("mixed", {}).items()}
        for name, pair in columns.items():
            found.setdefault(f"detectors.measured.{name}", []).extend(pair)
    return found


def spread(name: str, groups: list[list[dict[str, Any]]]) -> dict[str, list[float]]:
    return {
        f"{name}.clips": [len(rows) for rows in groups],
        f"{name}.seconds": [sum(clip["duration"] for clip in rows) for rows in groups],
    }


def count_labels(name: str, counted: Counted) -> dict[str, list[float]]:
    there = [event for event in counted.events if event["presence"] == "yes"]
    groups = [[event for event in there if event["label"] == label] for label in ("bell", "horn")]
    return {
        f"{name}.events": [len(rows) for rows in groups],
        f"{name}.clips": [len({event["clip_id"] for event in rows}) for rows in groups],
        f"{name}.seconds": [sum(e["offset"] - e["onset"] for e in rows) for rows in groups],
    }


def find_bound(population: int, heard: int) -> float:
    """The most unheard of so many, in per cent: the largest K whose misses all stay unheard often.

    Drawn without putting back; the doubt of a first draw is 2.5 %.
    """
    for missing in range(population + 1):
        chance = 1.0
        for number in range(heard):
            chance *= max(0, population - missing - number) / (population - number)
        if chance <= 0.025:
            return 100 * (missing - 1) / population
    raise AssertionError("everything was heard")
