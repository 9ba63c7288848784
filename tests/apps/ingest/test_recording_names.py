"""The name of a recording leaves with a release, so it is looked at like every other text."""

from pathlib import Path

import pytest

from apps.datasets.models import Clip
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips
from tests.cast import Cast
from tests.factories.drafts import make_dataset, write_table
from tests.sounds import write_sound

pytestmark = pytest.mark.django_db


def bring_in(cast: Cast, base: Path, recording: str) -> Clip:
    (base / "sounds").mkdir(exist_ok=True)
    write_sound(base / "sounds" / "a.wav")
    rows = [{"path": "a.wav", "licence": "CC0-1.0", "recording": recording}]
    dataset = Clip.objects.first()
    import_clips(
        actor=cast.ada,
        dataset=dataset.dataset if dataset else make_dataset(cast),
        source=base / "sounds",
        metadata=write_table(base / "clips.csv", rows),
    )
    return Clip.objects.select_related("dataset", "recording").get()


def found_in(cast: Cast, clip: Clip) -> set[tuple[str, str]]:
    scan_dataset(actor=cast.ada, dataset=clip.dataset)
    rows = Finding.objects.filter(clip=clip, scan__detector="cells")
    return {(row.kind, row.evidence["column"]) for row in rows}


def test_an_address_and_a_number_in_it_are_found(cast: Cast, tmp_path: Path) -> None:
    clip = bring_in(cast, tmp_path, "Mia mia.jones@example.org +44 20 7946 0958")
    assert found_in(cast, clip) == {("email", "recording"), ("phone", "recording")}


def test_another_name_of_it_is_another_text(cast: Cast, tmp_path: Path) -> None:
    before = bring_in(cast, tmp_path, "walk-1")
    assert found_in(cast, before) == set()
    after = bring_in(cast, tmp_path, "mia.jones@example.org")
    assert after.cells_sha256 != before.cells_sha256
    assert found_in(cast, after) == {("email", "recording")}
