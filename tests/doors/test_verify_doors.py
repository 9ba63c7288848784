"""Every door gives the same bytes: proved by the doors' own clients."""

from __future__ import annotations

import io
import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from earmark import door_comparison
from earmark.door_comparison import DoorResult, Target, find_differences, take_by_every_door
from tests.doors.client.conftest import Desk, desk, token_of
from tests.factories.jobs import work_off

__all__ = ["desk"]
pytestmark = pytest.mark.timeout(600)
CLIPS = {"a.wav": "1" * 64, "b.wav": "2" * 64}


def run(desk: Desk, token: str, file: Path, *options: str) -> tuple[int, str]:
    file.write_text(f"{token}\n")
    out, code = io.StringIO(), 0
    words = ["acme/tones", "1.0.0", "--address", desk.url, "--token-file", str(file), *options]
    try:
        call_command("verify_doors", *words, stdout=out)
    except SystemExit as end:
        code = int(str(end.code))
    return code, out.getvalue()


def test_every_door_gives_the_same_release(desk: Desk, tmp_path: Path) -> None:
    work_off()
    code, said = run(desk, token_of(desk.cast.dan), tmp_path / "token", "--json")
    found: dict[str, Any] = json.loads(said)
    assert (code, found["differences"]) == (0, []), said
    doors = {one["door"]: one for one in found["doors"]}
    assert set(doors) == {door for door, _, _ in door_comparison.WAYS}
    assert {one["clips"] for one in doors.values()} == {4}
    assert {one["root"] for one in doors.values()} == {desk.release.root, ""}
    assert [name for name, one in doors.items() if not one["root"]] == ["Hub, rows"]
    assert all(one["checked"] for one in doors.values())


def test_a_refusal_at_a_door_is_a_difference_and_the_token_stays_out(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_comparison, "WAYS", door_comparison.WAYS[:3])
    token = token_of(desk.cast.eve)
    code, said = run(desk, token, tmp_path / "token")
    assert code == 1
    assert "REST: " in said
    assert "ask for access on its page" in said
    assert "Nothing came through any door." in said
    assert token not in said


def test_what_cannot_be_checked_is_said(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(door_comparison, "version", missing)
    monkeypatch.setattr(
        door_comparison, "WAYS", (door_comparison.WAYS[0], door_comparison.WAYS[-1])
    )
    taken = take_by_every_door(
        Target(desk.url, "acme/tones", "1.0.0", token_of(desk.cast.dan), tmp_path), print
    )
    assert taken[1].problem == "not checked: mlcroissant is not installed"
    assert (taken[0].checked, taken[1].checked) == (True, False)
    assert find_differences(taken) == []


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"root": "b" * 64}, "DVC: root bbbb"),
        ({"clips": {**CLIPS, "a.wav": "3" * 64}}, "DVC: a.wav is 3333"),
        ({"clips": {"a.wav": "1" * 64}}, "DVC: b.wav is missing, but 2222"),
        ({"clips": {**CLIPS, "c.wav": "3" * 64}}, "DVC: c.wav is 3333"),
        ({"problem": "it ended with 1"}, "DVC: it ended with 1"),
    ],
)
def test_every_difference_is_named(other: dict[str, Any], said: str) -> None:
    same = DoorResult("REST", "earmark", "a" * 64, dict(CLIPS))
    assert find_differences([same, DoorResult("Hub", "datasets", "", dict(CLIPS))]) == []
    values: dict[str, Any] = {"root": "a" * 64, "clips": dict(CLIPS), **other}
    found = find_differences([same, DoorResult("DVC", "dvc", **values)])
    assert len(found) == 1
    assert found[0].startswith(said)
