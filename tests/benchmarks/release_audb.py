"""audb's side of `release_cost.py`: publish a folder as a version of an audb database.

python tests/benchmarks/release_audb.py FOLDER HOST VERSION [PREVIOUS]
"""

import sys
from pathlib import Path

import audb
import audformat

REPOSITORY = "bench"


def describe(folder: Path) -> None:
    """Write the tables that audb keeps beside the media."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.wav"))
    database = audformat.Database("bench", usage="unrestricted")
    database["files"] = audformat.Table(audformat.filewise_index(files))
    database["files"]["licence"] = audformat.Column()
    database["files"]["licence"].set("CC0-1.0")
    database.save(str(folder))


def main() -> None:
    folder, host, version, *previous = sys.argv[1:]
    (Path(host) / REPOSITORY).mkdir(parents=True, exist_ok=True)
    describe(Path(folder))
    repository = audb.Repository(REPOSITORY, host, "file-system")
    audb.config.REPOSITORIES = [repository]
    audb.publish(
        folder,
        version,
        repository,
        previous_version=previous[0] if previous else None,
        num_workers=1,
        verbose=False,
    )


if __name__ == "__main__":
    main()
