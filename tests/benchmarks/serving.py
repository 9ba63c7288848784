"""What it costs to give a file out: our doors, a bare Django view, nginx alone; interleaved.

    python tests/benchmarks/serving.py [--requests 1000] [--rounds 3] [--folder /dev/shm]

Small file: CPU seconds of the web server for so many requests on one connection, through each
door with a token and by a signed address, against a view that only opens the file. Ranges: 1 MiB
pieces of a large file by nginx, told by us where it lies, against nginx serving the same file by
itself; CPU of nginx and of our web server together, and what came through each second.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.doors.web_server import (  # noqa: E402 - found by the line above
    free_port,
    nginx,
    nginx_program,
    running,
    temporary_paths,
)

MEBIBYTE = 1024 * 1024
TICKS = os.sysconf("SC_CLK_TCK")

FACTS = """
import json
from apps.accounts.models import User
from apps.doors.signed_addresses import address_of, sign
from apps.releases.models import Release, ReleaseBlob
release = Release.objects.filter(state="published", dataset__access="request").latest("order")
held = ReleaseBlob.objects.filter(release=release, blob__size__lt=100_000).order_by("-blob__size")
blob = held.first().blob
reader = User.objects.get(username="{reader}")
files = release.snapshot.files.select_related("blob").order_by("-blob__size")
file, small = files.first(), files.filter(path="tables/events.parquet").get()
print("FACTS" + json.dumps(dict(
    dataset=str(release.dataset), version=release.version, oid=blob.oid, size=blob.size,
    key=blob.key, hub=file.path, hub_key=file.blob.key,
    hub_small=small.path, hub_small_size=small.blob.size,
    signed=address_of(sign(reader, release, blob, seconds=3600)),
)))
"""


@dataclass(frozen=True)
class Ask:
    """One way to ask for a file, and the server processes that answer."""

    name: str
    port: int
    path: str
    headers: dict[str, str]
    pids: tuple[int, ...]
    size: int


@dataclass(frozen=True)
class Cost:
    """Of one request, in CPU milliseconds, and bytes that came through each second."""

    cpu: float
    rate: float


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def cpu_of(pids: tuple[int, ...]) -> float:
    total = 0
    for pid in {each for first in pids for each in family(first)}:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def measure(ask: Ask, requests: int) -> Cost:
    connection = http.client.HTTPConnection("127.0.0.1", ask.port, timeout=60)
    before, start, received = cpu_of(ask.pids), time.perf_counter(), 0
    for _ in range(requests):
        connection.request("GET", ask.path, headers=ask.headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status not in {200, 206} or len(content) != ask.size:
            sys.exit(f"{ask.name}: {answer.status}, {len(content)} bytes: {content[:300]!r}")
        received += len(content)
    seconds = time.perf_counter() - start
    connection.close()
    return Cost((cpu_of(ask.pids) - before) / requests * 1000, received / seconds)


@contextmanager
def web(application: str, **variables: str) -> Iterator[tuple[int, int]]:
    """Port and process of a gunicorn like the product's own."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", application, "--worker-class=gthread"]
    command += ["--workers=1", "--threads=128", f"--bind=127.0.0.1:{port}", "--log-level=warning"]
    with running(command, port, **variables) as there:
        yield there, listener(port)


def listener(port: int) -> int:
    """The process that listens on the port, by the command line that names it."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if f":{port}".encode() in line and b"gunicorn" in line:
            return int(entry.name)
    sys.exit(f"nobody listens on {port}")


def manage(*command: str, state: Path) -> str:
    environment = {**os.environ, "EARMARK_STATE": str(state)}
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def facts_of(state: Path) -> tuple[dict[str, str], str]:
    demo = json.loads((state / "demo.json").read_text())
    token = demo["tokens"]["researcher"]
    said = manage("shell", "-c", FACTS.replace("{reader}", "dan"), state=state)
    line = next(line for line in said.splitlines() if line.startswith("FACTS"))
    return json.loads(line.removeprefix("FACTS")), token


def small_asks(facts: dict[str, str], token: str, app: tuple[int, int]) -> list[Ask]:
    port, pid = app
    bearer = {"Authorization": f"Bearer {token}"}
    oid, dataset, size = facts["oid"], facts["dataset"], int(facts["size"])
    signed = "/" + facts["signed"].split("/", 3)[3]
    return [
        Ask("dvc door, token", port, f"/dvc/{dataset}/files/md5/{oid[:2]}/{oid[2:]}", bearer,
            (pid,), size),
        Ask("hub door, token", port,
            f"/datasets/{dataset}/resolve/v{facts['version']}/{facts['hub_small']}", bearer,
            (pid,), int(facts["hub_small_size"])),
        Ask("signed address", port, signed, {}, (pid,), size),
    ]  # fmt: skip


def compare(title: str, asks: list[Ask], requests: int, rounds: int) -> None:
    costs: dict[str, list[Cost]] = {ask.name: [] for ask in asks}
    for ask in asks:
        measure(ask, requests // 10 + 1)
    for _ in range(rounds):
        for ask in asks:
            costs[ask.name].append(measure(ask, requests))
    base = statistics.median(cost.cpu for cost in costs[asks[0].name])
    print(f"\n{title}\n{'':28}{'CPU ms':>9}{'ratio':>8}{'MB/s':>9}")
    for ask in asks:
        cpu = statistics.median(cost.cpu for cost in costs[ask.name])
        rate = statistics.median(cost.rate for cost in costs[ask.name])
        print(f"{ask.name:28}{cpu:9.3f}{cpu / base:8.2f}{rate / 1e6:9.1f}")


def range_asks(stack: ExitStack, folder: Path, facts: dict[str, str], token: str) -> list[Ask]:
    """One mebibyte of the Hub door's largest file: by nginx alone, and by nginx as we tell it."""
    state = folder / "state"
    alone, before_us = folder / "alone", folder / "before"
    alone.mkdir()
    before_us.mkdir()
    blobs = state / "blobs"
    static = stack.enter_context(nginx_alone(alone, blobs))
    app = stack.enter_context(ours(state, "tests.benchmarks.accel_settings"))
    front = stack.enter_context(nginx(before_us, blobs, app[0]))
    piece = {"Range": f"bytes=1000-{1000 + MEBIBYTE - 1}"}
    bearer = {"Authorization": f"Bearer {token}"}
    path = f"/datasets/{facts['dataset']}/resolve/v{facts['version']}/{facts['hub']}"
    both = (pid_in(before_us), app[1])
    return [
        Ask("nginx alone", static, f"/{facts['hub_key']}", piece, (pid_in(alone),), MEBIBYTE),
        Ask("nginx, told by us", front, path, piece | bearer, both, MEBIBYTE),
    ]


@contextmanager
def nginx_alone(work: Path, root: Path) -> Iterator[int]:
    port = free_port()
    user = "user root;\n" if os.geteuid() == 0 else ""
    (work / "nginx.conf").write_text(
        f"{user}daemon off;\npid {work}/pid;\nerror_log {work}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary_paths(work)}"
        f"server {{ listen 127.0.0.1:{port}; root {root}; }}\n}}\n"
    )
    command = [nginx_program(), "-c", str(work / "nginx.conf"), "-p", str(work)]
    with running([*command, "-e", str(work / "error.log")], port) as there:
        yield there


def pid_in(work: Path) -> int:
    return int((work / "pid").read_text())


def ours(state: Path, settings: str) -> AbstractContextManager[tuple[int, int]]:
    return web("earmark.wsgi", EARMARK_STATE=str(state), DJANGO_SETTINGS_MODULE=settings)


def run(folder: Path, requests: int, rounds: int) -> None:
    state = folder / "state"
    manage("demo", "--once", state=state)
    facts, token = facts_of(state)
    with ExitStack() as stack:
        file = str(state / "blobs" / facts["key"])
        bare = stack.enter_context(web("tests.benchmarks.bare_view", BARE_FILE=file))
        view = Ask("bare Django view", bare[0], "/file", {}, (bare[1],), int(facts["size"]))
        app = stack.enter_context(ours(state, "tests.benchmarks.direct_settings"))
        compare("Small file", [view, *small_asks(facts, token, app)], requests, rounds)
        asks = range_asks(stack, folder, facts, token)
        compare("1 MiB ranges", asks, requests // 4, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=None, help="where the files lie; a disk in memory")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        run(Path(folder), chosen.requests, chosen.rounds)


if __name__ == "__main__":
    main()
