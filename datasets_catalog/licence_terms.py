"""What one licence asks for and allows: plain values."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from datasets_catalog.purposes import Purpose
from datasets_catalog.territories import EVERYWHERE

CUSTOM_PREFIX = "LicenseRef-"
CUSTOM_ID = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")


class AiTerms(StrEnum):
    """What terms say about training models."""

    ALLOWED = "allowed"
    UNSTATED = "unstated"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Terms:
    """What one licence asks for and allows. The defaults are the strictest reading.

    An adaptation may be put under the licence itself and under those that `compatible` names. With
    `named_only` and with `share_alike` under no others; with `no_further_terms` nothing goes into
    an adaptation under this licence that asks for anything and does not name it as compatible.
    `database_only`: it licenses a database and not the sound in it. `mark`: it says what is so
    and gives nothing, so that nothing new can be put under it. `personal_data`: it covers personal
    data too. `field_of_use` are the only purposes it allows among those of the same group (empty:
    it does not say); `territories` (codes of `territories.py`) where it holds (empty: everywhere),
    `expires_on` the last day on which it does. `jurisdiction` names the law a port of Creative
    Commons was made for. `needs_human`: nobody can say from a table what it allows. `own_terms`:
    what it asks for, besides naming authors, that a licence with `no_further_terms` refuses.
    """

    licence: str
    title: str = ""
    url: str = ""
    family: str = ""
    hub: str | None = None
    suite: str | None = None
    version: str | None = None
    jurisdiction: str = ""
    attribution: bool = True
    share_alike: bool = False
    noncommercial: bool = True
    no_derivatives: bool = True
    redistribution: bool = False
    named_only: bool = True
    no_further_terms: bool = False
    database_rights: bool = False
    database_only: bool = False
    personal_data: bool = True
    mark: bool = False
    ai_terms: AiTerms = AiTerms.UNSTATED
    field_of_use: tuple[Purpose, ...] = ()
    territories: frozenset[str] = EVERYWHERE
    expires_on: date | None = None
    compatible: tuple[str, ...] = ()
    needs_human: bool = False
    # What it asks for that others take as a further restriction, for sentences.
    own_terms: str = ""

    @property
    def is_custom(self) -> bool:
        return self.licence.startswith(CUSTOM_PREFIX)

    @property
    def label(self) -> str:
        """The name under which conflicts are counted."""
        return self.family or self.licence
