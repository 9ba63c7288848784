"""Tars as streams: what tar reads, of the length that was said, from any byte on."""

import io
import tarfile
from collections.abc import Iterator
from functools import partial
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.deliveries.tar_streams import END, Entry, EntryTornError, measure_room, stream_tar

FILES = {
    "a/MANIFEST.json": b"{}",
    "a/empty": b"",
    "a/block": b"x" * 512,
    f"a/{'long/' * 40}name.wav": b"long",
    "a/ätna 火山.wav": b"y" * 1300,
}


def entries() -> Iterator[Entry]:
    for name, content in FILES.items():
        yield Entry(name, len(content), partial(opened, content))


def opened(content: bytes, start: int, length: int) -> IO[bytes]:
    return io.BytesIO(content[start:])


SIZE = sum(measure_room(name, len(content)) for name, content in FILES.items()) + len(END)
WHOLE = b"".join(stream_tar(entries(), length=SIZE))


def test_tar_reads_it_and_its_length_was_known() -> None:
    assert len(WHOLE) == SIZE
    with tarfile.open(fileobj=io.BytesIO(WHOLE)) as tar:
        found = {member.name: tar.extractfile(member) for member in tar}
        read = {name: file.read() for name, file in found.items() if file}
        assert all(member.uid == 0 and member.mtime == 0 for member in tar)
    assert read == FILES


@given(start=st.integers(0, SIZE - 1), length=st.integers(1, SIZE))
def test_any_span_is_that_span_of_the_whole(start: int, length: int) -> None:
    wanted = WHOLE[start : start + length]
    assert b"".join(stream_tar(entries(), start=start, length=len(wanted))) == wanted


def test_files_outside_the_span_are_not_opened() -> None:
    def refuse(start: int, length: int) -> IO[bytes]:
        raise AssertionError

    skipped = measure_room("one", 700)
    two = [Entry("one", 700, refuse), Entry("two", 3, partial(opened, b"abc"))]
    assert b"".join(stream_tar(iter(two), start=skipped + 512, length=3)) == b"abc"


def test_a_file_that_ends_early_breaks_the_stream_off() -> None:
    torn = [Entry("torn", 10, partial(opened, b"short"))]
    with pytest.raises(EntryTornError, match="5 bytes too early"):
        list(stream_tar(torn, length=2048))
