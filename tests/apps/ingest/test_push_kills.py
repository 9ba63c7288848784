"""A push killed at any line: what is there is whole, and the same push goes on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from apps.datasets.models import Clip, Dataset
from apps.ingest import pushes
from apps.ingest.models import Push, PushedFile
from apps.ingest.pushes import Addition, Inline, push_commit
from apps.storage.blobs import put_blob
from tests.cast import Cast, assemble
from tests.factories.drafts import make_dataset, write_folder
from tests.kills import killed_at_line, lines_of, spread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
POINTS = 6


@pytest.fixture
def cast() -> Cast:
    return assemble()


def pushed(cast: Cast, dataset: Dataset, folder: Path) -> Push:
    """The whole folder as the Hub's clients send it: bytes, then one commit."""
    changes: list[pushes.Change] = []
    for sound in sorted((folder / "sounds").rglob("*.wav")):
        with sound.open("rb") as stream:
            blob = put_blob(dataset.uid, stream)
        path = sound.relative_to(folder / "sounds").as_posix()
        changes.append(Addition(path, blob.sha256, blob.size))
    tables = ("clips.csv", "events.csv", "consents.csv")
    # A form asks about one dataset, so that each has its own.
    own = f"voices-{dataset.name}".encode()
    changes += [
        Inline(table, (folder / table).read_bytes().replace(b"voices", own)) for table in tables
    ]
    return push_commit(actor=cast.ada, dataset=dataset, changes=changes, title="All")


def test_a_push_killed_anywhere_is_whole_or_not_there_and_goes_on(
    cast: Cast, tmp_path: Path
) -> None:
    write_folder(tmp_path)
    counted = make_dataset(cast, "counted")
    within = str(Path(pushes.__file__).parent / "push")
    total = lines_of(lambda: pushed(cast, counted, tmp_path), within=within)
    assert total > POINTS
    for number in spread(total, POINTS):
        dataset = make_dataset(cast, f"tones-{number}")
        assert killed_at_line(number, partial(pushed, cast, dataset, tmp_path), within=within)
        came = Clip.objects.filter(dataset=dataset).count()
        assert came in {0, 4}
        assert Push.objects.filter(dataset=dataset).count() == came // 4
        assert bool(PushedFile.objects.filter(dataset=dataset).exists()) is bool(came)
        pushed(cast, dataset, tmp_path)
        assert Clip.objects.filter(dataset=dataset).count() == 4
        assert not PushedFile.objects.filter(dataset=dataset).exclude(probe={}).exists()
