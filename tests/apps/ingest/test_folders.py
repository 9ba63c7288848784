"""Walking a folder on the server."""

import os
from pathlib import Path

import pytest

from apps.ingest.folders import FolderMissingError, walk_folder
from apps.ingest.members import (
    ArchiveError,
    ArchiveLimitError,
    Limits,
    MemberLinkError,
    MemberSpecialError,
)
from apps.ingest.paths import PathInvalidError
from tests.apps.ingest.archive_makers import Files, write_tree


def walked(folder: Path) -> tuple[Files, dict[str, str], list[str]]:
    refused: dict[str, str] = {}
    skipped: list[str] = []

    def note(name: str, error: ArchiveError | PathInvalidError) -> None:
        refused[name] = error.code

    files = walk_folder(folder, refused=note, skipped=lambda name, why: skipped.append(name))
    return {name: place.read_bytes() for name, place in files}, refused, skipped


def test_a_folder_gives_its_files_in_code_point_order(tmp_path: Path) -> None:
    files = {"b.wav": b"1", "a/z.wav": b"2", "a.wav": b"3", "a-b/x.wav": b"", "\u00e9.wav": b"5"}

    found, refused, skipped = walked(write_tree(tmp_path, files))

    assert found == files
    assert list(found) == sorted(files)
    assert refused == {}
    assert skipped == []


def test_a_file_has_its_name_and_its_place(tmp_path: Path) -> None:
    write_tree(tmp_path, {"sub/a.wav": b"12345"})

    assert list(walk_folder(tmp_path)) == [("sub/a.wav", tmp_path.resolve() / "sub/a.wav")]


def test_hidden_and_system_files_are_passed_over_with_a_note(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "a.wav": b"",
            ".DS_Store": b"",
            "x/Thumbs.db": b"",
            ".git/deep/file": b"",
            "x/.h.wav": b"",
        },
    )

    found, refused, skipped = walked(tmp_path)

    assert list(found) == ["a.wav"]
    assert refused == {}
    assert skipped == ["'.DS_Store'", "'.git'", "'x/.h.wav'", "'x/Thumbs.db'"]


def test_links_are_followed_inside_the_folder_only(tmp_path: Path) -> None:
    outside = write_tree(tmp_path / "outside", {"secret.wav": b"secret"})
    folder = write_tree(tmp_path / "folder", {"a.wav": b"1", "sub/b.wav": b"2"})
    (folder / "inside.wav").symlink_to("sub/b.wav")
    (folder / "leaves.wav").symlink_to(outside / "secret.wav")
    (folder / "climbs.wav").symlink_to("../outside/secret.wav")
    (folder / "broken.wav").symlink_to("nothing.wav")
    (folder / "loop.wav").symlink_to("loop.wav")
    (folder / "folderlink").symlink_to("sub")
    (folder / "sub" / "up").symlink_to("..")

    found, refused, _ = walked(folder)

    assert found == {"a.wav": b"1", "sub/b.wav": b"2", "inside.wav": b"2"}
    assert set(refused.values()) == {MemberLinkError.code}
    assert len(refused) == 6


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    write_tree(tmp_path / "real", {"a.wav": b"1"})
    (tmp_path / "link").symlink_to("real")

    assert list(walked(tmp_path / "link")[0]) == ["a.wav"]


def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")

    assert walked(tmp_path)[1] == {"'pipe.wav'": MemberSpecialError.code}


def test_names_that_no_dataset_can_hold_are_refused(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    for name in (b"caf\xe9.wav", b"new\nline.wav", b"nul.wav", b"a\\b.wav", b"ok.wav"):
        Path(os.fsdecode(folder + b"/" + name)).touch()

    found, refused, _ = walked(tmp_path)

    assert list(found) == ["ok.wav"]
    assert set(refused.values()) == {"ingest.path_invalid"}
    assert len(refused) == 4


def test_two_spellings_of_one_name_are_refused(tmp_path: Path) -> None:
    write_tree(tmp_path, {"e\u0301.wav": b"1", "\u00e9.wav": b"2"})

    found, refused, _ = walked(tmp_path)

    assert list(found) == ["\u00e9.wav"]
    assert list(refused.values()) == ["ingest.member_duplicate"]


def test_without_a_listener_the_first_refusal_is_raised(tmp_path: Path) -> None:
    (tmp_path / "link.wav").symlink_to("/etc/passwd")

    with pytest.raises(MemberLinkError, match="leaves the folder"):
        list(walk_folder(tmp_path))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FolderMissingError, match="nowhere"):
        list(walk_folder(tmp_path / "nowhere"))


def test_too_many_entries_end_the_walk(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"{number}.wav": b"" for number in range(5)})

    with pytest.raises(ArchiveLimitError):
        list(walk_folder(tmp_path, limits=Limits(entries=4)))
