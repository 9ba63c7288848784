"""Writes a tiny ONNX model by hand: the few fields of its protocol buffers that it needs."""

from pathlib import Path

FLOAT = 1
BYTES = 2
ATTRIBUTE_INT, ATTRIBUTE_INTS = 2, 7


def _varint(value: int) -> bytes:
    coded = b""
    while value > 0x7F:
        coded += bytes([value & 0x7F | 0x80])
        value >>= 7
    return coded + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | BYTES) + _varint(len(raw)) + raw


def _shaped(name: str, *sizes: int | str) -> bytes:
    """A ValueInfoProto: a tensor of floats whose sizes are numbers or names."""
    dimensions = b"".join(
        _text(1, _number(1, size) if isinstance(size, int) else _text(2, size)) for size in sizes
    )
    tensor = _number(1, FLOAT) + _text(2, dimensions)
    return _text(1, name) + _text(2, _text(1, tensor))


def _node(kind: str, given: str, made: str, attributes: bytes = b"") -> bytes:
    return _text(1, _text(1, given) + _text(2, made) + _text(4, kind) + attributes)


def write_loudness_model(path: Path, samples: int) -> Path:
    """A model that gives the mean of |x| for each window: [windows, samples] to [windows, 1]."""
    axes = _text(1, "axes") + _number(8, 1) + _number(20, ATTRIBUTE_INTS)
    keep = _text(1, "keepdims") + _number(3, 1) + _number(20, ATTRIBUTE_INT)
    graph = (
        _node("Abs", "sound", "size")
        + _node("ReduceMean", "size", "loudness", _text(5, axes) + _text(5, keep))
        + _text(2, "loudness")
        + _text(11, _shaped("sound", "windows", samples))
        + _text(12, _shaped("loudness", "windows", 1))
    )
    model = _number(1, 7) + _text(7, graph) + _text(8, _text(1, "") + _number(2, 13))
    path.write_bytes(model)
    return path
