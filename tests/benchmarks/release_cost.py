"""What a release costs: us, `dvc add && dvc push` and `audb publish`, interleaved.

    python tests/benchmarks/release_cost.py [--clips 51197] [--size 20000] [--rounds 2]

Builds a tree of small WAV files and publishes it with each tool, then changes 1 % of the files
and publishes again. Prints CPU and wall seconds, their ratios, and the budgets of the design.
DVC and audb are started for each step, as their users do, and their start is counted; we are a
service: our worker is already running. Scans and sign-offs, which only we have, are not counted.
"""

import argparse
import csv
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent
ROOT = BENCHMARKS.parent.parent
TOOLS = Path(sys.executable).parent
WAVE_HEADER = 44
RATE = 16_000
CLIPS_PER_FOLDER = 1000
CHANGED = 0.01

HASHING = """
import hashlib, sys
from pathlib import Path
for path in Path(sys.argv[1]).rglob("*.wav"):
    content = path.read_bytes()
    hashlib.md5(content, usedforsecurity=False).digest(), hashlib.sha256(content).digest()
"""


@dataclass(frozen=True)
class Cost:
    """CPU and wall seconds."""

    cpu: float
    wall: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.cpu + other.cpu, self.wall + other.wall)


@dataclass(frozen=True)
class Tree:
    """Sounds under a folder, with the table that describes them beside it."""

    folder: Path
    table: Path

    def paths(self) -> list[str]:
        return sorted(
            path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.wav")
        )

    def link_to(self, folder: Path) -> None:
        """A copy by hard links: nobody writes into a file that is there."""
        shutil.copytree(self.folder, folder, copy_function=os.link)


def write_wave(path: Path, size: int, seed: str) -> None:
    """A valid file of noise, exactly `size` bytes long, the same for the same seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    frames = (size - WAVE_HEADER) // 2
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(random.Random(seed).randbytes(frames * 2))


def build_tree(base: Path, paths: Sequence[str], size: int, seed: str) -> Tree:
    tree = Tree(base / "sounds", base / "clips.csv")
    for path in paths:
        write_wave(tree.folder / path, size, f"{seed} {path}")
    with tree.table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "licence", "author", "recording", "split"])
        for number, path in enumerate(paths):
            split = "test" if number // 10 % 10 == 0 else "train"
            writer.writerow([path, "CC0-1.0", "Bench", f"r{number // 10}", split])
    return tree


def run(*command: str | Path, cwd: Path, extra: dict[str, str] | None = None) -> Cost:
    """Cost of one command and all its children."""
    environment = {
        **os.environ,
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "DVC_NO_ANALYTICS": "1",
        **(extra or {}),
    }
    started = time.perf_counter()
    child = subprocess.Popen(
        list(map(str, command)), cwd=cwd, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed with {child.returncode}")
    return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - started)


class Worker:
    """Our worker, started before the clock."""

    def __init__(self, state: Path) -> None:
        environment = {
            **os.environ,
            "EARMARK_STATE": str(state),
            "DJANGO_SETTINGS_MODULE": "earmark.settings.embedded",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.release_worker"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.memory = 0.0
        self._answer()

    def do(self, what: str, **order: str) -> dict[str, Cost]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": what, **order}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def _answer(self) -> dict[str, Cost]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("our worker died; see above")
        answer = json.loads(line)
        self.memory = answer["memory"]
        return {name: Cost(*seconds) for name, seconds in answer["seconds"].items()}


Costs = dict[str, list[Cost]]


def us(base: Path, whole: Tree, changed: Tree, costs: Costs) -> None:
    with worker_in(base) as worker:
        costs["store"].append(worker.do("keep", folder=str(whole.folder))["store"])
        for step, tree, version in (("first", whole, "1.0.0"), ("change", changed, "1.0.1")):
            order = {"folder": str(tree.folder), "table": str(tree.table), "version": version}
            phases = worker.do(step, name="bench", **order)
            for phase, cost in phases.items():
                costs[f"us {step} {phase}"].append(cost)
            costs[f"us {step}"].append(sum(phases.values(), Cost(0, 0)))
        costs["us memory"].append(Cost(worker.memory, 0))


@contextmanager
def worker_in(base: Path) -> Iterator[Worker]:
    worker = Worker(base / "state")
    try:
        yield worker
    finally:
        worker.stop()


def dvc(base: Path, whole: Tree, changed: Tree, costs: Costs) -> None:
    work = base / "dvc"
    work.mkdir()
    for command in ("git init -q", "dvc init -q", f"dvc remote add -q -d remote {base}/remote"):
        run(*command.split(" "), cwd=work)
    whole.link_to(work / "data")
    for step in ("first", "change"):
        if step == "change":
            overwrite(work / "data", changed)
        cost = run("dvc", "add", "-q", "data", cwd=work) + run("dvc", "push", "-q", cwd=work)
        costs[f"dvc {step}"].append(cost)


def audb(base: Path, whole: Tree, changed: Tree, costs: Costs) -> None:
    work = base / "audb"
    whole.link_to(work)
    script = BENCHMARKS / "release_audb.py"
    cache = {"AUDB_CACHE_ROOT": str(base / "cache")}
    command = (sys.executable, script, work, base / "host")
    costs["audb first"].append(run(*command, "1.0.0", cwd=base, extra=cache))
    overwrite(work, changed)
    costs["audb change"].append(run(*command, "1.1.0", "1.0.0", cwd=base, extra=cache))


def hashing(base: Path, whole: Tree, changed: Tree, costs: Costs) -> None:
    costs["hashing"].append(run(sys.executable, "-c", HASHING, whole.folder, cwd=base))


def overwrite(folder: Path, changed: Tree) -> None:
    for path in changed.paths():
        (folder / path).unlink()
        shutil.copyfile(changed.folder / path, folder / path)


CONTESTANTS: dict[str, Callable[[Path, Tree, Tree, Costs], None]] = {
    "hashing": hashing,
    "us": us,
    "dvc": dvc,
    "audb": audb,
}

# What is compared, with what, and the highest CPU ratio the design allows.
BUDGETS = (
    ("next release, 1 % changed", "us change", "dvc change", 1 / 15),
    ("first ingest and release", "us first", "dvc first", 1 / 4),
    ("first ingest and release", "us first", "audb first", 1 / 8),
    ("next release, 1 % changed", "us change", "audb change", None),
    ("bytes into the store", "store", "hashing", 3),
    ("ingest, decoding included", "us first ingest", "hashing", 3),
)


def report(costs: Costs) -> None:
    median = {
        name: Cost(
            statistics.median(cost.cpu for cost in each),
            statistics.median(cost.wall for cost in each),
        )
        for name, each in costs.items()
    }
    memory = median.pop("us memory", None)
    print(f"\n{'step':28}{'CPU s':>9}{'wall s':>9}   every round's CPU s")
    for name, cost in median.items():
        rounds = " ".join(f"{each.cpu:.2f}" for each in costs[name])
        print(f"{name:28}{cost.cpu:9.2f}{cost.wall:9.2f}   {rounds}")
    print(f"\n{'work':28}{'against':14}{'CPU':>9}{'wall':>9}{'budget':>9}")
    for work, ours, theirs, budget in BUDGETS:
        if ours in median and theirs in median:
            cpu = median[ours].cpu / median[theirs].cpu
            wall = median[ours].wall / median[theirs].wall
            verdict = (
                "" if budget is None else f"{budget:9.3f} {'kept' if cpu <= budget else 'MISSED'}"
            )
            print(f"{work:28}{theirs:14}{cpu:9.3f}{wall:9.3f}{verdict}")
    if memory is not None:
        print(f"\nour worker's peak memory: {memory.cpu:.0f} MB (budget 400)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clips", type=int, default=51_197)
    parser.add_argument("--size", type=int, default=20_000, help="bytes of each file")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder otherwise")
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    options = parser.parse_args()
    costs: Costs = defaultdict(list)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="release-cost-") as folder:
        base = Path(folder)
        paths = [
            f"fold{number // CLIPS_PER_FOLDER:04}/{number:07}.wav"
            for number in range(options.clips)
        ]
        chosen = sorted(random.Random(1).sample(paths, max(1, round(CHANGED * len(paths)))))
        whole = build_tree(base / "whole", paths, options.size, "first")
        changed = build_tree(base / "changed", chosen, options.size, "changed")
        for number in range(options.rounds):
            # Each round begins with another contestant, so that nobody always has the warm disk.
            turn = number % len(options.only)
            for name in options.only[turn:] + options.only[:turn]:
                work = base / f"round{number}-{name}"
                work.mkdir()
                # Cleared away at the end only: ext4 is slow to make files just after many went.
                CONTESTANTS[name](work, whole, changed, costs)
            print(f"round {number + 1} of {options.rounds} done", flush=True)
    report(costs)


if __name__ == "__main__":
    main()
