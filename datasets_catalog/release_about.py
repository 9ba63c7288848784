"""What a dataset said of itself when a release of it was frozen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from datasets_catalog.description_sheets import Creator
from datasets_catalog.release_changes import Change, ChangeKind


@dataclass(frozen=True, slots=True)
class ReleaseAbout:
    """The texts of a release that are no rows; empty where nothing was said."""

    title: str
    description: str
    publisher: str
    provenance: str = ""
    limitations: str = ""
    funding: str = ""
    languages: tuple[str, ...] = ()
    creators: tuple[Creator, ...] = ()

    def in_words(self, part: str) -> str:
        """One of the parts on one line."""
        value = getattr(self, part)
        if part == "creators":
            return ", ".join(creator.name for creator in self.creators)
        return value if isinstance(value, str) else ", ".join(value)


ABOUT_CHANGES: Mapping[str, ChangeKind] = {
    "title": ChangeKind.NAME_CHANGED,
    "description": ChangeKind.DESCRIPTION_CHANGED,
    "publisher": ChangeKind.PUBLISHER_CHANGED,
    "provenance": ChangeKind.PROVENANCE_CHANGED,
    "limitations": ChangeKind.LIMITATIONS_CHANGED,
    "funding": ChangeKind.FUNDING_CHANGED,
    "languages": ChangeKind.LANGUAGES_CHANGED,
    "creators": ChangeKind.CREATORS_CHANGED,
}


def iterate_about_changes(
    before: ReleaseAbout | None, after: ReleaseAbout | None
) -> Iterator[Change]:
    """Yield each part that is said otherwise; nothing where one of them is not known."""
    if before is None or after is None:
        return
    for part, kind in ABOUT_CHANGES.items():
        if getattr(before, part) != getattr(after, part):
            yield Change(kind, 1)
