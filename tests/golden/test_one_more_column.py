"""A later version adds a column: every reader goes on reading what was published without it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.timeout(600)
def test_every_reader_reads_releases_that_lack_a_later_column() -> None:
    """In a process of its own, since what follows from the columns is worked out at its start."""
    environ = {k: v for k, v in os.environ.items() if k != "TEST_DATABASE_URL"}
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-p", "tests.golden.one_more_column"),
            *(str(HERE / "test_readers.py"), str(HERE / "with_one_more_column.py")),
        ],
        cwd=HERE.parents[1],
        env={**environ, "EARMARK_TEST_DATABASE": "sqlite"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]
    assert " failed" not in run.stdout
