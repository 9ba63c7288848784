"""What the detectors were measured to find and to miss: counts of voices and sounds."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# In a mixture at this level (dB) a voice is as loud as what is under it.
AS_LOUD = "0"
FAINT = "-10"


@dataclass(frozen=True, slots=True)
class Figure:
    """Counts as (found, of). `mixed` are voices under other sound, by their level in dB.

    `voices` and `sounds` (stopped for nothing) are None where only mixtures were measured.
    """

    detector: str
    version: str
    profile: str
    voices: tuple[int, int] | None
    sounds: tuple[int, int] | None
    mixed: dict[str, tuple[int, int]]

    def compute_missed_share(self, level: str) -> float:
        """The share of voices at a level that was not found."""
        found, of = self.mixed[level]
        return 1 - found / of


def _parse_counts(pair: list[int] | None) -> tuple[int, int] | None:
    return (pair[0], pair[1]) if pair else None


@cache
def load_figures() -> tuple[Figure, ...]:
    """Every figure of `detector_figures.toml`."""
    text = (files("datasets_catalog") / "detector_figures.toml").read_text("utf-8")
    return tuple(
        Figure(
            detector=row["detector"],
            version=row["version"],
            profile=row["profile"],
            voices=_parse_counts(row.get("voices")),
            sounds=_parse_counts(row.get("sounds")),
            mixed={level: (found, of) for level, (found, of) in row.get("mixed", {}).items()},
        )
        for row in tomllib.loads(text)["figure"]
    )


def list_figures(detector: str, version: str) -> tuple[Figure, ...]:
    """What was measured of a detector alone in just this version; none where nothing was."""
    return tuple(
        each for each in load_figures() if (each.detector, each.version) == (detector, version)
    )


def describe_nothing_found(profile: str) -> str:
    """What "nothing found" is worth in a privacy profile, in a sentence with counts.

    In `speech`, where nobody reports speech, the detector is that of `standard`.
    """
    wanted = "sensitive" if profile == "sensitive" else "standard"
    figure = next(
        each
        for each in load_figures()
        if each.profile == wanted and each.mixed and each.detector.startswith("speech")
    )
    loud, faint = (figure.mixed[level] for level in (AS_LOUD, FAINT))
    return (
        "Not detected is not the same as not there: of voices as loud as the sound around them "
        f"{loud[1] - loud[0]} of {loud[1]} were missed when the detectors were measured, of voices "
        f"10 dB fainter {faint[1] - faint[0]} of {faint[1]}."
    )
