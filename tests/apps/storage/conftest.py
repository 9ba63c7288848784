"""Stores, version repositories and the real DVC client."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from apps.storage import blobs
from apps.storage.git import Author, Stamp
from apps.storage.manifests import VersionFile
from apps.storage.version_writing import VersionRepo

AUTHOR = Author("Earmark", "earmark@example.org")

# Names that break naive sorting, quoting, encoding or ignoring.
NASTY: Mapping[str, bytes] = {
    "audio/a": b"a",
    "audio/a b/c.wav": b"space in folder",
    "audio/a-b.wav": b"dash sorts before slash",
    "audio/b/c/deep.flac": b"deep",
    "audio/b.c": b"dot sorts before slash",
    "audio/b0": b"zero sorts after slash",
    "audio/0000": b"a number",
    "audio/null": b"a word YAML knows",
    "audio/ leading and trailing ": b"spaces",
    'audio/it\'s "quoted".wav': b"quotes",
    "audio/back\\slash.wav": b"backslash",
    "audio/new\nline.wav": b"line",
    "audio/tab\t.wav": b"tab",
    "audio/%41#?&.wav": b"url",
    "audio/-rf": b"dash",
    "audio/.hidden": b"hidden",
    "audio/.gitignore": b"*\n",
    "audio/caf\u00e9.wav": b"composed",
    "audio/cafe\u0301.wav": b"decomposed",
    "audio/\u306d\u3053/\u0436\u0443\u043a.wav": b"scripts",
    "audio/\uffee.wav": b"last of the first plane",
    "audio/\U0001d11e.wav": b"sorts after it by code point, before it by UTF-16",
    "audio/\U0001f415.flac": b"dog",
    "audio/CRLF.txt": b"one\r\ntwo\r\n",
    "audio/empty.wav": b"",
    "audio/empty too.wav": b"",
    "audio/twin.wav": b"a",
    "ATTRIBUTION.csv": b"title\n",
    "LICENSES/CC0-1.0.txt": b"legal code",
    "clips.parquet": b"PAR1",
}


@pytest.fixture
def repo() -> VersionRepo:
    return VersionRepo(uuid4(), "org/name")


def runner(home: Path) -> Callable[..., str]:
    """Make a shell without anybody's configuration; `dvc` is the one beside this Python."""
    tools = Path(sys.executable).parent
    environment = {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(home / "site"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }

    def run(*command: str | Path, cwd: Path = home) -> str:
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def keep_tree(store: UUID, tree: Mapping[str, bytes]) -> list[VersionFile]:
    """Keep every file and name it in order, clips with an id and a split."""
    files = []
    for path in sorted(tree):
        blob = blobs.put_blob(store, io.BytesIO(tree[path]))
        clip = path if path.startswith("audio/") else None
        split = ("train", "test")[len(path) % 2] if clip else None
        files.append(VersionFile(path, blob.oid, blob.size, clip, split))
    return files


def stamp(tag: str, *, after: str | None = None, at: datetime | None = None) -> Stamp:
    return Stamp(tag, f"Release {tag}", at or datetime(2026, 3, 1, tzinfo=UTC), AUTHOR, after)


def write_folder(folder: Path, tree: Mapping[str, bytes]) -> None:
    for path, content in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def read_folder(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
