"""The names that git gives to objects, where no repository is at hand to ask.

Source: git's documentation of its object storage: SHA-1 over the kind, the length, a zero byte
and the content.
"""

import hashlib
from collections.abc import Iterable, Mapping

FILE_MODE = b"100644"
FOLDER_MODE = b"40000"


def compute_blob_oid(content: bytes) -> str:
    """The name of these bytes as a file: what `git hash-object` prints."""
    return _compute_oid(b"blob", content)


def compute_tree_oid(files: Mapping[str, str], folders: Mapping[str, str]) -> str:
    """The name of a folder, from the names of what lies directly in it: what `git mktree` prints.

    `files` and `folders` map a name to the object id behind it, in 40 hexadecimal digits.
    """
    entries = [(name, FILE_MODE, oid) for name, oid in files.items()]
    # git sorts folders as if their names ended with a slash.
    entries += [(f"{name}/", FOLDER_MODE, oid) for name, oid in folders.items()]
    return _compute_oid(b"tree", b"".join(_list_lines(entries)))


def _list_lines(entries: Iterable[tuple[str, bytes, str]]) -> Iterable[bytes]:
    for name, mode, oid in sorted(entries, key=lambda entry: entry[0].encode()):
        yield mode + b" " + name.removesuffix("/").encode() + b"\0" + bytes.fromhex(oid)


def render_lfs_pointer(sha256: str, size: int) -> bytes:
    """The text that Git LFS keeps in git in the place of a file of `size` bytes."""
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    ).encode()


def compute_pointer_oid(sha256: str, size: int) -> str:
    """The name of the pointer that stands for a file in git."""
    return compute_blob_oid(render_lfs_pointer(sha256, size))


def _compute_oid(kind: bytes, content: bytes) -> str:
    named = b"%s %d\0" % (kind, len(content)) + content
    return hashlib.sha1(named, usedforsecurity=False).hexdigest()
