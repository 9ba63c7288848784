"""The gate on what a dataset says of itself."""

from collections.abc import Iterator
from typing import ClassVar

from datasets_catalog.facts import ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, build_verdict
from datasets_catalog.verticals import load_profile


class CatalogComplete:
    """There are clips, a title, a description, and the fields the vertical requires."""

    code: ClassVar[str] = "catalog.complete"
    title: ClassVar[str] = "The dataset describes itself"
    why: ClassVar[str] = (
        "Nobody finds, cites or judges a dataset without a title, a description and the fields "
        "its field of use lives by."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        return build_verdict(
            self,
            [*_find_dataset_failures(facts), *_find_clip_failures(facts)],
            passed="Title, description and required fields are there.",
            failed="Missing from the description: {count}.",
            measured={"clips": len(facts.clips)},
        )


def _find_dataset_failures(facts: ReleaseFacts) -> Iterator[FailingRow]:
    if not facts.dataset.title.strip():
        yield FailingRow("The dataset has no title.")
    if not facts.dataset.description.strip():
        yield FailingRow("The dataset has no description.")
    if not facts.clips:
        yield FailingRow("The release has no clips.")


def _find_clip_failures(facts: ReleaseFacts) -> Iterator[FailingRow]:
    required = load_profile(facts.dataset.vertical).get("required", [])
    for clip in facts.clips if required else ():
        missing = [name for name in required if clip.fields.get(name) in (None, "")]
        if missing:
            yield FailingRow.of(clip, f"has no {', '.join(missing)}")
