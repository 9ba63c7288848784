"""A bar of bytes on terminals, nothing elsewhere; told from many threads at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from tqdm import tqdm

from earmark.client.downloads import Tell


@contextmanager
def show_progress_bar(words: str, total: int, *, quiet: bool) -> Iterator[Tell]:
    """Give a function that adds bytes; a `total` of 0 is one that nobody knows."""
    lock = Lock()
    with tqdm(
        desc=words,
        total=total or None,
        unit="B",
        unit_scale=True,
        # None: only where the error stream is a terminal.
        disable=True if quiet else None,
    ) as shown:

        def tell(count: int) -> None:
            with lock:
                shown.update(count)

        yield tell
