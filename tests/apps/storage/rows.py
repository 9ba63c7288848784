"""Rows of a version's tables for tests."""

import hashlib
import uuid
from typing import Any, cast

from apps.storage.parquet_tables import ClipRow, EventRow


def clip_row(path: str, /, **changes: Any) -> ClipRow:
    digest = hashlib.sha256(path.encode()).hexdigest()
    row = {
        "clip_id": str(uuid.UUID(digest[:32])),
        "path": path,
        "md5": digest[:32],
        "sha256": digest,
        "size": 32_044,
        "media_type": "audio/wav",
        "codec": "pcm_s16le",
        "sample_rate": 16_000,
        "channels": 1,
        "frames": 16_000,
        "duration": 1.0,
        "has_video": False,
        "recording": "r1",
        "split": "train",
        "licence": "CC0-1.0",
        "title": "",
        "author": "Ada",
        "source_url": None,
        "contributors": 0,
        "environment": "street",
        "device": "",
        "place": "",
        "recorded_at": None,
        "synthetic": False,
        "redacted": False,
        "fields": "{}",
        "weak_labels": None,
        "found_empty": None,
        "recording_offset": None,
        "labels_sha256": digest,
        "consent_digest": digest,
        "leaf": digest,
    }
    assert changes.keys() <= row.keys()
    return cast("ClipRow", row | changes)


def event_row(path: str, label: str, start: float, end: float, /, **changes: Any) -> EventRow:
    digest = hashlib.sha256(f"{path} {label} {start}".encode()).hexdigest()
    row = {
        "event_id": str(uuid.UUID(digest[:32])),
        "clip_id": clip_row(path)["clip_id"],
        "path": path,
        "label": label,
        "term": None,
        "onset": start,
        "offset": end,
        "f_low": None,
        "f_high": None,
        "channel": None,
        "confidence": None,
        "source": "human",
        "status": "verified",
        "presence": "yes",
        "annotator": "a1",
        "verifier": None,
    }
    assert changes.keys() <= row.keys()
    return cast("EventRow", row | changes)
