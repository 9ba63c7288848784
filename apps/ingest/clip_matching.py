"""Which clip of a dataset a label file means."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from apps.datasets.models import Clip, Dataset

# Endings that a label file may write, leave out or have in another form than the clip.
SOUND_ENDINGS = frozenset(
    {".aac", ".aif", ".aiff", ".flac", ".m4a", ".mka", ".mkv", ".mov", ".mp3", ".mp4"}
    | {".oga", ".ogg", ".opus", ".w64", ".wav", ".wave", ".webm"}
)
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class ClipMatch:
    """The clip, or None with the paths between which nobody may guess."""

    clip: Clip | None
    candidates: tuple[str, ...] = ()
    # Paths of clips of that name in folders that the label file does not name.
    elsewhere: tuple[str, ...] = ()

    @property
    def is_ambiguous(self) -> bool:
        return bool(self.candidates)

    @property
    def expectation(self) -> str:
        """What a report says was expected of a path that found no clip."""
        if self.candidates:
            return f"the folder too: {_join_paths(self.candidates)} have that name"
        if self.elsewhere:
            return (
                f"a clip of this dataset; in another folder there is {_join_paths(self.elsewhere)}"
            )
        return "a clip of this dataset"


class ClipFinder:
    """Finds the clip that a label file means.

    A path decides: every folder that it names must be the clip's, counted from the clip's end, so
    `train/001` is never `test/001.wav`. A bare name, or one without its ending, must be unique,
    but for a clip that lies exactly where the name says.
    """

    def __init__(self, dataset: Dataset) -> None:
        rows = Clip.objects.filter(dataset=dataset).exclude(state=Clip.State.REMOVED)
        self._by_path = {clip.path: clip for clip in rows}
        self._by_name: dict[str, list[Clip]] = {}
        for clip in self._by_path.values():
            path = PurePosixPath(clip.path)
            for key in {path.name, path.stem}:
                self._by_name.setdefault(key, []).append(clip)

    def find(self, path: str) -> ClipMatch:
        exact = self._by_path.get(path)
        if exact is not None:
            return ClipMatch(exact)
        meant = PurePosixPath(path)
        elsewhere: list[Clip] = []
        for name in _list_names(meant):
            named = self._by_name.get(name, [])
            fitting = [clip for clip in named if _lies_in(clip, meant.parent)]
            if fitting:
                return _choose_clip(fitting, meant)
            elsewhere += named
        return ClipMatch(None, elsewhere=_sort_paths(elsewhere))


def _choose_clip(fitting: list[Clip], meant: PurePosixPath) -> ClipMatch:
    there = [clip for clip in fitting if PurePosixPath(clip.path).parent == meant.parent]
    for clips in (there, fitting):
        if len(clips) == 1:
            return ClipMatch(clips[0])
    return ClipMatch(None, candidates=_sort_paths(there or fitting))


def _list_names(meant: PurePosixPath) -> Iterator[str]:
    """As it is written, then without its ending: the clip may be of another format by now."""
    yield meant.name
    if meant.suffix.lower() in SOUND_ENDINGS:
        yield meant.stem


def _lies_in(clip: Clip, folder: PurePosixPath) -> bool:
    wanted = folder.parts
    return not wanted or PurePosixPath(clip.path).parent.parts[-len(wanted) :] == wanted


def _sort_paths(clips: Iterable[Clip]) -> tuple[str, ...]:
    return tuple(sorted({clip.path for clip in clips}))


def _join_paths(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return ", ".join(paths[:MOST_NAMED]) + more
