"""A part of a release as one tar, which can be checked against the root of the whole.

First what the part is (`MANIFEST.json`), its proof, its rows of both tables, whom to name and the
licence texts; then the clips in the order of their paths. The same selection of the same release
gives the same bytes, so that a transfer can be taken up in the middle.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from apps.access.access import build_destroyed_error
from apps.deliveries.errors import FlavourNotReadyError
from apps.deliveries.flavours import Spec, ensure_flavour, find_made_files
from apps.deliveries.models import Flavour
from apps.deliveries.selections import Chosen, Selection, find_chosen_rows
from apps.deliveries.tar_streams import END, Entry, measure_room, stream_tar
from apps.licensing.licences import build_licence_texts, load_licences, render_attribution_csv
from apps.releases.diff import require_frozen_table
from apps.releases.models import Release
from apps.releases.release_usage import compute_usage, find_licence_of_adaptation
from apps.releases.row_merging import read_released_rows
from apps.releases.versioning import find_approval_time, read_credits
from apps.storage.blobs import open_local_copy, open_span
from apps.storage.models import Blob, BlobQuerySet
from apps.storage.parquet_tables import open_clips_writer, open_events_writer, read_columns
from datasets_catalog.part_proofs import find_runs, prove_part

FORMAT = "earmark-part/1"
AT_ONCE = 256


class Member(NamedTuple):
    """One clip of the part; `oid` names the blob that is sent, size in bytes."""

    path: str
    size: int
    oid: str


@dataclass(frozen=True, slots=True)
class SentClip:
    """One clip of a part with the blob that is sent for it."""

    path: str
    blob: Blob


@dataclass(frozen=True, slots=True)
class HeadFile:
    """A file that stands before the clips, written out."""

    path: str
    size: int
    sha256: str


def build_file_name(release: Release, selection: Selection, spec: Spec | None) -> str:
    """What the tar is called: other parts have other names, so that none is taken for another."""
    words = [release.dataset.name, release.version]
    if selection != Selection():
        words.append(selection.digest[:8])
    if spec is not None:
        words.append(spec.name)
    return f"{'-'.join(words)}.tar"


class Part:
    """A part, worked out and not read yet. `close` removes what was written for it."""

    def __init__(
        self,
        release: Release,
        selection: Selection,
        *,
        before: Release | None = None,
        spec: Spec | None = None,
    ) -> None:
        """Write the head. Raises what `find_chosen_rows` does, and FlavourNotReadyError.

        Raises ObjectGoneError where the bytes of a chosen clip were destroyed.
        """
        self.release = release
        self.file_name = build_file_name(release, selection, spec)
        self._folder = Path(tempfile.mkdtemp(dir=settings.WORK_ROOT, prefix="part-"))
        try:
            self._write(selection, before, spec)
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """The folder in the tar."""
        return f"{self.release.dataset.name}-{self.release.version}"

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def about(self) -> dict[str, Any]:
        """What MANIFEST.json says."""
        found: dict[str, Any] = json.loads((self._folder / "MANIFEST.json").read_bytes())
        return found

    def iterate_sent_clips(self) -> Iterator[SentClip]:
        """Every clip of the part in the order of the paths."""
        for some in self._some_members():
            blobs = {blob.oid: blob for blob in _select_blobs(self.release, some)}
            for member in some:
                yield SentClip(member.path, blobs[member.oid])

    def content(self, start: int, length: int) -> Iterator[bytes]:
        """Yield so many bytes of the tar; opens only what lies in them."""
        return stream_tar(self._entries(), start=start, length=length)

    def _write(self, selection: Selection, before: Release | None, spec: Spec | None) -> None:
        chosen = find_chosen_rows(self.release, selection, before)
        head = [self._build_proof(chosen), *self._tables(chosen)]
        self.clips = int(np.count_nonzero(chosen))
        flavour = ensure_flavour(spec) if spec else None
        if flavour is not None:
            head.append(self._flavour_list(flavour))
        self._flavoured = flavour is not None
        head += self._list_rights()
        about = self._about(selection, before, spec, flavour) | {
            "files": [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in head]
        }
        manifest = self._write_head_file("MANIFEST.json", _render_json(about))
        # The manifest names the hash of everything else, the clips' through their rows.
        self.etag = manifest.sha256
        self._head = (manifest, *head)
        self.size = self._measure_tar()

    def _about(
        self,
        selection: Selection,
        before: Release | None,
        spec: Spec | None,
        flavour: Flavour | None,
    ) -> dict[str, Any]:
        release = self.release
        made = {"flavour": {**spec.as_json(), "tools": flavour.tools}} if spec and flavour else {}
        return {
            "format": FORMAT,
            "dataset": release.dataset.full_name,
            "version": release.version,
            "root": release.root,
            "clips_in_release": release.clips,
            "clips": self.clips,
            "selection": selection.as_json(),
            **({"since_root": before.root} if before else {}),
            "purposes": list(
                compute_usage(release, on=find_approval_time(release).date()).permitted
            ),
            **made,
        }

    def _build_proof(self, chosen: Chosen) -> HeadFile:
        """Where the chosen leaves stand in the release's tree, and what proves it."""
        path = self._folder / "proof.jsonl"
        with (
            open_local_copy(require_frozen_table(self.release.clips_table)) as table,
            path.open("w", encoding="ascii") as file,
        ):
            leaves = (bytes.fromhex(leaf) for (leaf,) in read_columns(table, ["leaf"]))
            for first, count in find_runs(np.flatnonzero(chosen).tolist()):
                file.write(f'{{"first": {first}, "count": {count}}}\n')
            for node in prove_part(leaves, chosen.tolist()):
                hashed = node.hash.hex()
                line = f'{{"level": {node.level}, "number": {node.number}, "hash": "{hashed}"}}\n'
                file.write(line)
        return self._describe_head_file("proof.jsonl")

    def _tables(self, chosen: Chosen) -> list[HeadFile]:
        start = 0
        with (
            open_local_copy(require_frozen_table(self.release.clips_table)) as all_clips,
            open_local_copy(require_frozen_table(self.release.events_table)) as all_events,
            open_clips_writer(self._folder / "clips.parquet") as clips,
            open_events_writer(self._folder / "events.parquet") as events,
        ):
            for batch in read_released_rows(all_clips, all_events):
                mask = pa.array(chosen[start : start + batch.clips.num_rows])
                start += batch.clips.num_rows
                kept = batch.clips.filter(mask)
                clips.write(kept)
                ours = pc.is_in(batch.events["clip_id"], value_set=kept["clip_id"])
                events.write(batch.events.filter(ours))
        return [
            self._describe_head_file("clips.parquet"),
            self._describe_head_file("events.parquet"),
        ]

    def _list_rights(self) -> list[HeadFile]:
        organisation = self.release.dataset.organisation
        licences = load_licences(organisation)
        table = self._folder / "clips.parquet"
        credits_ = read_credits(table, self.release)
        named = {licence for (licence,) in read_columns(table, ["licence"])}
        if whole := find_licence_of_adaptation(self.release):
            named.add(whole)
        texts = build_licence_texts(named, organisation, licences)
        return [
            self._write_head_file("ATTRIBUTION.csv", render_attribution_csv(credits_, licences)),
            *(self._write_head_file(f"LICENSES/{name}", texts[name]) for name in sorted(texts)),
        ]

    def _flavour_list(self, flavour: Flavour) -> HeadFile:
        """What each clip was made into, and of which bytes; raises FlavourNotReadyError."""
        table = self._folder / "clips.parquet"
        rows = read_columns(table, ["path", "clip_id", "md5", "sha256"])
        with (self._folder / "flavour.jsonl").open("w", encoding="utf-8") as file:
            while some := list(islice(rows, AT_ONCE)):
                made = find_made_files(flavour, self.release, {md5 for _, _, md5, _ in some})
                for path, clip_id, md5, sha256 in some:
                    if md5 not in made:
                        raise FlavourNotReadyError(
                            f"{path} has not been made in {flavour.name} yet: ask for the flavour,"
                            " and take it when its job is done.",
                            flavour=flavour.name,
                        )
                    row = made[md5]
                    line = {
                        "path": f"{path}.{flavour.container}",
                        "clip_id": clip_id,
                        "md5": row.blob.oid,
                        "sha256": row.blob.sha256,
                        "size": row.blob.size,
                        "sample_rate": row.sample_rate,
                        "channels": row.channels,
                        "frames": row.frames,
                        "source": {"path": path, "sha256": sha256},
                    }
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return self._describe_head_file("flavour.jsonl")

    def _measure_tar(self) -> int:
        """The tar's length; raises ObjectGoneError for a clip whose bytes were destroyed."""
        size = sum(measure_room(f"{self.name}/{file.path}", file.size) for file in self._head)
        for some in self._some_members():
            if _select_blobs(self.release, some).destroyed().exists():
                raise build_destroyed_error(self.release)
            size += sum(measure_room(self._place(member), member.size) for member in some)
        return size + len(END)

    def _place(self, member: Member) -> str:
        return f"{self.name}/audio/{member.path}"

    def _entries(self) -> Iterator[Entry]:
        for file in self._head:
            opened = partial(_open_at, self._folder / file.path)
            yield Entry(f"{self.name}/{file.path}", file.size, opened)
        for some in self._some_members():
            blobs = _Blobs(self.release, some)
            for member in some:
                opened = partial(blobs.open_span, member.oid)
                yield Entry(self._place(member), member.size, opened)

    def _some_members(self) -> Iterator[Sequence[Member]]:
        members = self._members()
        while some := list(islice(members, AT_ONCE)):
            yield some

    def _members(self) -> Iterator[Member]:
        if not self._flavoured:
            table = self._folder / "clips.parquet"
            yield from map(Member._make, read_columns(table, ["path", "size", "md5"]))
            return
        with (self._folder / "flavour.jsonl").open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                yield Member(row["path"], row["size"], row["md5"])

    def _write_head_file(self, name: str, content: bytes) -> HeadFile:
        path = self._folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return self._describe_head_file(name)

    def _describe_head_file(self, name: str) -> HeadFile:
        path = self._folder / name
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return HeadFile(name, path.stat().st_size, digest)


class _Blobs:
    """The blobs of some clips, looked up when the first of them is opened."""

    def __init__(self, release: Release, members: Sequence[Member]) -> None:
        self._release = release
        self._members = members

    @cached_property
    def _rows(self) -> dict[str, Blob]:
        return {blob.oid: blob for blob in _select_blobs(self._release, self._members)}

    def open_span(self, oid: str, start: int, length: int) -> IO[bytes]:
        return open_span(self._rows[oid], start, length)


def _select_blobs(release: Release, members: Sequence[Member]) -> BlobQuerySet:
    return Blob.objects.filter(store=release.dataset.uid).named({m.oid for m in members})


def _open_at(path: Path, start: int, length: int) -> IO[bytes]:
    file = path.open("rb")
    file.seek(start)
    return file


def _render_json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
