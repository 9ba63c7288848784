"""Sound files with a name, an e-mail address and a place hidden wherever the format lets one."""

import struct
from collections.abc import Callable
from pathlib import Path

import mutagen.apev2
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import mutagen.oggopus
import mutagen.oggvorbis

from tests.sounds import encode, write_any, write_sound

NAME, EMAIL, PLACE = "Ada Lovelace", "ada@example.org", "+48.8577+002.2950/"
MARKS = (NAME.encode(), EMAIL.encode(), PLACE.encode(), NAME.encode("utf-16-le"))


def _chunk(name: bytes, payload: bytes, order: str = "<") -> bytes:
    return name + struct.pack(f"{order}I", len(payload)) + payload + bytes(len(payload) & 1)


def _with_chunks(path: Path, chunks: bytes, order: str = "<") -> Path:
    """Chunks before the sound (after the first) and after it, with the outer size corrected."""
    raw = path.read_bytes() + chunks
    path.write_bytes(raw[:4] + struct.pack(f"{order}I", len(raw) - 8) + raw[8:])
    return path


def with_artist(path: Path) -> Path:
    """Give a WAV the name of an artist."""
    return _with_chunks(path, _chunk(b"LIST", b"INFO" + _chunk(b"IART", NAME.encode() + b"\0")))


def info(folder: Path) -> Path:
    fields = _chunk(b"IART", NAME.encode() + b"\0") + _chunk(b"ICMT", EMAIL.encode() + b"\0")
    return _with_chunks(write_sound(folder / "info.wav"), _chunk(b"LIST", b"INFO" + fields))


def broadcast(folder: Path) -> Path:
    bext = NAME.encode().ljust(256, b"\0") + b"Recorder".ljust(32, b"\0") + bytes(602 - 288)
    return _with_chunks(
        write_sound(folder / "broadcast.wav"), _chunk(b"bext", bext + EMAIL.encode())
    )


def ixml(folder: Path) -> Path:
    text = f"<BWFXML><NOTE>{NAME}</NOTE><LOCATION gps='{PLACE}'/></BWFXML>"
    return _with_chunks(write_sound(folder / "ixml.wav"), _chunk(b"iXML", text.encode()))


def xmp(folder: Path) -> Path:
    text = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><creator>{NAME}</creator></x:xmpmeta>"
    return _with_chunks(write_sound(folder / "xmp.wav"), _chunk(b"_PMX", text.encode()))


def unknown_chunk(folder: Path) -> Path:
    return _with_chunks(write_sound(folder / "unknown.wav"), _chunk(b"abcd", EMAIL.encode()))


def filled_junk(folder: Path) -> Path:
    return _with_chunks(write_sound(folder / "junk.wav"), _chunk(b"JUNK", NAME.encode()))


def cue_labels(folder: Path) -> Path:
    label = _chunk(b"labl", struct.pack("<I", 1) + NAME.encode() + b"\0")
    return _with_chunks(write_sound(folder / "cue.wav"), _chunk(b"LIST", b"adtl" + label))


def id3_in_wave(folder: Path) -> Path:
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TPE1(encoding=3, text=NAME))
    tags.save(folder / "tags.id3")
    content = (folder / "tags.id3").read_bytes()
    return _with_chunks(write_sound(folder / "id3.wav"), _chunk(b"id3 ", content))


def sampler_data(folder: Path) -> Path:
    smpl = bytes(28) + struct.pack("<II", 0, len(EMAIL)) + EMAIL.encode()
    return _with_chunks(write_sound(folder / "smpl.wav"), _chunk(b"smpl", smpl))


def long_format_chunk(folder: Path) -> Path:
    path = write_sound(folder / "format.wav")
    raw = path.read_bytes()
    form = raw[20:36] + struct.pack("<H", 0) + NAME.encode()
    path.write_bytes(raw[:12] + _chunk(b"fmt ", form) + raw[36:])
    return _with_chunks(path, b"")


def wave64(folder: Path) -> Path:
    path = write_sound(folder / "tone.w64")
    guid = b"LIST" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
    payload = NAME.encode().ljust(16)
    raw = path.read_bytes()
    chunk = guid + struct.pack("<Q", 24 + len(payload)) + payload
    # Before the sound: decoders play what comes after it.
    size = struct.pack("<Q", len(raw) + len(chunk))
    path.write_bytes(raw[:16] + size + raw[24:40] + chunk + raw[40:])
    return path


def aiff(folder: Path) -> Path:
    path = write_sound(folder / "tone.aiff")
    chunks = _chunk(b"AUTH", NAME.encode(), ">") + _chunk(b"ANNO", EMAIL.encode(), ">")
    return _with_chunks(path, chunks + _chunk(b"APPL", b"stoc" + PLACE.encode(), ">"), ">")


def aiff_id3(folder: Path) -> Path:
    path = write_sound(folder / "tagged.aiff")
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TPE1(encoding=3, text=NAME))
    tags.save(folder / "tags.id3")
    return _with_chunks(path, _chunk(b"ID3 ", (folder / "tags.id3").read_bytes(), ">"), ">")


def caf(folder: Path) -> Path:
    path = write_sound(folder / "tone.caf")
    strings = struct.pack(">I", 1) + b"artist\0" + NAME.encode() + b"\0"
    with path.open("ab") as file:
        file.write(b"info" + struct.pack(">Q", len(strings)) + strings)
    return path


def flac(folder: Path) -> Path:
    path = write_sound(folder / "tone.flac")
    tagged = mutagen.flac.FLAC(path)
    tagged["ARTIST"], tagged["CONTACT"] = NAME, EMAIL
    picture = mutagen.flac.Picture()
    picture.data, picture.desc = b"\x89PNG", NAME
    tagged.add_picture(picture)
    tagged.save()
    return path


def flac_application(folder: Path) -> Path:
    path = write_sound(folder / "application.flac")
    raw = path.read_bytes()
    payload = b"riff" + EMAIL.encode()
    block = b"\x02" + len(payload).to_bytes(3, "big") + payload
    path.write_bytes(raw[:42] + block + raw[42:])
    return path


def flac_in_id3(folder: Path) -> Path:
    path = write_sound(folder / "wrapped.flac")
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TPE1(encoding=3, text=NAME))
    tags.save(folder / "tags.id3")
    id3v1 = b"TAG" + NAME.encode().ljust(125, b"\0")
    path.write_bytes((folder / "tags.id3").read_bytes() + path.read_bytes() + id3v1)
    return path


def ogg(folder: Path) -> Path:
    path = write_sound(folder / "tone.ogg")
    tagged = mutagen.oggvorbis.OggVorbis(path)
    tagged["ARTIST"] = NAME
    # Long enough to run over several pages.
    tagged["DESCRIPTION"] = (EMAIL + " ") * 9000
    tagged.save()
    return path


def opus(folder: Path) -> Path:
    path = write_any(folder, "opus")
    tagged = mutagen.oggopus.OggOpus(path)
    tagged["LOCATION"] = PLACE
    tagged.save()
    return path


def mp3(folder: Path) -> Path:
    path = write_sound(folder / "tone.mp3")
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TPE1(encoding=1, text=NAME))
    tags.add(mutagen.id3.TXXX(encoding=3, desc="contact", text=EMAIL))
    tags.add(mutagen.id3.APIC(encoding=3, mime="image/png", type=3, data=b"\x89PNG"))
    tags.save(path, v1=2)
    return path


def mp3_ape(folder: Path) -> Path:
    path = write_sound(folder / "ape.mp3")
    tags = mutagen.apev2.APEv2()
    tags["Artist"] = NAME
    tags.save(path)
    return path


def aac(folder: Path) -> Path:
    path = encode(folder / "tone.aac", "aac")
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TPE1(encoding=3, text=NAME))
    tags.save(folder / "tags.id3")
    path.write_bytes((folder / "tags.id3").read_bytes() + path.read_bytes())
    return path


def m4a(folder: Path) -> Path:
    path = encode(folder / "tone.m4a", "aac", tags={"location": PLACE, "artist": NAME})
    tagged = mutagen.mp4.MP4(path)
    tagged["----:com.example:contact"] = [EMAIL.encode()]
    tagged["covr"] = [mutagen.mp4.MP4Cover(b"\x89PNG", mutagen.mp4.MP4Cover.FORMAT_PNG)]
    tagged.save()
    return path


def mp4_dated(folder: Path) -> Path:
    return encode(
        folder / "dated.mp4", "aac", video=True, tags={"creation_time": "2024-05-06T07:08:09Z"}
    )


def webm(folder: Path) -> Path:
    return encode(
        folder / "tone.webm", "libopus", rate=48_000, tags={"title": NAME, "CONTACT": EMAIL}
    )


def matroska(folder: Path) -> Path:
    tags = {"title": NAME, "LOCATION": PLACE, "creation_time": "2024-05-06T07:08:09Z"}
    return encode(folder / "tone.mka", "flac", tags=tags)


def rf64(folder: Path) -> Path:
    path = write_any(folder, "rf64.wav")
    raw = path.read_bytes()
    chunk = _chunk(b"bext", NAME.encode().ljust(602, b"\0"))
    size = struct.unpack("<Q", raw[20:28])[0] + len(chunk)
    path.write_bytes(raw[:20] + struct.pack("<Q", size) + raw[28:] + chunk)
    return path


MARKED: dict[str, Callable[[Path], Path]] = {
    writer.__name__: writer
    for writer in (
        info, broadcast, ixml, xmp, unknown_chunk, filled_junk, cue_labels, id3_in_wave,
        sampler_data, long_format_chunk, rf64, wave64, aiff, aiff_id3, caf, flac,
        flac_application, flac_in_id3, ogg, opus, mp3, mp3_ape, aac, m4a, mp4_dated, webm, matroska,
    )
}  # fmt: skip


def write_marked(folder: Path, kind: str) -> Path:
    """Write one of `MARKED` into `folder`."""
    return MARKED[kind](folder)
