"""One release taken through every door by the doors' own clients, and compared to the byte.

Each client runs as a program of its own in an empty home: nothing it learnt before, and nothing
of this process, can make a door look better than it is.
"""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pyarrow.parquet as pq

from datasets_catalog.errors import EarmarkError
from earmark.client.release_tables import CLIPS, EVENTS, prove_tables

SECONDS = 3600
SHOWN_LINES = 5
# What a private certificate authority needs; nothing else is handed on.
KEPT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
# Whatever goes wrong on the way through a door is that door's difference.
FAILURES = (
    EarmarkError,
    LookupError,
    OSError,
    ValueError,
    httpx2.HTTPError,
    subprocess.SubprocessError,
    tarfile.TarError,
)
ROOT = re.compile(r"\b[0-9a-f]{64}\b")


class ClientFailedError(EarmarkError):
    """A door's client ended with an error; the message is what it said last."""

    code = "doors.client_failed"


class NotCheckedError(EarmarkError):
    """A door could not be checked from here, which says nothing against it."""

    code = "doors.not_checked"


@dataclass(frozen=True, slots=True)
class Target:
    """Which release, where, as whom; `work` is an empty folder for everything that comes."""

    address: str
    dataset: str
    version: str
    token: str
    work: Path

    @property
    def tag(self) -> str:
        return f"v{self.version}"

    @property
    def git(self) -> str:
        return f"{self.address}/git/{self.dataset}.git"


@dataclass(slots=True)
class DoorResult:
    """What came through a door: SHA-256 of each clip by path, and the root where there is one.

    `problem` says why nothing came, `checked` is False where that is no fault of the door.
    """

    door: str
    client: str
    root: str = ""
    clips: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    checked: bool = True


Way = Callable[[Target], DoorResult]


def take_by_every_door(target: Target, say: Callable[[str], None]) -> list[DoorResult]:
    """Take the release through every door, one after the other."""
    home = target.work / "home"
    home.mkdir()
    _sign_in(home, target)
    return [_take_by_door(door, client, way, target, say) for door, client, way in WAYS]


def find_differences(taken: Sequence[DoorResult]) -> list[str]:
    """Every way in which the doors disagree, in sentences; the first that came is the measure."""
    found = [f"{one.door}: {one.problem}" for one in taken if one.checked and one.problem]
    came = [one for one in taken if one.checked and not one.problem]
    if not came:
        return [*found, "Nothing came through any door."]
    first = came[0]
    for one in came[1:]:
        if one.root and one.root != first.root:
            found.append(f"{one.door}: root {one.root}, but {first.root} by {first.door}")
        for path in sorted(one.clips.keys() | first.clips.keys()):
            here, there = one.clips.get(path), first.clips.get(path)
            if here != there:
                found.append(
                    f"{one.door}: {path} is {here or 'missing'},"
                    f" but {there or 'missing'} by {first.door}"
                )
    return found


def _take_by_door(
    door: str, client: str, way: Way, target: Target, say: Callable[[str], None]
) -> DoorResult:
    say(door)
    named = " ".join(_name_with_version(name) for name in client.split())
    try:
        taken = way(target)
    except NotCheckedError as problem:
        return DoorResult(door, named, problem=problem.message, checked=False)
    except FAILURES as problem:
        text = str(problem) or type(problem).__name__
        return DoorResult(
            door, named, problem=text.replace(target.token, "…") if target.token else text
        )
    taken.door, taken.client = door, named
    return taken


def _name_with_version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package


def _take_by_web(target: Target) -> DoorResult:
    """The link on the release's page, and the root that the page shows."""
    page = httpx2.get(
        f"{target.address}/datasets/{target.dataset}/releases/{target.version}/",
        follow_redirects=False,
        timeout=60,
    )
    if page.status_code != httpx2.codes.OK:
        raise NotCheckedError("not checked: the page is for people who are signed in")
    link = re.search(r'href="([^"]+/archive/)"', page.text)
    if link is None:
        raise ClientFailedError("the page has no link to download the release")
    if not link[1].startswith(f"{target.address}/"):
        # The token is for this server alone.
        raise ClientFailedError(f"the page links to another address, {link[1]}")
    folder = target.work / "web"
    folder.mkdir()
    _download_file(link[1], target.token, folder / "release.tar")
    with tarfile.open(folder / "release.tar") as tar:
        tar.extractall(folder, filter="data")
    (inner,) = (each for each in folder.iterdir() if each.is_dir())
    taken = _hash_folder(inner)
    if taken.root not in ROOT.findall(page.text):
        raise ClientFailedError("the page shows another root than what it gives")
    return taken


def _download_file(link: str, token: str, file: Path) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with (
        httpx2.stream("GET", link, headers=headers, follow_redirects=True, timeout=60) as answer,
        file.open("wb") as kept,
    ):
        if answer.is_error:
            answer.read()
            raise ClientFailedError(f"{answer.status_code}: {answer.text[:500]}")
        for chunk in answer.iter_bytes():
            kept.write(chunk)


def _take_by_rest(target: Target) -> DoorResult:
    name = f"{target.dataset}@{target.version}"
    program = "import sys; from earmark.client.main import main; sys.exit(main())"
    pull = ("pull", name, "--to", "rest", "--quiet", "--url", target.address)
    _run_client(target, sys.executable, "-c", program, *pull)
    return _hash_folder(target.work / "rest")


def _take_by_dvc(target: Target) -> DoorResult:
    _run_client(target, "dvc", "get", target.git, "data", "--rev", target.tag, "-o", "dvc")
    return _hash_folder(target.work / "dvc")


def _take_by_clone(target: Target) -> DoorResult:
    _run_client(target, "git", "clone", "-q", "--branch", target.tag, target.git, "clone")
    _run_client(target, "dvc", "pull", folder="clone")
    return _hash_folder(target.work / "clone" / "data")


_SNAPSHOT = """
import sys
from huggingface_hub import snapshot_download
print(snapshot_download(sys.argv[1], repo_type="dataset", revision=sys.argv[2]))
"""


def _take_by_hub(target: Target) -> DoorResult:
    said = _run_client(target, sys.executable, "-c", _SNAPSHOT, target.dataset, target.tag)
    folder = Path(said.splitlines()[-1])
    taken = DoorResult("", "", prove_tables(folder / "tables").root)
    for shard in sorted((folder / "data").glob("*.parquet")):
        with pq.ParquetFile(shard) as file:
            for batch in file.iter_batches(batch_size=64, columns=["path", "audio"]):
                for row in batch.to_pylist():
                    taken.clips[row["path"]] = hashlib.sha256(row["audio"]["bytes"]).hexdigest()
    return taken


_ROWS = """
import hashlib, json, os, sys
from datasets import Audio, load_dataset
found = {}
for rows in load_dataset(sys.argv[1], revision=sys.argv[2]).values():
    for row in rows.cast_column("audio", Audio(decode=False)):
        found[row["path"]] = hashlib.sha256(row["audio"]["bytes"]).hexdigest()
print(json.dumps(found), flush=True)
# Threads of the reader may outlive the rows and abort an orderly end.
os._exit(0)
"""


def _take_by_datasets(target: Target) -> DoorResult:
    _require_package("datasets")
    said = _run_client(target, sys.executable, "-c", _ROWS, target.dataset, target.tag)
    return DoorResult("", "", clips=json.loads(said.splitlines()[-1]))


_RECORDS = """
import json, sys
import mlcroissant
described = mlcroissant.Dataset(sys.argv[1])
text = lambda value: value.decode() if isinstance(value, bytes) else value
found = {
    text(row["clips/path"]): text(row["clips/sha256"]) for row in described.records("clips")
}
events = sum(1 for row in described.records("events"))
print(json.dumps(found))
"""


def _take_by_croissant(target: Target) -> DoorResult:
    """What the tables say, whose checksums mlcroissant holds against the description."""
    _require_package("mlcroissant")
    file = target.work / "croissant.json"
    address = f"{target.address}/datasets/{target.dataset}/croissant.json?revision={target.tag}"
    _download_file(address, target.token, file)
    root = json.loads(file.read_text(encoding="utf-8"))["identifier"]["value"]
    said = _run_client(target, sys.executable, "-W", "ignore", "-c", _RECORDS, file)
    return DoorResult("", "", root, json.loads(said.splitlines()[-1]))


WAYS: tuple[tuple[str, str, Way], ...] = (
    ("REST", "earmark", _take_by_rest),
    ("web", "httpx2", _take_by_web),
    ("DVC", "dvc", _take_by_dvc),
    ("git and DVC", "git dvc", _take_by_clone),
    ("Hub", "huggingface_hub", _take_by_hub),
    ("Hub, rows", "datasets", _take_by_datasets),
    ("Croissant", "mlcroissant", _take_by_croissant),
)


def _hash_folder(folder: Path) -> DoorResult:
    """A release laid out as `audio/…` beside its tables, hashed and its root computed."""
    clips = {}
    for path in _list_files(folder / "audio"):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        clips[path.relative_to(folder / "audio").as_posix()] = digest
    missing = [name for name in (CLIPS, EVENTS) if not (folder / name).is_file()]
    if missing:
        raise ClientFailedError(f"{' and '.join(missing)} did not come")
    return DoorResult("", "", prove_tables(folder).root, clips)


def _list_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _require_package(package: str) -> None:
    try:
        version(package)
    except PackageNotFoundError as problem:
        raise NotCheckedError(f"not checked: {package} is not installed") from problem


def _sign_in(home: Path, target: Target) -> None:
    """Keep the token where git and DVC look for it, for their owner alone."""
    if not target.token:
        return
    parts = urlsplit(target.address)
    files = {
        ".netrc": f"machine {parts.hostname} login token password {target.token}\n",
        ".git-credentials": f"{parts.scheme}://token:{target.token}@{parts.netloc}\n",
        ".gitconfig": "[credential]\n\thelper = store\n",
    }
    for name, text in files.items():
        (home / name).touch(mode=0o600)
        (home / name).write_text(text, encoding="utf-8")


def _build_environment(target: Target) -> Mapping[str, str]:
    home = target.work / "home"
    own = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(home / "dvc"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "HF_HOME": str(home / "hub"),
        "HF_ENDPOINT": target.address,
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    if target.token:
        own |= {
            "EARMARK_TOKEN": target.token,
            "HF_TOKEN": target.token,
            "CROISSANT_BASIC_AUTH_USERNAME": "token",
            "CROISSANT_BASIC_AUTH_PASSWORD": target.token,
        }
    return own | {name: os.environ[name] for name in KEPT if name in os.environ}


def _run_client(target: Target, *command: str | Path, folder: str = "") -> str:
    """Run a client in its empty home; its output, or ClientFailedError with its last words."""
    done = subprocess.run(  # noqa: S603 - no shell, and the words are our own
        [str(word) for word in command],
        cwd=target.work / folder,
        env=_build_environment(target),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-SHOWN_LINES:]
        named = shlex.join(str(word) for word in command[:2])
        raise ClientFailedError(f"{named} ended with {done.returncode}: {' / '.join(said)}")
    return done.stdout
