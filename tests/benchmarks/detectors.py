"""What each detector finds and what it stops for nothing, on real voices and sounds.

    python tests/benchmarks/detectors.py [--voices 40] [--mixtures 100] [--write FILE]

Voices and sounds come from packages of Debian and are taken by a hash of their names; what they
hold is told by their package and name, nobody listened. Mixtures are an utterance of up to four
seconds somewhere in six seconds of a sound in which neither model hears speech. `--write` leaves
the counts as the TOML that release pages read.
"""

import argparse
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "earmark.settings.testing")

import av

from apps.audio.decoding import Samples, read_mono
from apps.detection.detectors.base import (
    AudioSubject,
    Detection,
    Detector,
    needs_speech,
    run_detector_on_many,
)
from apps.detection.detectors.registry import list_detectors
from earmark.demo.debian import fetch_package
from tests.marked import MARKED, write_marked
from tests.sounds import WRITERS, write_any

CACHE = Path(__file__).resolve().parent.parent.parent / ".cache" / "recordings"
RATE = 16_000
LEVELS = (-10, -5, 0, 5, 10, 20)
PROMPTS = tuple(
    f"asterisk-core-sounds-{language}-wav" for language in ("en", "es", "fr", "it", "ru")
)
STAMPS, LETTERS = "tuxpaint-stamps-default", "klettres-data"
STAMP_LANGUAGES = ("be", "bg", "ca", "el", "es", "fr", "ro", "ru")
SOUNDS = ("sonic-pi-samples", "oxygen-sounds", "sound-theme-freedesktop")
DIGITS = "asterisk-core-sounds-en-g722"
STRINGS, STRING_DIGITS = 40, 10
SCENE_SECONDS, LONGEST, SHORTEST = 6, 4.0, 0.8


@dataclass(slots=True)
class Tally:
    """Counts of one detector (or of a whole profile)."""

    detector: str
    version: str
    profile: str
    voices: list[int] = field(default_factory=lambda: [0, 0])
    sounds: list[int] = field(default_factory=lambda: [0, 0])
    mixed: dict[str, list[int]] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        yield "[[figure]]"
        yield f'detector = "{self.detector}"'
        yield f'version = "{self.version}"'
        yield f'profile = "{self.profile}"'
        yield f"voices = {self.voices}"
        yield f"sounds = {self.sounds}"
        if self.mixed:
            levels = ", ".join(f'"{level}" = {counts}' for level, counts in self.mixed.items())
            yield f"mixed = {{ {levels} }}"
        yield ""


def some(paths: Iterable[Path], count: int) -> list[Path]:
    """A part of the files that does not depend on where they lie or on their order."""
    real = {path.name: path for path in sorted(paths) if path.is_file() and not path.is_symlink()}
    return sorted(real.values(), key=lambda path: hashlib.sha256(path.name.encode()).hexdigest())[
        :count
    ]


def voices(each: int) -> list[Path]:
    """Spoken prompts, words and letters, the same number from each source and language."""
    chosen: list[Path] = []
    for package in PROMPTS:
        found = [path for path in fetch_package(package, CACHE).rglob("*.wav") if is_spoken(path)]
        chosen += some(found, each)
    stamps = fetch_package(STAMPS, CACHE)
    for language in STAMP_LANGUAGES:
        chosen += some(stamps.rglob(f"*_desc_{language}.ogg"), each)
    return chosen + some(fetch_package(LETTERS, CACHE).rglob("*.ogg"), 4 * each)


def is_spoken(path: Path) -> bool:
    name = path.stem
    return not (name.startswith(("beep", "silence")) or path.parent.name == "silence")


def sounds() -> list[Path]:
    """Animals, things, instruments, desktops: nothing that should hold a voice by its name."""
    chosen: list[Path] = []
    for package in SOUNDS:
        found = [
            p
            for p in fetch_package(package, CACHE).rglob("*")
            if p.suffix in {".ogg", ".oga", ".flac"}
        ]
        chosen += [path for path in some(found, 400) if not path.name.startswith("audio-channel-")]
    stamps = fetch_package(STAMPS, CACHE).rglob("*.ogg")
    return chosen + some(
        (path for path in stamps if "_" not in path.stem[-4:] and "_desc" not in path.stem), 400
    )


def heard(detectors: Sequence[Detector], paths: Sequence[Path]) -> Mapping[str, list[bool]]:
    """Whether each detector reports anything of each file."""
    flags: dict[str, list[bool]] = {}
    spans: list[tuple[tuple[float, float], ...]] = [()] * len(paths)
    for detector in detectors:
        subjects = [
            AudioSubject(path, path.name, span if needs_speech(detector) else None)
            for path, span in zip(paths, spans, strict=True)
        ]
        answers = list(run_detector_on_many(detector, subjects))
        assert all(isinstance(answer, Detection) for answer in answers), answers
        good = [answer for answer in answers if isinstance(answer, Detection)]
        if detector.name == "speech":
            spans = [tuple((on, off) for on, off in one.evidence["stretches"]) for one in good]
        flags[detector.name] = [
            bool(one.findings) or bool(one.evidence.get("stretches")) for one in good
        ]
    return flags


def scenes(
    utterances: Sequence[Path], backgrounds: Sequence[Path], level: int, count: int, folder: Path
) -> list[Path]:
    """Mixtures with the utterance `level` dB above the sound that is under it."""
    draw = np.random.default_rng(1000 + level)
    made: list[Path] = []
    while len(made) < count:
        voice = read_mono(utterances[int(draw.integers(len(utterances)))], RATE)
        sound = read_mono(backgrounds[int(draw.integers(len(backgrounds)))], RATE)
        voice = voice[: round(LONGEST * RATE)]
        scene = np.resize(sound, SCENE_SECONDS * RATE).astype(np.float32)
        start = int(draw.integers(len(scene) - len(voice)))
        under = scene[start : start + len(voice)]
        power = float(np.square(under).mean())
        if len(voice) < SHORTEST * RATE or power < 1e-8:
            continue
        gain = np.sqrt(power / float(np.square(voice).mean()) * 10 ** (level / 10))
        scene[start : start + len(voice)] += voice * np.float32(gain)
        scene *= np.float32(0.5 / max(0.5, float(np.abs(scene).max())))
        made.append(folder / f"{level}_{len(made)}.wav")
        soundfile.write(made[-1], scene, RATE)
    return made


def digit_strings(folder: Path) -> list[Path]:
    """Ten digits each, said by a real voice at 16 kHz, a tenth of a second apart."""
    found = {path.stem: path for path in fetch_package(DIGITS, CACHE).rglob("digits/*.g722")}
    said = [decoded_g722(found[str(digit)]) for digit in range(10)]
    draw = np.random.default_rng(7)
    pause = np.zeros(RATE // 10, np.float32)
    paths = []
    for number in range(STRINGS):
        parts = [
            part for digit in draw.integers(10, size=STRING_DIGITS) for part in (said[digit], pause)
        ]
        paths.append(folder / f"digits_{number}.wav")
        soundfile.write(paths[-1], np.concatenate(parts), RATE)
    return paths


def decoded_g722(path: Path) -> Samples:
    """Bare G.722, which has no container that would say so."""
    with av.open(path, format="g722") as opened:
        parts = [frame.to_ndarray().ravel() for frame in opened.decode(audio=0)]
    return np.asarray(np.concatenate(parts), np.float32) / np.float32(32768)


def speech_tallies(options: argparse.Namespace, folder: Path) -> list[Tally]:
    spoken, quiet = voices(options.voices), sounds()
    standard, sensitive = (
        [each for each in list_detectors(profile) if each.name in {"speech", "second_opinion"}]
        for profile in ("standard", "sensitive")
    )
    ways: dict[str, Tally] = {
        "standard": Tally("speech", standard[0].version, "standard"),
        "sensitive": Tally("speech + second_opinion", _versions(sensitive), "sensitive"),
        "second": Tally("second_opinion", sensitive[1].version, "sensitive"),
    }

    def flagged(paths: Sequence[Path]) -> dict[str, list[bool]]:
        one, both = heard(standard, paths), heard(sensitive, paths)
        union = [a or b for a, b in zip(both["speech"], both["second_opinion"], strict=True)]
        return {"standard": one["speech"], "sensitive": union, "second": both["second_opinion"]}

    of_voices, of_sounds = flagged(spoken), flagged(quiet)
    for name, tally in ways.items():
        tally.voices = [sum(of_voices[name]), len(spoken)]
        tally.sounds = [sum(of_sounds[name]), len(quiet)]
    silent = [p for p, flag in zip(quiet, of_sounds["sensitive"], strict=True) if not flag]
    clear = [p for p, flag in zip(spoken, of_voices["standard"], strict=True) if flag]
    for level in LEVELS:
        mixed = flagged(scenes(clear, silent, level, options.mixtures, folder))
        for name, tally in ways.items():
            tally.mixed[str(level)] = [sum(mixed[name]), options.mixtures]
        print(f"{level:>4} dB", {name: sum(found) for name, found in mixed.items()}, flush=True)
    return list(ways.values())


def _versions(detectors: Sequence[Detector]) -> str:
    return " + ".join(detector.version for detector in detectors)


def spoken_tally(options: argparse.Namespace, folder: Path) -> Tally:
    detectors = [each for each in list_detectors("standard") if each.name in {"speech", "spoken"}]
    strings = digit_strings(folder)
    prompts = [path for path in fetch_package(PROMPTS[0], CACHE).rglob("*.wav") if is_spoken(path)]
    others = some((p for p in prompts if p.parent.name != "digits"), 2 * options.voices)
    tally = Tally("spoken", detectors[1].version, "standard")
    tally.voices = [sum(heard(detectors, strings)["spoken"]), len(strings)]
    tally.sounds = [sum(heard(detectors, others)["spoken"]), len(others)]
    return tally


def own_folder(folder: Path, kind: str) -> Path:
    """Kinds share names of files: each gets a folder."""
    (folder / kind).mkdir(parents=True)
    return folder / kind


def metadata_tally(folder: Path) -> Tally:
    detector = next(each for each in list_detectors("standard") if each.name == "metadata")
    marked = [write_marked(own_folder(folder / "marked", kind), kind) for kind in MARKED]
    plain = [write_any(own_folder(folder / "plain", kind), kind) for kind in WRITERS]
    tally = Tally("metadata", detector.version, "standard")
    tally.voices = [sum(heard([detector], marked)["metadata"]), len(marked)]
    tally.sounds = [sum(heard([detector], plain)["metadata"]), len(plain)]
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voices", type=int, default=40, help="of each source and language")
    parser.add_argument("--mixtures", type=int, default=100, help="at each level")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        tallies = [
            *speech_tallies(options, folder),
            spoken_tally(options, folder),
            metadata_tally(folder),
        ]
    for tally in tallies:
        found, of = tally.voices
        stopped, quiet = tally.sounds
        print(f"{tally.detector} {tally.version} ({tally.profile}): finds {found} of {of}", end="")
        print(
            f" ({found / of:.1%}), stops {stopped} of {quiet} ({stopped / quiet:.1%}) for nothing"
        )
    if options.write:
        head = "# Written by tests/benchmarks/detectors.py --write; [found, of] everywhere.\n\n"
        body = "\n".join(line for tally in tallies for line in tally.lines())
        options.write.write_text(head + body, encoding="utf-8")


if __name__ == "__main__":
    main()
