"""The columns of a published shard, for Arrow, for `datasets` and for the card."""

import json
from typing import Any

import pyarrow as pa

from apps.storage.parquet_tables import ARROW_TYPES
from datasets_catalog.clip_columns import CLIP_COLUMNS
from datasets_catalog.columns import Column, Kind, find_table_version
from datasets_catalog.event_columns import EVENT_COLUMNS, OF_THE_CLIP

# Bump when the same rows would be written as other bytes: a shard is then sent anew. A column more
# does so too, even where it is null.
LAYOUT = f"earmark-parquet/2.{find_table_version((*CLIP_COLUMNS, *EVENT_COLUMNS))}"

_DTYPES = {
    Kind.TEXT: "string",
    Kind.JSON: "string",
    Kind.FLAG: "bool",
    Kind.INT16: "int16",
    Kind.INT32: "int32",
    Kind.INT64: "int64",
    Kind.FLOAT64: "float64",
}
# A split is a file of its own there; whom a digest of consents is of, nobody outside can compute.
SHARD_CLIPS = tuple(c for c in CLIP_COLUMNS if c.name not in {"split", "consent_digest"})
# Events stand in the row of their clip.
SHARD_EVENTS = tuple(c for c in EVENT_COLUMNS if c.name not in OF_THE_CLIP)
AUDIO_TYPE = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])
EVENT_TYPE = pa.struct([pa.field(column.name, ARROW_TYPES[column.kind]) for column in SHARD_EVENTS])


def build_hub_features() -> dict[str, Any]:
    """Return the features as `datasets` keeps them in a table's metadata.

    Events are written as a list of one mapping: releases of `datasets` before 4.0 know no other
    form, later ones take it as `List`.
    """
    features: dict[str, Any] = {"audio": {"_type": "Audio"}}
    features |= {column.name: _build_value(column) for column in SHARD_CLIPS}
    features["events"] = [{column.name: _build_value(column) for column in SHARD_EVENTS}]
    return features


def build_card_features() -> list[dict[str, Any]]:
    """Return the same features in the form of a card's `dataset_info`."""
    return [
        {"name": "audio", "dtype": "audio"},
        *(_build_card_entry(column) for column in SHARD_CLIPS),
        {"name": "events", "list": [_build_card_entry(column) for column in SHARD_EVENTS]},
    ]


def build_shard_schema() -> pa.Schema:
    fields = [
        pa.field("audio", AUDIO_TYPE),
        *(pa.field(column.name, ARROW_TYPES[column.kind]) for column in SHARD_CLIPS),
        pa.field("events", pa.list_(EVENT_TYPE)),
    ]
    described = json.dumps({"info": {"features": build_hub_features()}})
    return pa.schema(fields, metadata={"huggingface": described, "earmark": LAYOUT})


def _build_value(column: Column) -> dict[str, str]:
    return {"dtype": _DTYPES[column.kind], "_type": "Value"}


def _build_card_entry(column: Column) -> dict[str, str]:
    return {"name": column.name, "dtype": _DTYPES[column.kind]}
