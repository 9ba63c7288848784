"""Computes a release's root as docs/verifying.md says: `python verifier.py FOLDER ROOT`."""

import hashlib
import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Row = dict[str, Any]
LABELS = """event_id label term onset offset f_low f_high channel confidence source status presence
    annotator verifier"""
METADATA = """media_type codec sample_rate channels frames duration has_video recording title author
    source_url contributors environment device place recorded_at redacted fields"""
CELLS = "clip_id path size licence split synthetic consent_digest"


def canonical(value: Any) -> str:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float):
        if value == 0 or 10**-6 <= abs(value) < 10**21:
            return f"{Decimal(repr(value + 0.0)):f}".removesuffix(".0")
        return re.sub(r"e([+-])0*", r"e\1", repr(value))
    return json.dumps(value, ensure_ascii=False)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def members(row: Row, always: str, never: str) -> Row:
    known = [*always.split(), *never.split()]
    more = {name: cell for name, cell in row.items() if name not in known and cell is not None}
    return {**{name: row[name] for name in always.split()}, **more}


def labels_digest(rows: list[Row]) -> str:
    rows = sorted(rows, key=lambda row: [row[k] for k in ("onset", "offset", "label", "event_id")])
    return sha256(canonical([members(row, LABELS, "clip_id path") for row in rows]).encode())


def clip_entry(row: Row) -> Row:
    metadata = members(row, METADATA, f"{CELLS} sha256 labels_sha256 md5 leaf")
    given = {"audio_sha256": row["sha256"], "labels_sha256": row["labels_sha256"]}
    made = {"kind": "clip/1", "metadata_sha256": sha256(canonical(metadata).encode())}
    return {**{name: row[name] for name in CELLS.split()}, **given, **made}


def leaf_of(entry: Row) -> str:
    return sha256(b"\0" + canonical(entry).encode())


def root_of(leaves: list[str]) -> str:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"")
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + bytes.fromhex(root_of(leaves[:half]) + root_of(leaves[half:])))


def verify(folder: Path) -> str:
    clips = pq.read_table(folder / "clips.parquet").to_pylist()
    events = pq.read_table(folder / "events.parquet").to_pylist()
    assert [row["path"] for row in clips] == sorted({row["path"] for row in clips}), "order"
    assert {event["clip_id"] for event in events} <= {row["clip_id"] for row in clips}, "strangers"
    for row in clips:
        own = [event for event in events if event["clip_id"] == row["clip_id"]]
        audio = (folder / "audio" / row["path"]).read_bytes()
        assert (sha256(audio), len(audio)) == (row["sha256"], row["size"]), row["path"]
        assert (labels_digest(own), leaf_of(clip_entry(row))) == (row["labels_sha256"], row["leaf"])
    return root_of([row["leaf"] for row in clips])


if __name__ == "__main__":
    sys.exit(verify(Path(sys.argv[1])) != sys.argv[2])
