"""Taking a release by the `earmark` command, and proving what was taken."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.access.models import Receipt
from apps.datasets.models import Dataset
from apps.storage.blobs import find_local_path
from earmark.client.account import Account
from earmark.client.downloads import Item, fetch_file
from earmark.client.errors import DiffersError, NameInvalidError
from earmark.client.references import locate_file
from earmark.client.server import Server
from tests.doors.client.conftest import NAME, Call, Desk, token_of
from tests.factories.published import set_access

FOLDER = "tones-1.0.0"


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_pull_brings_all_that_the_release_holds(
    desk: Desk, earmark: Call, tmp_path: Path
) -> None:
    said = earmark("pull", f"{NAME}@v1.0.0", token=token_of(desk.cast.dan))
    assert said.code == 0, said.error
    assert desk.release.root in said.out
    held = hashes(tmp_path / FOLDER)
    clips = {
        f"audio/{path}": sha256
        for path, sha256 in desk.dataset.clips.values_list("path", "blob__sha256")
    }
    assert clips.items() <= held.items()
    table = desk.release.clips_table
    assert table is not None
    assert held["clips.parquet"] == table.sha256
    assert {"events.parquet", "ATTRIBUTION.csv", "LICENSES/CC0-1.0.txt"} <= held.keys()
    assert not (tmp_path / FOLDER / ".earmark").exists()
    assert {(row.door, row.holder) for row in Receipt.objects.all()} == {("api", "dan")}


def test_a_pull_says_what_for_and_every_receipt_keeps_it(desk: Desk, earmark: Call) -> None:
    token, fits = token_of(desk.cast.dan), "research.noncommercial"
    said = earmark("pull", NAME, "--purpose", fits, "--split", "test", token=token)
    assert said.code == 0, said.error
    assert set(Receipt.objects.values_list("holder", "stated")) == {("dan", fits)}
    refused = earmark("pull", NAME, "--purpose", "train.voice_synthesis", token=token)
    assert (refused.code, "not cleared for this purpose" in refused.error) == (1, True)


def test_a_second_pull_fetches_what_is_missing_or_changed(
    desk: Desk, earmark: Call, tmp_path: Path
) -> None:
    token = token_of(desk.cast.dan)
    earmark("pull", NAME, token=token)
    before = hashes(tmp_path / FOLDER)
    (tmp_path / FOLDER / "audio/field/000.wav").unlink()
    (tmp_path / FOLDER / "audio/field/001.wav").write_bytes(b"noise")
    said = earmark("pull", NAME, "--json", token=token).value
    assert (said["fetched"], said["present"], said["failed"]) == (2, 2, {})
    assert hashes(tmp_path / FOLDER) == before


def test_a_part_is_chosen_by_class_split_licence_and_version(
    desk: Desk, earmark: Call, tmp_path: Path
) -> None:
    token = token_of(desk.cast.dan)
    said = earmark(
        "pull", NAME, "--split", "train", "--licence", "CC0-1.0", "--class", "tone-0",
        "--where", "recording=session-0", "--where", "environment=studio",
        "--to", "part", token=token,
    )  # fmt: skip
    assert said.code == 0, said.error
    assert [path for path in hashes(tmp_path / "part") if path.startswith("audio/")] == [
        "audio/field/000.wav"
    ]
    assert "field/001" not in (tmp_path / "part" / "ATTRIBUTION.csv").read_text()
    assert earmark("verify", "part").code == 0
    refused = earmark("pull", NAME, "--class", "tone-9", token=token)
    assert refused.code == 1
    assert "no label or term 'tone-9'" in refused.error
    refused = earmark("pull", NAME, "--where", "colour=red", token=token)
    assert "with a column of recording" in refused.error
    refused = earmark("pull", NAME, "--to", "part", token=token)
    assert "holds a part of acme/tones 1.0.0" in refused.error


def item_of(desk: Desk, folder: Path, sha256: str = "") -> Item:
    clip = desk.dataset.clips.get(path="field/003.wav")
    address = f"datasets/{NAME}/releases/1.0.0/clips/{clip.uid}/audio/"
    blob = clip.blob
    return Item(address, folder / "a.wav", folder / "a.part", sha256 or blob.sha256, blob.size)


@pytest.fixture
def server(desk: Desk) -> Iterator[Server]:
    made = Server(Account(desk.url, token_of(desk.cast.dan)))
    yield made
    made.close()


def test_a_file_goes_on_where_it_was_cut_off(desk: Desk, server: Server, tmp_path: Path) -> None:
    item, heard = item_of(desk, tmp_path), list[int]()
    fetch_file(server, item, stop=Event())
    whole = item.target.read_bytes()
    item.part.write_bytes(whole[:1000])
    item.target.unlink()
    fetch_file(server, item, stop=Event(), tell=heard.append)
    assert sum(heard) == len(whole) - 1000
    assert item.target.read_bytes() == whole
    for rest in (b"wrong" * 100, whole + b"more", whole):
        item.part.write_bytes(rest)
        fetch_file(server, item, stop=Event())
        assert item.target.read_bytes() == whole
        assert not item.part.exists()


def test_other_bytes_than_the_release_names_are_never_kept(
    desk: Desk, server: Server, tmp_path: Path
) -> None:
    item = item_of(desk, tmp_path, "0" * 64)
    with pytest.raises(DiffersError, match="other bytes came"):
        fetch_file(server, item, stop=Event())
    assert not item.target.exists()


DIES = """
import os, signal, sys
from earmark.client import downloads, pull
from earmark.client.main import main
left = [2]
def die(response, write, *rest, real=downloads._write_chunks):
    left[0] -= 1
    if left[0] < -1:
        write(next(response.iter_raw(64)))
        os.kill(os.getpid(), signal.SIGKILL)
    real(response, write, *rest)
downloads._write_chunks = die
main(["pull", "acme/tones", "--threads", "1", "--quiet"])
"""


def test_a_killed_pull_goes_on(desk: Desk, earmark: Call, tmp_path: Path) -> None:
    token = token_of(desk.cast.dan)
    environment = {**os.environ, "EARMARK_TOKEN": token}
    killed = subprocess.run(
        [sys.executable, "-c", DIES], env=environment, cwd=tmp_path, check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(list((tmp_path / FOLDER / ".earmark").iterdir())) == 1
    assert earmark("verify", FOLDER).code == 1
    said = earmark("pull", NAME, "--json", token=token).value
    assert said["present"] + said["fetched"] == 4
    assert said["present"] >= 1
    assert earmark("verify", FOLDER).code == 0


def test_a_folder_is_verified_without_the_server(
    desk: Desk, earmark: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earmark("pull", NAME, token=token_of(desk.cast.dan))
    monkeypatch.delenv("EARMARK_URL")
    assert earmark("verify", FOLDER).code == 0
    folder = tmp_path / FOLDER
    (folder / "audio/field/000.wav").unlink()
    (folder / "audio/field/001.wav").write_bytes(b"noise")
    (folder / "audio/field/new.wav").write_bytes(b"noise")
    said = earmark("verify", FOLDER, "--json")
    assert said.code == 1
    assert said.value["problems"] == {
        "audio/field/000.wav": "missing",
        "audio/field/001.wav": "changed",
        "audio/field/new.wav": "not in the release",
    }
    assert "not 00" in earmark("verify", FOLDER, "--root", "00").error
    (folder / "clips.parquet").write_bytes(b"PAR1")
    assert "not readable" in earmark("verify", FOLDER).error


def test_labels_that_were_changed_are_noticed(desk: Desk, earmark: Call, tmp_path: Path) -> None:
    earmark("pull", NAME, token=token_of(desk.cast.dan))
    events = tmp_path / FOLDER / "events.parquet"
    table = pq.read_table(events)
    column = table.schema.get_field_index("onset")
    moved = pa.array([value + 0.001 for value in table["onset"].to_pylist()])
    pq.write_table(table.set_column(column, table.schema.field("onset"), moved), events)
    said = earmark("verify", FOLDER)
    assert (said.code, "labels of field/000.wav" in said.error) == (1, True)


def test_a_release_is_verified_at_the_server(desk: Desk, earmark: Call, tmp_path: Path) -> None:
    token = token_of(desk.cast.dan)
    said = earmark("verify", f"{NAME}@1.0.0", "--json", token=token)
    assert (said.code, said.value["clips"], said.value["problems"]) == (0, 4, {})
    assert not (tmp_path / FOLDER).exists()
    blob = desk.dataset.clips.get(path="field/002.wav").blob
    stored = find_local_path(blob)
    assert stored is not None
    stored.chmod(0o644)
    stored.write_bytes(bytes(blob.size))
    said = earmark("verify", f"{NAME}@1.0.0", "--json", token=token)
    assert (said.code, said.value["problems"]) == (1, {"audio/field/002.wav": "other bytes came"})
    refused = earmark("verify", f"{NAME}@1.0.0", "--root", "ab", token=token)
    assert (refused.code, desk.release.root in refused.error) == (1, True)


def test_refusals_say_what_to_do(desk: Desk, earmark: Call, tmp_path: Path) -> None:
    said = earmark("pull", NAME)
    assert said.code == 1
    assert "sign in with a token" in said.error
    said = earmark("pull", NAME, "--json", token=token_of(desk.cast.eve))
    assert said.value["error"]["code"] == "access.denied"
    assert "ask for access on its page" in said.value["error"]["message"]
    set_access(Dataset.Access.ORGANISATION)
    hidden = earmark("pull", NAME, token=token_of(desk.cast.eve)).error
    assert "There is no" in hidden
    assert "write ORGANISATION/NAME" in earmark("pull", "tones").error
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note").touch()
    said = earmark("pull", NAME, "--to", "mine", token=token_of(desk.cast.ada))
    assert "mine is not empty" in said.error


def test_a_token_is_kept_for_its_owner_alone(
    desk: Desk, earmark: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(desk.cast.dan)
    (tmp_path / "token").write_text(f"{token}\n")
    said = earmark("login", "--url", desk.url, "--token-file", "token")
    assert (said.code, "dan" in said.out, token in said.out + said.error) == (0, True, False)
    kept = tmp_path / "home/.config/earmark/credentials.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text())["tokens"] == {desk.url: token}
    monkeypatch.delenv("EARMARK_URL")
    assert earmark("whoami", "--json").value["username"] == "dan"
    assert token not in repr(Account(desk.url, token))
    kept.chmod(0o644)
    assert "chmod 600" in earmark("whoami").error
    kept.unlink()
    assert "Say which server" in earmark("whoami").error
    (tmp_path / "token").write_text("emk_nonsense")
    assert (
        "unknown, expired or revoked"
        in earmark("login", "--url", desk.url, "--token-file", "token").error
    )
    assert not kept.exists()


def test_a_server_that_is_away_is_said_to_be(
    earmark: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earmark.client.server.FIRST_WAIT", 0.0)
    said = earmark("whoami", "--url", "http://127.0.0.1:1")
    assert (said.code, "could not be reached" in said.error) == (1, True)


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", "a\\x", "c:/x", ""])
def test_no_name_leads_out_of_the_folder(path: str, tmp_path: Path) -> None:
    with pytest.raises(NameInvalidError):
        locate_file(tmp_path, path)


def test_the_command_brings_no_server_along() -> None:
    program = (
        "import sys, earmark.client.main;"
        "print({'django', 'celery', 'apps', 'huggingface_hub'} & set(sys.modules))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "set()"
