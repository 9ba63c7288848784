"""Real recordings come with the licences that their own copyright files state."""

from pathlib import Path, PurePosixPath

import pytest
import soundfile

from apps.audio.probe import probe_file
from earmark.demo.debian import (
    FileLicence,
    RecordingsUnavailableError,
    fetch_package,
    find_licence,
    read_licences,
)
from earmark.demo.soundscapes import synthesise_soundscapes
from tests.recordings import DESKTOP, INSTRUMENTS, VOICES, copyright_of, sounds_of

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: sounds
Source: https://example.org/sounds/

Files: *
Copyright: 2001-2009, Ada Lovelace <ada@example.org>
           2010 Ben Byron
License: Expat

Files: etc/crow.flac stereo/bell.oga
Copyright: (c) 2012 corvid
Source: http://example.org/people/corvid/1/
License: CC0

Files: debian/*
Copyright: 2020 Packager
License: GPL-2+

License: Expat
 Do as you like.
"""


def test_a_copyright_file_is_read_stanza_by_stanza(tmp_path: Path) -> None:
    path = tmp_path / "copyright"
    path.write_text(COPYRIGHT)
    known = read_licences(path)
    crow = find_licence(PurePosixPath("/usr/share/sounds/crow.flac"), known)
    assert crow == FileLicence(
        "etc/crow.flac", "CC0-1.0", "corvid", "http://example.org/people/corvid/1/"
    )
    other = find_licence(PurePosixPath("/usr/share/sounds/rook.flac"), known)
    assert other == FileLicence(
        "*", "MIT", "Ada Lovelace; Ben Byron", "https://example.org/sounds/"
    )
    assert crow.is_own
    assert not other.is_own
    assert [each.licence for each in known] == ["MIT", "CC0-1.0", "CC0-1.0", "GPL-2.0-or-later"]


def test_a_package_that_does_not_exist_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecordingsUnavailableError):
        fetch_package("no-such-package-of-sounds", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_apt_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RecordingsUnavailableError, match="apt-get and dpkg"):
        fetch_package("sonic-pi-samples", tmp_path / "into")


@pytest.mark.parametrize("package", [VOICES, INSTRUMENTS, DESKTOP])
def test_real_recordings_are_usable_clips_with_stated_licences(package: str) -> None:
    known = read_licences(copyright_of(package))
    for path in sounds_of(package):
        assert probe_file(path).frames > 0
    stated = [find_licence(PurePosixPath(path), known) for path in sounds_of(package)]
    assert sum(each is not None for each in stated) >= len(stated) - 1
    assert all(each.author and each.source_url for each in stated if each is not None)


def test_instruments_with_their_own_stanza_are_dedicated_to_the_public() -> None:
    known = read_licences(copyright_of(INSTRUMENTS))
    found = [find_licence(PurePosixPath(path), known) for path in sounds_of(INSTRUMENTS)]
    own = [each for each in found if each is not None and each.is_own]
    assert len(own) == 130
    assert {each.licence for each in own} == {"CC0-1.0"}
    assert sum("freesound.org" in (each.source_url or "") for each in own) == 129


def test_soundscapes_are_the_same_every_time_and_their_events_lie_inside(tmp_path: Path) -> None:
    scenes = synthesise_soundscapes(tmp_path / "a", clips=6)
    again = synthesise_soundscapes(tmp_path / "b", clips=6)
    for one, two in zip(scenes, again, strict=True):
        assert one.path.read_bytes() == two.path.read_bytes()
        assert one.events == two.events
        duration = soundfile.info(one.path).duration
        assert one.events
        assert all(0 < event.onset < event.offset <= duration for event in one.events)
        assert all(a.offset <= b.onset for a, b in zip(one.events, one.events[1:], strict=False))
    assert len({scene.recording for scene in scenes}) == 2
    assert len({scene.path.read_bytes() for scene in scenes}) == 6
