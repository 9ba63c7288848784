import hashlib
import io
import json
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from dvc.utils.serialize import dumps_yaml, loads_yaml
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.meta import Meta
from dvc_data.hashfile.tree import Tree
from hypothesis import given
from hypothesis import strategies as st

from apps.storage import listing_shards, manifests
from apps.storage.errors import PathUnsafeError, UnsortedError, VersionDamagedError
from apps.storage.manifests import Out, VersionFile

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1).filter(
    lambda name: name not in manifests.RESERVED_NAMES and not name.endswith(".dvc")
)
RESERVED = sorted(manifests.RESERVED_NAMES)
PATHS = st.sets(st.lists(NAMES, min_size=1, max_size=3).map("/".join), max_size=20)


def oid(text: str) -> str:
    return hashlib.md5(text.encode(errors="surrogatepass")).hexdigest()


def listing(paths: Sequence[str]) -> bytes:
    stream = io.BytesIO()
    lines = ((path, oid(path), 1) for path in paths)
    assert manifests.write_listing(stream, lines) == (len(paths), len(paths))
    return stream.getvalue()


def dvc_listing(paths: Sequence[str]) -> bytes:
    tree = Tree()  # type: ignore[no-untyped-call]  # DVC's constructor has no hints
    for path in paths:
        tree.add(tuple(path.split("/")), Meta(), HashInfo("md5", oid(path)))
    content: bytes = tree.as_bytes()
    return content


def without_clashes(paths: set[str]) -> list[str]:
    folders = {path[:end] for path in paths for end in range(len(path)) if path[end] == "/"}
    return sorted(paths - folders)


@given(PATHS)
def test_a_listing_is_what_dvc_writes(paths: set[str]) -> None:
    clean = without_clashes(paths)
    assert listing(clean) == dvc_listing(clean)


@given(PATHS)
def test_every_entry_is_found_without_parsing(paths: set[str]) -> None:
    clean = without_clashes(paths)
    content = listing(clean)
    assert manifests.read_listing(content) == [(path, oid(path)) for path in clean]
    for path in clean:
        assert manifests.find_in_listing(content, path) == oid(path)
        assert manifests.find_in_listing(content, f'{path}"}}') is None


def test_a_name_that_quotes_an_entry_is_not_mistaken_for_it() -> None:
    trap = '", "relpath": "b"}'
    content = listing(sorted([trap, "a"]))
    assert manifests.find_in_listing(content, "b") is None
    assert manifests.find_in_listing(content, trap) == oid(trap)


def test_long_listings_are_written_in_pieces() -> None:
    paths = sorted(f"clips/{number}.wav" for number in range(10_000))
    assert listing(paths) == dvc_listing(paths)


@pytest.mark.parametrize("paths", [["b", "a"], ["a", "a"], ["", "a"], ["a/b", "a-b"]])
def test_order_and_twins_are_refused(paths: list[str]) -> None:
    with pytest.raises((UnsortedError, PathUnsafeError)):
        listing(paths)


@pytest.mark.parametrize(
    "path",
    [
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/./b",
        ".git/config",
        "a/.dvc/x",
        "x/.dvcignore",
        "audio/x.dvc",
        "audio/dvc.yaml",
        "a\0b",
        "\ud800",
    ],
)
def test_paths_that_cannot_be_kept_are_refused(path: str) -> None:
    with pytest.raises(PathUnsafeError):
        listing([path])


def test_a_name_cannot_be_file_and_folder() -> None:
    with pytest.raises(PathUnsafeError, match="'a' is both"):
        listing(["a", "a-b", "a/b"])


@pytest.mark.parametrize(
    "name",
    ["data", "0000", "1e3", "on", "null", "true", "~", "s0001", "a: b", "- x", "'", '"', "ü"],
)
@pytest.mark.parametrize("nfiles", [None, 3])
def test_a_dvc_file_is_what_dvc_dumps(name: str, nfiles: int | None) -> None:
    out = Out(f"data/{name}", "1" * 32, 5, nfiles)
    entry = {"md5": out.oid, "size": 5, "nfiles": nfiles, "hash": "md5", "path": name}
    expected = {key: value for key, value in entry.items() if value is not None}
    content = manifests.render_dvc_file(out)
    assert content.decode() == dumps_yaml({"outs": [expected]})
    assert loads_yaml(content.decode())["outs"][0]["path"] == name
    assert manifests.read_dvc_file(f"data/{name}.dvc", content) == out


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"outs: []",
        b"\xff",
        b"outs:\n- md5: nothing\n  size: 1\n  hash: md5\n  path: x\n",
        b"a: {",
    ],
)
def test_a_dvc_file_that_is_not_ours_is_said_to_be_damaged(content: bytes) -> None:
    with pytest.raises(VersionDamagedError):
        manifests.read_dvc_file("data.dvc", content)


class Kept:
    """Takes listings as the store would, and remembers them."""

    def __init__(self) -> None:
        self.listings: dict[str, list[tuple[str, str]]] = {}

    def __call__(self, path: Path) -> str:
        content = path.read_bytes()
        name = f"{hashlib.md5(content).hexdigest()}.dir"
        self.listings[name] = manifests.read_listing(content)
        return name


def clips(count: int, split: str | None = "train") -> list[VersionFile]:
    return [
        VersionFile(f"audio/{number:06}.wav", oid(str(number)), 1, f"clip-{number}", split)
        for number in range(count)
    ]


def cut(files: Sequence[VersionFile]) -> tuple[list[Out], Kept]:
    kept = Kept()
    with tempfile.TemporaryDirectory() as work:
        outs = manifests.cut_version(files, keep=kept, work=Path(work))
        assert {path.name for path in Path(work).iterdir()} <= {"listing"}
    return outs, kept


OTHERS_BEFORE = [
    VersionFile("ATTRIBUTION.csv", oid("attribution"), 7),
    VersionFile("LICENSES/CC-BY-4.0.txt", oid("by"), 3),
    VersionFile("LICENSES/MIT.txt", oid("mit"), 4),
]
OTHERS_AFTER = [VersionFile("clips.parquet", oid("clips"), 9)]


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "FLAT_LIMIT", 100)
    monkeypatch.setattr(listing_shards, "SHARD_LIMIT", 40)


@pytest.mark.usefixtures("small_shards")
def test_up_to_the_limit_a_version_is_one_directory() -> None:
    (out,), kept = cut([*OTHERS_BEFORE, *clips(96), *OTHERS_AFTER])
    assert (out.path, out.nfiles, out.size) == ("data", 100, 119)
    assert kept.listings[out.oid][-1][0] == "clips.parquet"
    assert manifests.render_ignore_files([out]) == {".gitignore": b"/data\n"}


@pytest.mark.usefixtures("small_shards")
def test_beyond_the_limit_clips_go_to_shards_and_the_rest_stands_alone() -> None:
    test = [
        VersionFile(f"audio/t{number:03}.wav", oid(f"t{number}"), 1, f"t-{number}", None)
        for number in range(5)
    ]
    outs, kept = cut([*OTHERS_BEFORE, *clips(150), *test, *OTHERS_AFTER])
    assert [out.path for out in outs] == [
        "data/ATTRIBUTION.csv",
        "data/LICENSES",
        "data/clips.parquet",
        "data/train/s0000",
        "data/train/s0001",
        "data/train/s0002",
        "data/train/s0003",
        "data/unsplit/s0000",
    ]
    assert [out.nfiles for out in outs[:3]] == [None, 2, None]
    assert sum(out.nfiles or 0 for out in outs[3:7]) == 150
    names = [name for out in outs[3:7] for name, _ in kept.listings[out.oid]]
    assert sorted(names) == [f"{number:06}.wav" for number in range(150)]
    assert manifests.render_ignore_files(outs) == {
        "data/.gitignore": b"/ATTRIBUTION.csv\n/LICENSES\n/clips.parquet\n",
        "data/train/.gitignore": b"/s0000\n/s0001\n/s0002\n/s0003\n",
        "data/unsplit/.gitignore": b"/s0000\n",
    }


@pytest.mark.usefixtures("small_shards")
def test_a_changed_clip_touches_one_shard_only() -> None:
    before, _ = cut(clips(150))
    files = clips(150)
    files[77] = VersionFile("audio/000077.wav", oid("changed"), 1, "clip-77", "train")
    after, _ = cut(files)
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1


@pytest.mark.usefixtures("small_shards")
def test_growing_past_the_limit_halves_each_shard() -> None:
    few, few_kept = cut(clips(150))
    many, many_kept = cut(clips(170))
    assert (len(few), len(many)) == (4, 8)
    for number, (left, right) in enumerate(pairwise(many)):
        if number % 2 == 0:
            halves = {*many_kept.listings[left.oid], *many_kept.listings[right.oid]}
            assert set(few_kept.listings[few[number // 2].oid]) <= halves


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("split", ["Train", "../x", "0000", "a.b", "x" * 40])
def test_a_split_that_cannot_name_a_folder_is_refused(split: str) -> None:
    with pytest.raises(PathUnsafeError):
        cut(clips(101, split))


@given(st.lists(st.sampled_from([*RESERVED, "a", "b.wav", "x.dvc", "", "."]), max_size=3))
def test_a_path_among_others_is_refused_as_it_is_alone(parts: list[str]) -> None:
    path = "/".join(parts)
    try:
        manifests.check_path(path)
    except PathUnsafeError:
        with pytest.raises(PathUnsafeError):
            listing(sorted({"0", path, "z"}))
    else:
        assert path in listing(sorted({"0", path, "z"})).decode()


def test_listings_are_plain_json() -> None:
    assert json.loads(listing(["ü"])) == [{"md5": oid("ü"), "relpath": "ü"}]
    assert listing([]) == b"[]"
