"""What can be wrong with a file that should become a clip; each says what to do about it."""

from typing import ClassVar

from datasets_catalog.errors import EarmarkError


class ProbeError(EarmarkError):
    """The file cannot become a clip as it is."""

    code: ClassVar[str] = "ingest.unusable"


class NotAudioError(ProbeError):
    """No decoder makes sound of it."""

    code = "ingest.not_audio"


class EmptyError(ProbeError):
    """There is not one sample in it."""

    code = "ingest.empty"


class TruncatedError(ProbeError):
    """Its headers promise more than is there."""

    code = "ingest.truncated"


class HeaderLiesError(ProbeError):
    """Its headers say something that cannot be, or that decoding refutes."""

    code = "ingest.header_lies"


class CorruptError(ProbeError):
    """It starts as sound and breaks on the way."""

    code = "ingest.corrupt"


class WrongExtensionError(ProbeError):
    """Its name says another format than its content."""

    code = "ingest.wrong_extension"


class TrailingBytesError(ProbeError):
    """There are bytes in it that are no part of the sound file."""

    code = "ingest.trailing_bytes"


class HiddenSoundError(ProbeError):
    """There is sound in it that is not played."""

    code = "ingest.hidden_sound"


class TooLongError(ProbeError):
    """It lasts longer than clips may."""

    code = "ingest.too_long"


class DecompressionBombError(ProbeError):
    """A small file that decodes to far too much."""

    code = "ingest.decompression_bomb"


class BadSamplesError(ProbeError):
    """Some of its samples are no numbers."""

    code = "ingest.bad_samples"


class UnsupportedError(ProbeError):
    """It is sound, of a kind that is not taken."""

    code = "ingest.unsupported"
