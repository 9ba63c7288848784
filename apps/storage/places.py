"""Where bytes lie: a local folder, or any storage Django knows (S3 and others).

Both promise the same: bytes appear under their key whole or not at all, and a crash leaves at
most a staging file that nobody reads.
"""

from __future__ import annotations

import ctypes
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from storages.backends.s3 import S3Storage

from apps.storage.errors import StoreUnavailableError
from apps.storage.staging import Staging

CALLS_AT_ONCE = 8


class Place(Protocol):
    staging: Staging

    def flush(self) -> None:
        """Make what was staged, and the keys given so far, survive a power cut."""

    def keep(self, moves: Iterable[tuple[str, str]]) -> None:
        """Give staged files their keys, replacing what lay there."""

    def open(self, key: str) -> IO[bytes]:
        """Open for reading; raises FileNotFoundError."""

    def open_span(self, key: str, start: int, length: int) -> IO[bytes]:
        """Open so that `length` bytes from `start` can be read; raises FileNotFoundError."""

    def sizes(self, keys: Sequence[str]) -> list[int | None]:
        """Bytes under each key, None where there are none; one look-up per key."""

    def delete(self, key: str) -> None:
        """Remove the bytes; not an error when they are gone already."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Everything below a prefix, in no order."""

    def local_path(self, key: str) -> Path | None:
        """Name the file itself where the place is a folder of this machine."""


class FolderPlace:
    """A local folder; staging lies in the same file system, so that a rename is atomic."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.staging = Staging(root / "tmp")

    def flush(self) -> None:
        self.staging.folder.mkdir(parents=True, exist_ok=True)
        _sync_file_system(self.staging.folder)

    def keep(self, moves: Iterable[tuple[str, str]]) -> None:
        root = str(self.root)
        for path, key in moves:
            target = f"{root}/{key}"
            try:
                os.replace(path, target)  # noqa: PTH105 - Path objects would double the cost
            except FileNotFoundError:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                Path(path).replace(target)

    def open(self, key: str) -> IO[bytes]:
        return (self.root / key).open("rb")

    def open_span(self, key: str, start: int, length: int) -> IO[bytes]:
        # Unbuffered: servers hand the open file to the kernel.
        file = (self.root / key).open("rb", buffering=0)
        file.seek(start)
        return file

    def sizes(self, keys: Sequence[str]) -> list[int | None]:
        return [self._size(key) for key in keys]

    def delete(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def keys(self, prefix: str) -> Iterator[str]:
        for folder, _, names in os.walk(self.root / prefix):
            under = Path(folder).relative_to(self.root).as_posix()
            yield from (f"{under}/{name}" for name in names)

    def local_path(self, key: str) -> Path | None:
        return self.root / key

    def _size(self, key: str) -> int | None:
        try:
            return (self.root / key).stat().st_size
        except FileNotFoundError:
            return None


class RemotePlace:
    """Any other Django storage; what goes up is hashed in a local folder first.

    Raises StoreUnavailableError when the storage does not answer or refuses.
    """

    def __init__(self, storage: Storage, work: Path) -> None:
        self.storage = storage
        self.staging = Staging(work / "staging")

    def flush(self) -> None:
        """Nothing to do: an upload is durable when the object store has answered."""

    def keep(self, moves: Iterable[tuple[str, str]]) -> None:
        with _translate_store_errors(), ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            for upload in [pool.submit(self._upload, path, key) for path, key in moves]:
                upload.result()

    def open(self, key: str) -> IO[bytes]:
        with _translate_store_errors():
            return self.storage.open(key, "rb")

    def open_span(self, key: str, start: int, length: int) -> IO[bytes]:
        """Fetch no more than the span from S3; other storages read as they do."""
        if not isinstance(self.storage, S3Storage):
            file = self.open(key)
            file.seek(start)
            return file
        if not length:
            return io.BytesIO()
        with _translate_store_errors():
            return self._fetch(
                self.storage.bucket.Object(key), f"bytes={start}-{start + length - 1}"
            )

    def _fetch(self, item: Any, span: str) -> IO[bytes]:
        try:
            body: IO[bytes] = item.get(Range=span)["Body"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in {"NoSuchKey", "404"}:
                raise FileNotFoundError(item.key) from error
            raise
        return body

    def sizes(self, keys: Sequence[str]) -> list[int | None]:
        with _translate_store_errors(), ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            return list(pool.map(self._size, keys))

    def delete(self, key: str) -> None:
        with _translate_store_errors():
            self.storage.delete(key)

    def keys(self, prefix: str) -> Iterator[str]:
        with _translate_store_errors():
            try:
                folders, names = self.storage.listdir(prefix)
            except FileNotFoundError:
                return
        yield from (f"{prefix}/{name}" for name in names)
        for folder in folders:
            yield from self.keys(f"{prefix}/{folder}")

    def local_path(self, key: str) -> Path | None:
        return None

    def _size(self, key: str) -> int | None:
        return self.storage.size(key) if self.storage.exists(key) else None

    def _upload(self, path: str, key: str) -> None:
        with Path(path).open("rb") as file:
            name = self.storage.save(key, File(file))
            if name != key:
                # The storage does not overwrite and chose a name of its own.
                self.storage.delete(name)
                self.storage.delete(key)
                file.seek(0)
                self.storage.save(key, File(file))
        Path(path).unlink()


def find_blob_place() -> Place:
    """Find the place that `STORAGES["blobs"]` names."""
    storage = storages["blobs"]
    if isinstance(storage, FileSystemStorage):
        return FolderPlace(Path(storage.location))
    return RemotePlace(storage, Path(settings.WORK_ROOT))


@contextmanager
def _translate_store_errors() -> Iterator[None]:
    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as error:
        raise StoreUnavailableError(
            f"The object store does not do what it is asked: {error}. Look at its address,"
            " credentials and health, then repeat."
        ) from error


def _sync_file_system(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        if _SYNCFS is None:
            os.sync()
        elif _SYNCFS(handle) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(handle)


# One call for a whole batch: an fsync per small file would cost more than all the rest.
_SYNCFS = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
