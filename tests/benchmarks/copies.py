"""How many copies are known again after what people do to sounds, and which strangers pass.

python tests/benchmarks/copies.py [--each 60] [--strangers 700]
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import soxr

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from apps.audio.decoding import Samples, UndecodableError, read_mono  # noqa: E402 - found above
from apps.audio.fingerprint import (  # noqa: E402
    HOP,
    SAMPLE_RATE,
    ComparableSound,
    compute_fingerprint,
    find_copies,
)
from tests.recordings import DESKTOP, INSTRUMENTS, VOICES, sounds_of  # noqa: E402

RATE = 16_000
LENGTHS = {"0.5 to 2 s": (0.5, 2.0), "2 to 5 s": (2.0, 5.0), "5 s and more": (5.0, 1e9)}


def quieter_with_noise(samples: Samples) -> Samples:
    quiet = samples * np.float32(10 ** (-8 / 20))
    noise = np.random.default_rng(0).normal(0, quiet.std() / 10, len(quiet))
    return np.asarray(quiet + noise, np.float32)


CHANGES: dict[str, tuple[str, Callable[[Samples], Samples]]] = {
    "MP3": (".mp3", lambda x: x),
    "Vorbis": (".ogg", lambda x: x),
    "quieter, noise": (".wav", quieter_with_noise),
    "0.15 s cut": (".wav", lambda x: x[int(0.15 * RATE) :]),
    "a third cut": (".wav", lambda x: x[len(x) // 3 :]),
    "3 % faster": (".wav", lambda x: soxr.resample(x, RATE, int(RATE * 0.97))),
}


def heard(path: Path) -> ComparableSound | None:
    try:
        return compute_fingerprint(path).sound
    except UndecodableError:
        return None


def seconds(sound: ComparableSound) -> float:
    return len(sound.words) * HOP / SAMPLE_RATE


def strangers(files: list[Path]) -> None:
    known = {path: sound for path in files if (sound := heard(path)) is not None}
    names = [path.stem for path in known]
    print(f"\nPairs that pass for copies among {len(known)} recordings:")
    for pair in find_copies(list(known.values())):
        print(f"  {names[pair.left]}, {names[pair.right]} ({pair.distance:.3f})")


def again(path: Path, change: str, folder: Path) -> bool:
    suffix, apply = CHANGES[change]
    copy = folder / f"copy{suffix}"
    soundfile.write(copy, apply(read_mono(path, RATE)), RATE)
    one, other = heard(path), heard(copy)
    return one is not None and other is not None and bool(find_copies([one, other]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=60)
    parser.add_argument("--strangers", type=int, default=700)
    chosen = parser.parse_args()
    files = [path for package in (INSTRUMENTS, DESKTOP, VOICES) for path in sounds_of(package)]
    random.Random(1).shuffle(files)
    files = files[: chosen.strangers]
    print(f"{'':14}" + "".join(f"{change:>16}" for change in CHANGES))
    with tempfile.TemporaryDirectory() as folder:
        for name, (least, most) in LENGTHS.items():
            fitting = [p for p in files if (s := heard(p)) and least <= seconds(s) < most]
            tried = fitting[: chosen.each]
            found = [sum(again(p, change, Path(folder)) for p in tried) for change in CHANGES]
            print(f"{name:14}" + "".join(f"{count:>12}/{len(tried)}" for count in found))
    strangers(files)


if __name__ == "__main__":
    main()
