"""The columns of a published shard, for Arrow, for `datasets` and for the card."""

import json
from typing import Any, NamedTuple

import pyarrow as pa

# Bump when the same rows would be written as other bytes: a shard is then sent anew.
LAYOUT = "earmark-parquet/1"

_STRING, _FLOAT, _BOOL = pa.string(), pa.float64(), pa.bool_()
_DTYPES = {
    _STRING: "string",
    _FLOAT: "float64",
    _BOOL: "bool",
    pa.int16(): "int16",
    pa.int32(): "int32",
    pa.int64(): "int64",
}


class Column(NamedTuple):
    name: str
    type: pa.DataType


EVENT_COLUMNS = (
    Column("event_id", _STRING),
    Column("label", _STRING),
    Column("term", _STRING),
    Column("onset", _FLOAT),
    Column("offset", _FLOAT),
    Column("f_low", _FLOAT),
    Column("f_high", _FLOAT),
    Column("channel", pa.int16()),
    Column("confidence", _FLOAT),
    Column("source", _STRING),
    Column("status", _STRING),
    Column("presence", _STRING),
    Column("annotator", _STRING),
    Column("verifier", _STRING),
)
CLIP_COLUMNS = (
    Column("clip_id", _STRING),
    Column("path", _STRING),
    Column("duration", _FLOAT),
    Column("sample_rate", pa.int32()),
    Column("channels", pa.int16()),
    Column("frames", pa.int64()),
    Column("media_type", _STRING),
    Column("codec", _STRING),
    Column("has_video", _BOOL),
    Column("recording", _STRING),
    Column("licence", _STRING),
    Column("title", _STRING),
    Column("author", _STRING),
    Column("source_url", _STRING),
    Column("contributors", pa.int16()),
    Column("environment", _STRING),
    Column("device", _STRING),
    Column("place", _STRING),
    Column("recorded_at", _STRING),
    Column("synthetic", _BOOL),
    Column("redacted", _BOOL),
    Column("fields", _STRING),
    Column("size", pa.int64()),
    Column("md5", _STRING),
    Column("sha256", _STRING),
    Column("labels_sha256", _STRING),
    Column("leaf", _STRING),
)
AUDIO_TYPE = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", _STRING)])
EVENT_TYPE = pa.struct([pa.field(column.name, column.type) for column in EVENT_COLUMNS])


def hub_features() -> dict[str, Any]:
    """Return the features as `datasets` keeps them in a table's metadata.

    Events are written as a list of one mapping: releases of `datasets` before 4.0 know no other
    form, later ones take it as `List`.
    """
    features: dict[str, Any] = {"audio": {"_type": "Audio"}}
    features |= {column.name: _value(column) for column in CLIP_COLUMNS}
    features["events"] = [{column.name: _value(column) for column in EVENT_COLUMNS}]
    return features


def card_features() -> list[dict[str, Any]]:
    """Return the same features in the form of a card's `dataset_info`."""
    return [
        {"name": "audio", "dtype": "audio"},
        *(_card_entry(column) for column in CLIP_COLUMNS),
        {"name": "events", "list": [_card_entry(column) for column in EVENT_COLUMNS]},
    ]


def shard_schema() -> pa.Schema:
    fields = [
        pa.field("audio", AUDIO_TYPE),
        *(pa.field(column.name, column.type) for column in CLIP_COLUMNS),
        pa.field("events", pa.list_(EVENT_TYPE)),
    ]
    described = json.dumps({"info": {"features": hub_features()}})
    return pa.schema(fields, metadata={"huggingface": described, "earmark": LAYOUT})


def _value(column: Column) -> dict[str, str]:
    return {"dtype": _DTYPES[column.type], "_type": "Value"}


def _card_entry(column: Column) -> dict[str, str]:
    return {"name": column.name, "dtype": _DTYPES[column.type]}
