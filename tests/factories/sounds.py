"""Sound files as bytes, each different where asked."""

import hashlib
import io

import soundfile

from tests.sounds import RATE, tone


def sound_bytes(hertz: float = 440.0, seconds: float = 0.2) -> bytes:
    """A small WAV; another pitch gives other bytes."""
    file = io.BytesIO()
    soundfile.write(file, tone(seconds=seconds, hertz=hertz), RATE, format="WAV")
    return file.getvalue()


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
