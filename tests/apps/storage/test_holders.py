"""The list of everything that can hold a clip is whole, and finds what it lists."""

from __future__ import annotations

import ast
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import BinaryField, Field, FileField, JSONField, Model
from pytest_django import Settings

from apps.datasets.models import Clip, Dataset
from apps.deliveries.flavours import Spec, order_flavour
from apps.deliveries.models import FlavourFile
from apps.deliveries.selections import Selection
from apps.ingest.pushes import Addition, Inline, push_commit
from apps.ingest.upload_bytes import put_part
from apps.ingest.uploads import start_upload
from apps.ingest.xet_format import compute_xorb_name
from apps.ingest.xet_store import put_xorb
from apps.releases.clip_traces import build_clip_trace
from apps.review.decisions import decide_finding
from apps.storage.blobs import destroy_blob, open_blob
from apps.storage.holders import (
    Departure,
    Held,
    Medium,
    declare_clip_free,
    find_holdings,
    list_clip_free,
    list_holders,
    register_holder,
)
from apps.storage.models import Blob
from tests.apps.review.reviewing import clip_at, found_in
from tests.cast import Cast
from tests.factories.drafts import make_published
from tests.factories.jobs import work_off

ROOT = Path(__file__).resolve().parents[3]
# Names of columns that say a place, a hash, or hold whole texts.
TELLING = re.compile(r"(^|_)(path|sha256|oid|md5|key|clip_uid|body|root)$")
KEEPING = {"put_blob", "put_each", "put_many", "put_directory", "write_bytes", "write_text"}
TEMPORARY = {"mkdtemp", "mkstemp", "TemporaryFile", "NamedTemporaryFile", "TemporaryDirectory"}
COPYING = {"copyfile", "copy2", "copytree", "move", "ParquetWriter"}
WRITING = re.compile(r"[rwax+bt]*[wax+][rwax+bt]*")


def own_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def may_hold(field: Field[object, object]) -> bool:
    return (
        field.related_model is Blob
        or isinstance(field, JSONField | BinaryField | FileField)
        or bool(TELLING.search(field.name))
    )


def telling_columns() -> set[str]:
    return {
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        for field in model._meta.concrete_fields
        if may_hold(field)
    }


def writes_files(source: str) -> bool:
    """Whether the code keeps blobs, writes files, or puts something into the cache."""
    return any(
        _is_write(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)
    )


def _is_write(call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)
    owner = ast.unparse(function.value) if isinstance(function, ast.Attribute) else ""
    if name in KEEPING | TEMPORARY | COPYING:
        return True
    if name in {"set", "add", "set_many", "get_or_set"}:
        return owner.endswith("cache")
    if name == "save":
        return "storage" in owner
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    modes = [each.value for each in given if isinstance(each, ast.Constant)]
    return name in {"open", "OSFile", "fdopen"} and any(
        isinstance(mode, str) and WRITING.fullmatch(mode) for mode in modes
    )


def writing_modules() -> set[str]:
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "apps").rglob("*.py")
        if "migrations" not in path.parts and writes_files(path.read_text(encoding="utf-8"))
    }


def listed_columns() -> set[str]:
    return {column for holder in list_holders() for column in holder.columns}


def listed_modules() -> set[str]:
    return {module for holder in list_holders() for module in holder.modules}


def test_every_column_that_can_name_or_hold_a_clip_is_of_a_holder_or_says_why_not() -> None:
    free = {name for name in list_clip_free() if not name.startswith("apps.")}
    assert telling_columns() - listed_columns() - free == set()
    assert free & listed_columns() == set()
    assert free <= telling_columns()


def test_every_relation_to_a_blob_but_that_of_papers_is_of_a_holder() -> None:
    relations = {
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        for field in model._meta.concrete_fields
        if field.related_model is Blob
    }
    assert relations - listed_columns() == {"releases.Document.blob"}


def test_columns_of_holders_exist() -> None:
    there = {
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        for field in model._meta.concrete_fields
    }
    assert listed_columns() <= there


def test_every_module_that_writes_files_or_the_cache_is_of_a_holder_or_says_why_not() -> None:
    free = {name for name in list_clip_free() if name.startswith("apps.")}
    assert writing_modules() - listed_modules() - free == set()
    assert free <= writing_modules()
    named = listed_modules()
    assert [name for name in named if not (ROOT / f"{name.replace('.', '/')}.py").is_file()] == []


@pytest.mark.parametrize(
    "line",
    [
        "blob = put_blob(store, stream)",
        "with path.open('wb') as file: pass",
        "file = open(path, mode='a')",
        "path.write_bytes(content)",
        "work = tempfile.mkdtemp()",
        "cache.set(key, content, 60)",
        "storages['blobs'].save(key, file)",
    ],
)
def test_a_module_that_begins_to_write_is_seen(line: str) -> None:
    assert writes_files(line)
    assert not writes_files("with path.open('rb') as file: found.add(file.read())")


def test_a_holder_and_an_exception_are_registered_once() -> None:
    holder = list_holders()[0]
    with pytest.raises(ValueError, match="two holders"):
        register_holder(holder)
    with pytest.raises(ValueError, match="twice"):
        declare_clip_free("again", next(iter(list_clip_free())))


def test_every_holder_says_what_it_holds_and_how_that_goes() -> None:
    for holder in list_holders():
        assert holder.what
        assert holder.way
    kinds = {holder.held for holder in list_holders()}
    ways = {holder.departure for holder in list_holders()}
    assert (kinds, ways) == (set(Held), set(Departure))


@pytest.fixture
def state(tmp_path: Path, settings: Settings) -> Path:
    """Folders of this test's own, so that all that is in them came from it."""
    root = tmp_path / "state"
    for name in ("blobs", "git", "work"):
        (root / name).mkdir(parents=True)
    settings.BLOBS_ROOT, settings.GIT_ROOT = root / "blobs", root / "git"
    settings.WORK_ROOT = root / "work"
    blobs = {**settings.STORAGES["blobs"], "OPTIONS": {"location": str(root / "blobs")}}
    settings.STORAGES = {**settings.STORAGES, "blobs": blobs}
    return root


def pack_xorb(chunk: bytes) -> bytes:
    """One stored chunk behind its header of eight bytes."""
    size = len(chunk).to_bytes(3, "little")
    return b"\0" + size + b"\0" + size + chunk


def send_again(cast: Cast, dataset: Dataset, content: bytes) -> None:
    """Send the bytes as a part of an upload, as a xorb and in a push, and leave all under way."""
    upload = start_upload(actor=cast.ada, dataset=dataset)
    sha256 = Blob.objects.get(pk=clip_at(dataset, 1).blob_id).sha256
    put_part(actor=cast.ada, upload=upload, sha256=sha256, number=1, stream=io.BytesIO(content))
    packed = pack_xorb(content)
    name = compute_xorb_name(io.BytesIO(packed))
    assert put_xorb(actor=cast.ada, dataset=dataset, name=name, stream=io.BytesIO(packed))
    table = b"path,licence\nfield/001.wav,CC-BY-4.0\n"
    push_commit(
        actor=cast.ada,
        dataset=dataset,
        changes=[Addition("loose.wav", sha256, len(content)), Inline("clips.csv", table)],
        title="A sound that no row speaks of",
    )


@pytest.fixture
def clip(cast: Cast, tmp_path: Path, state: Path) -> Clip:
    """A clip that was released, sent on, converted, sent in again, and then redacted."""
    release = make_published(cast, tmp_path)
    work_off()
    spec = Spec(8000, mono=True, container="flac")
    order_flavour(actor=cast.ada, release=release, spec=spec, selection=Selection())
    work_off()
    dataset = release.dataset
    with open_blob(clip_at(dataset, 1).blob) as stream:
        send_again(cast, dataset, stream.read())
    finding = found_in(clip_at(dataset, 1), kind="name")
    decide_finding(actor=cast.cleo, finding=finding, verdict="redact", reason="a name")
    return clip_at(dataset, 1)


def files_below(state: Path) -> Iterator[Path]:
    yield from (path for path in sorted(state.rglob("*")) if path.is_file())


def test_every_file_with_the_bytes_of_a_clip_is_found_by_a_holder(clip: Clip, state: Path) -> None:
    assert clip.original is not None
    with open_blob(clip.original) as stream:
        content = stream.read()
    # Sound before and after what was muted: in the original and in what review left of it.
    needle = content[-400:-200]
    holding = {path for path in files_below(state) if needle in path.read_bytes()}
    found = list(find_holdings(build_clip_trace(clip)))
    keys = {state / "blobs" / each.where for _, each in found if each.medium is Medium.STORE}
    paths = {Path(each.where) for _, each in found if each.medium is Medium.DISK}
    assert holding - keys - paths == set()
    names = {path.relative_to(state / "blobs").parts[0] for path in holding}
    assert {"uploads", "xorbs", str(clip.dataset.uid)} <= names
    # The original, what is left of it, and the shard.
    assert len([path for path in holding if "md5" in path.parts]) == 3
    certain = {each.where for _, each in found if each.is_certain}
    stored = [path.relative_to(state / "blobs").as_posix() for path in holding]
    assert {key for key in stored if not key.startswith("xorbs/")} <= certain


def test_every_file_that_names_a_clip_or_its_bytes_is_found_by_a_holder(
    clip: Clip, state: Path
) -> None:
    trace = build_clip_trace(clip)
    words = [clip.path.encode(), *(blob.oid.encode() for blob in trace.blobs)]
    naming = {
        path
        for path in files_below(state / "blobs")
        if any(word in path.read_bytes() for word in words)
    }
    keys = {
        state / "blobs" / each.where
        for _, each in find_holdings(trace)
        if each.medium is Medium.STORE
    }
    assert naming
    assert naming - keys == set()


def test_what_was_made_of_a_clip_is_found_by_a_holder(clip: Clip) -> None:
    (made,) = FlavourFile.objects.filter(source=clip.original)
    found = {(holder.name, each.where) for holder, each in find_holdings(build_clip_trace(clip))}
    assert ("flavours", made.blob.key) in found
    names = {name for name, _ in found}
    assert {"clips", "redactions", "release tables", "listings", "attributions"} <= names
    assert {"people of releases", "snapshot shards", "scans", "pushed files"} <= names


def test_every_file_after_all_that_is_in_a_folder_of_a_holder(clip: Clip, state: Path) -> None:
    patterns = [
        re.compile(re.escape(folder).replace(r"\*\*", ".*").replace(r"\*", "[^/]*"))
        for holder in list_holders()
        for folder in holder.folders
    ]
    strays = [
        path
        for path in (each.relative_to(state).as_posix() for each in files_below(state))
        if not any(pattern.fullmatch(path) for pattern in patterns)
    ]
    assert strays == []


def test_another_clip_is_not_taken_for_it(clip: Clip) -> None:
    other = clip_at(clip.dataset, 3)
    trace = build_clip_trace(other)
    assert clip.original is not None
    assert {clip.blob_id, clip.original_id} & set(trace.blob_ids) == set()
    keys = {each.where for _, each in find_holdings(trace) if each.is_certain}
    assert {clip.blob.key, clip.original.key} & keys == set()


def test_bytes_that_were_destroyed_are_found_no_more_and_still_lead_to_the_rest(clip: Clip) -> None:
    assert clip.original is not None
    (made,) = FlavourFile.objects.filter(source=clip.original)
    destroy_blob(clip.original)
    found = {(holder.name, each.where) for holder, each in find_holdings(build_clip_trace(clip))}
    assert clip.original.key not in {where for _, where in found}
    assert ("flavours", made.blob.key) in found


def test_the_command_says_where_a_clip_is(clip: Clip, capsys: pytest.CaptureFixture[str]) -> None:
    assert clip.original is not None
    call_command("holders", "acme/tones", clip.path, "--json")
    rows = json.loads(capsys.readouterr().out)
    assert clip.original.key in {row["where"] for row in rows if row["holder"] == "redactions"}
    call_command("holders", "acme/tones", clip.path)
    said = capsys.readouterr().out
    assert "snapshot shards (bytes; destroyed:" in said
    assert "(perhaps)" in said
    with pytest.raises(CommandError, match="has no clip"):
        call_command("holders", "acme/tones", "nowhere.wav")
