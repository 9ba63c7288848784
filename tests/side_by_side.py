"""Several people at once: each in a thread with a connection of its own."""

import threading
from collections.abc import Callable

from django.db import connection


def run_at_once(*works: Callable[[], object]) -> list[Exception]:
    """Start them together and wait for all; the problems they ended in, whatever these are."""
    start, problems = threading.Barrier(len(works)), list[Exception]()

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except Exception as problem:  # noqa: BLE001 - the test says which may come
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems
