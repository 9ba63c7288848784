"""The names of git's objects, held against git itself."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from datasets_catalog.git_objects import (
    compute_blob_oid,
    compute_pointer_oid,
    compute_tree_oid,
    render_lfs_pointer,
)


def ask_git(folder: Path, *words: str, given: bytes = b"") -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], input=given, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    ask_git(tmp_path, "init", "--quiet", "--object-format=sha1")
    return tmp_path


@pytest.mark.parametrize("content", [b"", b"wren\n", b"\0\xff" * 5000])
def test_bytes_have_the_name_that_git_gives_them(repository: Path, content: bytes) -> None:
    named = ask_git(repository, "hash-object", "--stdin", given=content)
    assert compute_blob_oid(content) == named


def test_a_folder_has_the_name_that_git_gives_it_also_where_names_sort_oddly(
    repository: Path,
) -> None:
    blob = ask_git(repository, "hash-object", "-w", "--stdin", given=b"wren\n")
    inner = ask_git(repository, "mktree", given=f"100644 blob {blob}\twren.wav\n".encode())
    # `a` as a folder sorts behind `a.txt` and before `a0`; `é` goes by its bytes.
    files, folders = {"a.txt": blob, "a0": blob, "é": blob, "Z": blob}, {"a": inner, "b": inner}
    lines = [f"100644 blob {oid}\t{name}" for name, oid in files.items()]
    lines += [f"040000 tree {oid}\t{name}" for name, oid in folders.items()]
    named = ask_git(repository, "mktree", given="\n".join(lines).encode() + b"\n")
    assert compute_tree_oid(files, folders) == named
    assert compute_tree_oid({"wren.wav": blob}, {}) == inner


def test_a_pointer_names_the_hash_and_the_size() -> None:
    sha256 = hashlib.sha256(b"wren\n").hexdigest()
    text = render_lfs_pointer(sha256, 5)
    assert (
        text
        == f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize 5\n".encode()
    )
    assert compute_pointer_oid(sha256, 5) == compute_blob_oid(text)
