"""`git upload-pack` as a child process: bounded in number, time and input, and read-only."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import tempfile
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Protocol

from apps.storage.git import MAIN
from datasets_catalog.errors import EarmarkError, InvalidError, Kind

log = logging.getLogger(__name__)

AT_ONCE = 8
# Seconds: how long a request waits for a free place, and how long one process may live.
PATIENCE = 10
LIFETIME = 300
# Bytes of a request after decompression: what a client has and wants, forty digits each.
REQUEST_BYTES = 16 * 1024 * 1024
CHUNK = 64 * 1024
BANNER = b"001e# service=git-upload-pack\n0000"
LENGTH = re.compile(rb"[0-9A-Fa-f]{4}")
_places = threading.BoundedSemaphore(AT_ONCE)


class GitBusyError(EarmarkError):
    """Too many clones at once, or one that takes too long."""

    code = "git.busy"
    kind = Kind.UNAVAILABLE


class GitRequestError(InvalidError):
    """It is no request of git's protocol, far too long, or for what is not open to the reader."""

    code = "git.request_invalid"


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def run_upload_pack(
    repository: Path,
    shown: Mapping[str, str],
    *,
    open_to: Iterable[str] = (),
    ask: IO[bytes] | None,
    protocol: str,
) -> IO[bytes]:
    """What `git upload-pack` answers, in a temporary file; without `ask`, what it advertises.

    `shown` are the only references it knows of; what they name, and the commits `open_to`, is all
    that may be asked for. Written down before it is sent: the packs are small (git holds hashes
    here), and a slow client holds no process. Raises GitBusyError and GitRequestError.
    """
    if ask is not None:
        _refuse_strange(ask, {*shown.values(), *open_to})
    # Before version 2 of the protocol HTTP has a line of its own ahead of the references.
    banner = b"" if ask or protocol.startswith("version=2") else BANNER
    with ExitStack() as on_error:
        answer = on_error.enter_context(tempfile.TemporaryFile(buffering=0))
        answer.write(banner)
        with _take_place(), _build_view(repository, shown) as view:
            _run_process(_build_command(view, advertise=ask is None), ask, answer, protocol)
        if answer.tell() == len(banner):
            raise GitRequestError("This is no request that git can answer.")
        on_error.pop_all()
        return answer


def _refuse_strange(ask: IO[bytes], known: AbstractSet[str]) -> None:
    """Refuse a request for an object that is not among the known ones.

    In version 2 of the protocol git gives whatever object it is asked for by its id, named by a
    reference or not.
    """
    for line in _read_packet_lines(ask):
        word, _, rest = line.partition(b" ")
        oid = rest.split()[0].decode(errors="replace") if rest.split() else ""
        if word == b"want" and oid not in known:
            raise GitRequestError(
                f"{oid[:40]!r} is no version that is open to you: ask for main or a version's tag."
            )
    ask.seek(0)


def _read_packet_lines(ask: IO[bytes]) -> Iterator[bytes]:
    """The lines of a request: each has its length before it, in four hexadecimal digits."""
    while header := ask.read(4):
        if not LENGTH.fullmatch(header):
            raise GitRequestError("This is no request that git can answer.")
        size = int(header, 16)
        # 0 to 2 are marks without a line, and no line is shorter than its header.
        if size >= len(header):
            yield ask.read(size - len(header))


def _run_process(
    command: Sequence[str], ask: IO[bytes] | None, answer: IO[bytes], protocol: str
) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, no shell
            command,
            stdin=ask or subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.PIPE,
            env=_build_environment(protocol),
            timeout=LIFETIME,
            check=False,
        )
    except subprocess.TimeoutExpired as problem:
        raise GitBusyError("git took too long: try again in a minute.") from problem
    if done.returncode:
        log.warning("git upload-pack: %s", done.stderr.decode(errors="replace")[-500:])


@contextmanager
def _take_place() -> Iterator[None]:
    if not _places.acquire(timeout=PATIENCE):
        raise GitBusyError("Too many clones are running: try again in a minute.")
    try:
        yield
    finally:
        _places.release()


def read_request(stream: Readable, encoding: str) -> IO[bytes]:
    """The body of a request in a temporary file, decompressed; raises GitRequestError."""
    with ExitStack() as on_error:
        file = on_error.enter_context(tempfile.TemporaryFile())
        if encoding in {"gzip", "x-gzip"}:
            _decompress_stream(stream, file)
        else:
            _copy_stream(stream, file)
        file.seek(0)
        on_error.pop_all()
        return file


def _copy_stream(stream: Readable, file: IO[bytes]) -> None:
    while chunk := stream.read(CHUNK):
        _add_chunk(chunk, file)


def _decompress_stream(stream: Readable, file: IO[bytes]) -> None:
    gzip = zlib.decompressobj(wbits=31)
    try:
        while chunk := stream.read(CHUNK):
            while chunk:
                _add_chunk(gzip.decompress(chunk, CHUNK), file)
                chunk = gzip.unconsumed_tail
    except zlib.error as problem:
        raise GitRequestError("The request is not valid gzip.") from problem
    if not gzip.eof:
        raise GitRequestError("The request was cut off.")


def _add_chunk(chunk: bytes, file: IO[bytes]) -> None:
    if file.tell() + len(chunk) > REQUEST_BYTES:
        raise GitRequestError("The request is too long.")
    file.write(chunk)


@contextmanager
def _build_view(repository: Path, shown: Mapping[str, str]) -> Iterator[Path]:
    """A repository with the objects of another and these references alone.

    So what a reader may not see is not there to be asked for, and `main` can be another version
    for another reader, as at the other doors.
    """
    with tempfile.TemporaryDirectory(prefix="view-") as folder:
        view = Path(folder)
        (view / "objects" / "info").mkdir(parents=True)
        (view / "refs").mkdir()
        objects = (repository / "objects").resolve()
        (view / "objects" / "info" / "alternates").write_text(f"{objects}\n")
        (view / "HEAD").write_text(f"ref: {MAIN}\n")
        (view / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
        lines = (f"{oid} {name}\n" for name, oid in sorted(shown.items()))
        (view / "packed-refs").write_text(f"# pack-refs with: sorted\n{''.join(lines)}")
        yield view


def _build_command(repository: Path, *, advertise: bool) -> list[str]:
    command = ["git", "-c", f"safe.directory={repository}", "-c", "lsrefs.unborn=ignore"]
    command += ["upload-pack", "--strict", "--stateless-rpc", "--timeout=60"]
    if advertise:
        command.append("--advertise-refs")
    return [*command, str(repository)]


def _build_environment(protocol: str) -> dict[str, str]:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }
    if protocol:
        environment["GIT_PROTOCOL"] = protocol
    return environment
