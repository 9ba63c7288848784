"""Speech scanning against the bare model in a loop, on the same audio, interleaved.

    python tests/benchmarks/privacy_scan.py [--clips 300] [--repeats 3]

Prints CPU seconds and ratios. Two bare loops are shown: the model alone on audio that is already in
memory at 16 kHz, and the loop anybody would write (read, resample, model), window by window.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import soundfile
import soxr

from apps.audio.decoding import Samples
from apps.detection.detectors.base import AudioSubject, Detection, run_detector_on_many
from apps.detection.detectors.registry import list_detectors
from apps.detection.detectors.sound_channels import SAMPLE_RATE
from apps.detection.detectors.speech import CONTEXT, STATE, WINDOW, load_model
from earmark.demo.debian import RecordingsUnavailableError, fetch_package
from earmark.demo.soundscapes import synthesise_soundscapes

# Workers inherit it; nothing reads settings before this.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "earmark.settings.testing")
CACHE = Path(__file__).parent.parent.parent / ".cache" / "recordings"
PACKAGES = ("asterisk-core-sounds-en-wav", "sonic-pi-samples")
GOAL_RATIO = 0.9
GOAL_WORKERS = 1.8


def corpus(clips: int, scratch: Path) -> list[Path]:
    """Real recordings in turn from every package, or synthetic ones where none can be fetched."""
    try:
        folders = [fetch_package(package, CACHE) for package in PACKAGES]
    except RecordingsUnavailableError as error:
        print(f"synthetic audio: {error.message}")
        return [scene.path for scene in synthesise_soundscapes(scratch, clips=clips)]
    found = [
        path for folder in folders for path in folder.rglob("*") if path.suffix in {".wav", ".flac"}
    ]
    return sorted(found, key=lambda path: path.name)[:clips]


def decoded(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = np.ascontiguousarray(samples.mean(axis=1))
    if rate == SAMPLE_RATE:
        return mono
    return np.asarray(soxr.resample(mono, rate, SAMPLE_RATE), np.float32)


def bare_model(samples: Samples) -> list[float]:
    """The model as its authors' examples run it: one window after another."""
    session = load_model()
    scores: list[float] = []
    state, rate = np.zeros((2, 1, STATE), np.float32), np.array(SAMPLE_RATE, np.int64)
    padded = np.concatenate([np.zeros(CONTEXT, np.float32), samples, np.zeros(WINDOW, np.float32)])
    for start in range(0, len(samples), WINDOW):
        window = padded[start : start + CONTEXT + WINDOW][None]
        score, state = session.run(None, {"input": window, "state": state, "sr": rate})
        scores.append(float(score[0, 0]))
    return scores


def our_scan(paths: Sequence[Path]) -> float:
    """Scan as the product does; returns the seconds of sound that were heard."""
    subjects = [AudioSubject(path, path.name) for path in paths]
    answers = list(run_detector_on_many(list_detectors("standard")[0], subjects))
    assert all(isinstance(answer, Detection) for answer in answers)
    return sum(answer.seconds for answer in answers if isinstance(answer, Detection))


def cpu_seconds(call: Callable[[], object]) -> float:
    started = process_time()
    call()
    return process_time() - started


def workers_gain(paths: Sequence[Path]) -> float:
    """How much sooner two processes are done than one, on the wall clock."""
    with get_context("spawn").Pool(2) as pool:
        # Both load the model before the clock runs.
        pool.map(our_scan, [paths[:1], paths[:1]], chunksize=1)
        started = perf_counter()
        pool.map(our_scan, [paths], chunksize=1)
        one = perf_counter() - started
        started = perf_counter()
        pool.map(our_scan, [paths[::2], paths[1::2]], chunksize=1)
        return one / (perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        paths = corpus(options.clips, Path(scratch))
        heard = our_scan(paths)
        in_memory = [decoded(path) for path in paths]
        ways: dict[str, Callable[[], object]] = {
            "bare model, audio in memory": lambda: [bare_model(each) for each in in_memory],
            "bare loop: read, resample, model": lambda: [bare_model(decoded(p)) for p in paths],
            "earmark speech scan": lambda: our_scan(paths),
        }
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.repeats):
            for name, way in ways.items():
                taken[name].append(cpu_seconds(way))
        print(f"{len(paths)} clips, {heard:.0f} s of sound, CPU seconds (median of repeats)")
        medians = {name: statistics.median(times) for name, times in taken.items()}
        for name, median in medians.items():
            print(f"  {name:<34} {median:7.2f} s   {heard / median:6.0f} x real time")
        ours = medians["earmark speech scan"]
        for name in list(ways)[:2]:
            ratio = medians[name] / ours
            print(f"throughput against {name}: {ratio:.2f} (goal {GOAL_RATIO})")
        print(f"two workers against one: {workers_gain(paths):.2f} (goal {GOAL_WORKERS})")


if __name__ == "__main__":
    main()
