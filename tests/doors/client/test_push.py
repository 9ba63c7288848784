"""Bringing a folder into a draft by the `earmark` command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from apps.accounts.models import Token
from apps.datasets.models import Clip, Dataset, Event
from apps.ingest.models import Upload
from earmark.client.push import Push
from tests.doors.client.conftest import Call, Desk, token_of
from tests.factories.drafts import make_dataset, write_table
from tests.factories.jobs import work_off
from tests.factories.sounds import sound_bytes

NAME = "acme/fresh"


@pytest.fixture(autouse=True)
def dataset(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """A dataset to push into; whoever waits for a job does it."""
    monkeypatch.setattr("earmark.client.push.time.sleep", lambda seconds: work_off())
    return make_dataset(desk.cast, "fresh")


@pytest.fixture
def steward(desk: Desk) -> str:
    return token_of(desk.cast.ada, Token.Scope.WRITE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    base = tmp_path / "mine"
    (base / "field").mkdir(parents=True)
    for number in range(4):
        (base / f"field/{number}.wav").write_bytes(sound_bytes(300 + number))
    (base / "field/twin.wav").write_bytes(sound_bytes(300))
    (base / "notes.txt").write_text("not a sound")
    return base


def paths() -> set[str]:
    return set(Clip.objects.filter(dataset__name="fresh").values_list("path", flat=True))


def test_a_folder_without_a_table_goes_in_whole(
    earmark: Call, steward: str, folder: Path, tmp_path: Path
) -> None:
    said = earmark("push", NAME, folder, "--json", token=steward)
    assert (said.code, said.value["added"]) == (0, 5), said.out + said.error
    assert paths() == {f"field/{name}.wav" for name in ("0", "1", "2", "3", "twin")}
    again = earmark("push", NAME, folder, "--json", token=steward).value
    assert (again["added"], again["unchanged"], again["bytes_sent"]) == (0, 5, 0)
    assert not list((tmp_path / "home/.local/state/earmark").iterdir())


def test_rows_that_are_wrong_are_named_as_the_person_counts_them(
    earmark: Call, steward: str, folder: Path, tmp_path: Path
) -> None:
    (folder / "field/3.wav").write_text("not a sound")
    rows = [
        {"path": "field/0.wav", "licence": "CC0-1.0"},
        {"path": "field/1.wav", "licence": "CC BY"},
        {"path": "field/2.wav", "licence": "CC0-1.0", "split": "train"},
        {"path": "field/3.wav", "licence": "CC0-1.0"},
        {"path": "field/9.wav", "licence": "CC0-1.0"},
        {"path": "../2.wav", "licence": "CC0-1.0"},
    ]
    table = write_table(tmp_path / "clips.csv", rows)
    events = write_table(
        tmp_path / "events.csv",
        [
            {"path": "field/0.wav", "onset": 0.05, "offset": 0.1, "label": "tone"},
            {"path": "field/0.wav", "onset": 0.15, "offset": 0.1, "label": "tone"},
        ],
    )
    said = earmark("push", NAME, folder, "--metadata", table, "--events", events, token=steward)
    assert said.code == 1
    assert "2 were added" not in said.out
    assert "3 were added" in said.out  # two clips and an event
    for words in (
        "clips.csv row 6, column path: 'field/9.wav', expected a file below",
        "clips.csv row 7, column path: '../2.wav', expected the name of a file inside",
        "clips.csv row 3 (field/1.wav), column licence: 'CC BY', expected an SPDX",
        "field/3.wav is text, not a sound file",
        "events.csv row 3, column offset: '0.1', expected seconds after onset",
    ):
        assert words in said.error
    assert paths() == {"field/0.wav", "field/2.wav"}
    assert Event.objects.filter(clip__dataset__name="fresh").count() == 1


def test_a_dry_run_changes_no_draft(earmark: Call, steward: str, folder: Path) -> None:
    said = earmark("push", NAME, folder, "--dry-run", token=steward)
    assert (said.code, "5 would be added" in said.out) == (0, True)
    assert paths() == set()


def stops_after(count: int, real: Callable[..., None]) -> Callable[..., None]:
    left = [count]

    def put(*arguments: object) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        real(*arguments)

    return put


def test_a_push_goes_on_in_the_middle_of_a_large_file(
    earmark: Call, steward: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "large"
    base.mkdir()
    (base / "long.wav").write_bytes(sound_bytes(440, seconds=100))
    size = (base / "long.wav").stat().st_size
    monkeypatch.setattr("apps.ingest.uploads.PUT_FILE_BYTES", 1_000_000)
    monkeypatch.setattr("apps.ingest.upload_bytes.PART_BYTES", 500_000)
    with monkeypatch.context() as patched:
        patched.setattr(Push, "_put", stops_after(2, Push._put))
        said = earmark("push", NAME, base, token=steward)
    assert (said.code, "goes on where it was" in said.error) == (130, True)
    said = earmark("push", NAME, base, "--json", token=steward)
    assert (said.code, said.value["bytes_sent"]) == (0, size - 1_000_000), said.error
    assert paths() == {"long.wav"}
    assert Upload.objects.count() == 1


def test_only_those_who_may_bring_clips_in(
    desk: Desk, earmark: Call, folder: Path, steward: str
) -> None:
    reading = earmark("push", NAME, folder, token=token_of(desk.cast.ada))
    assert (reading.code, "needs write" in reading.error) == (1, True)
    outsider = earmark("push", NAME, folder, token=token_of(desk.cast.eve, Token.Scope.WRITE))
    assert (outsider.code, "There is no dataset" in outsider.error) == (1, True)
    version = earmark("push", f"{NAME}@1.0.0", folder, token=steward)
    assert "never into a version" in version.error
    assert "There is no folder" in earmark("push", NAME, "nowhere", token=steward).error
