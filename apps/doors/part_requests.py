"""What a reader asks a part of a release to be: the clips, since which version, in what flavour."""

from __future__ import annotations

from dataclasses import dataclass

from apps.access.access import open_release
from apps.access.authorizations import Action
from apps.accounts.access import Principal
from apps.deliveries.flavours import Spec
from apps.deliveries.kept_selections import load_kept_selection
from apps.deliveries.selections import Selection
from apps.releases.models import Release


@dataclass(frozen=True, slots=True)
class PartRequest:
    """A selection as it was asked for, with the release that its `since` names.

    `kept` is the digest of a selection that is kept, where that was named instead of words.
    """

    selection: Selection
    kept: str = ""
    before: Release | None = None
    spec: Spec | None = None
    # What it is taken for, where a page has the reader say so.
    purpose: str = ""

    @property
    def flavour(self) -> str:
        """The name of the flavour; "" for clips as they were released."""
        return self.spec.name if self.spec else ""


def resolve_part_request(
    principal: Principal,
    release: Release,
    selection: Selection | None = None,
    *,
    kept: str = "",
    flavour: str = "",
    purpose: str = "",
) -> PartRequest:
    """The request for a selection in words, or for the kept one of this digest.

    Raises what `load_kept_selection` and `Spec.named` do, and what `open_release` does for an
    earlier release that the principal may not list.
    """
    wanted = load_kept_selection(release, kept) if kept else selection or Selection()
    before = None
    if wanted.since:
        version = wanted.since.removeprefix("v")
        before = open_release(principal, release.dataset.full_name, version, Action.LIST).release
    spec = Spec.parse_name(flavour) if flavour else None
    return PartRequest(wanted, kept, before, spec, purpose)
