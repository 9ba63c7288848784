"""What review says of a clip's texts holds back the bytes that it had, and no others."""

from pathlib import Path

import pytest

from apps.access.authorizations import Action
from apps.access.authorize import authorize_action
from apps.datasets.models import Clip
from apps.detection.models import Finding, Scan
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips
from apps.publishing.release_publication import publish_release_here
from apps.releases.lapses import note_passing_time
from apps.releases.models import Lapse, Release
from apps.review.decisions import decide_finding
from apps.review.models import Decision
from apps.storage.blobs import open_local_copy
from tests.cast import Cast
from tests.factories.drafts import (
    OPEN_PURPOSES,
    approve,
    make_published,
    make_release,
    write_table,
)
from tests.factories.published import set_access
from tests.sounds import tone, write_sound

pytestmark = pytest.mark.django_db


def code(cast: Cast, release: Release) -> str:
    row = Release.objects.select_related("dataset__organisation").get(pk=release.pk)
    return str(authorize_action(cast.eve, row, Action.DOWNLOAD).code)


def causes(release: Release) -> set[tuple[str, str]]:
    return set(Lapse.objects.filter(release=release, over_at=None).values_list("path", "cause"))


def exclude_for_its_texts(cast: Cast, clip: Clip) -> Decision:
    finding = Finding.objects.create(
        clip=clip,
        scan=Scan.objects.filter(content_sha256=clip.cells_sha256)[0],
        position=98,
        content_sha256=clip.cells_sha256,
        kind="email",
    )
    why = "It names somebody."
    return decide_finding(actor=cast.cleo, finding=finding, verdict="exclude", reason=why)


def bring_in_anew(cast: Cast, folder: Path, release: Release, path: str, sound: Path) -> None:
    """Import this sound under this name with another title, and have all of it scanned."""
    (folder / path).parent.mkdir(parents=True)
    (folder / path).write_bytes(sound.read_bytes())
    row = {"path": path, "licence": "CC0-1.0", "title": "Another title"}
    report = import_clips(
        actor=cast.ada,
        dataset=release.dataset,
        source=folder,
        metadata=write_table(folder.with_suffix(".csv"), [row]),
    )
    assert report.is_clean, report.sentences()
    scan_dataset(actor=cast.ada, dataset=release.dataset)


def test_an_exclusion_for_its_texts_holds_the_bytes_that_the_clip_had_then(
    cast: Cast, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path, purposes=OPEN_PURPOSES)
    set_access("open")
    clip = Clip.objects.get(path="field/003.wav")
    with open_local_copy(clip.blob) as held:
        old = tmp_path / "old.wav"
        old.write_bytes(held.read_bytes())
    exclude_for_its_texts(cast, clip)
    assert causes(release) == {("field/003.wav", "excluded")}
    # Other bytes take the place of those that were excluded, and are judged anew.
    fresh = tmp_path / "fresh.wav"
    write_sound(fresh, tone(seconds=0.7, hertz=900.0))
    bring_in_anew(cast, tmp_path / "fresh", release, "field/003.wav", fresh)
    note_passing_time()
    assert code(cast, release) == "access.held_back"
    release.dataset.refresh_from_db()
    later = approve(cast, make_release(cast, release.dataset, "1.1.0", OPEN_PURPOSES))
    later = publish_release_here(actor=cast.rita, release=later)
    assert (code(cast, later), causes(later)) == ("access.open", set())
    # What was excluded is known under another name, whatever is said of it there.
    bring_in_anew(cast, tmp_path / "old", release, "field/other.wav", old)
    came_back = Finding.objects.get(clip__path="field/other.wav", kind="returned")
    assert came_back.detail == (
        "Sounds like what was taken out before: field/003.wav, excluded by review"
    )
