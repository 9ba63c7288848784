"""The packaged licences with an organisation's own terms, and what they oblige to write."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from apps.accounts.models import Organisation
from apps.licensing.models import Terms as TermsRow
from datasets_catalog.licence_terms import AiTerms, Terms
from datasets_catalog.licences import Licences, may_be_own
from datasets_catalog.purposes import Purpose
from datasets_catalog.spdx_list import load_spdx_exceptions, load_spdx_licences


def load_own_terms(organisation: Organisation) -> tuple[Terms, ...]:
    """The organisation's own terms as values.

    Terms under a name that came to be judged in our tables since are left out: what the licence
    itself says counts.
    """
    rows = TermsRow.objects.filter(organisation=organisation)
    return tuple(_build_terms(row) for row in rows if may_be_own(row.licence))


def _build_terms(row: TermsRow) -> Terms:
    listed = load_spdx_licences().get(row.licence)
    return Terms(
        licence=row.licence,
        title=row.title,
        url=listed.url if listed else "",
        attribution=row.attribution,
        share_alike=row.share_alike,
        noncommercial=row.noncommercial,
        no_derivatives=row.no_derivatives,
        redistribution=row.redistribution,
        ai_terms=AiTerms(row.ai_terms),
        field_of_use=tuple(Purpose(purpose) for purpose in row.field_of_use),
        territories=frozenset(row.territories),
        expires_on=row.expires_on,
    )


def load_licences(organisation: Organisation) -> Licences:
    """Every licence that the organisation's clips may name."""
    return Licences(load_own_terms(organisation))


class CreditedClip(Protocol):
    """A clip with what an attribution names; `changes` is what was done to its bytes here."""

    @property
    def path(self) -> str: ...
    @property
    def title(self) -> str | None: ...
    @property
    def author(self) -> str | None: ...
    @property
    def source_url(self) -> str | None: ...
    @property
    def licence(self) -> str: ...
    @property
    def changes(self) -> str: ...


ATTRIBUTION_COLUMNS = ("path", "title", "author", "source", "licence", "licence_url", "changes")


def render_attribution_csv(clips: Iterable[CreditedClip], licences: Licences) -> bytes:
    """`ATTRIBUTION.csv`: what has to be said of every clip that asks to be named.

    Title, author, source, licence, and what was done to its bytes here ("" for nothing).
    """
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(ATTRIBUTION_COLUMNS)
    asks: dict[str, bool] = {}
    for clip in clips:
        if clip.licence not in asks:
            asks[clip.licence] = licences.needs_attribution(clip.licence)
        if asks[clip.licence]:
            writer.writerow(
                (
                    clip.path,
                    clip.title or "",
                    clip.author or "",
                    clip.source_url or "",
                    clip.licence,
                    " ".join(_list_urls(clip.licence, licences)),
                    clip.changes,
                )
            )
    return target.getvalue().encode()


def _list_urls(expression: str, licences: Licences) -> Iterator[str]:
    for licence in licences.expression(expression).licences:
        url = licences.terms(licence).url
        if url:
            yield url


@dataclass(frozen=True, slots=True)
class LicenceFile:
    """The file of a licence or of an exception to one; `url` may be empty for own terms."""

    id: str
    title: str
    url: str
    text: str


def build_licence_files(
    expressions: Iterable[str], organisation: Organisation, licences: Licences
) -> tuple[LicenceFile, ...]:
    """One file with the text of each licence named, and one for each exception to it.

    Where no text is at hand (ports and retired licences of Creative Commons, exceptions), the file
    says the name and the address. Creative Commons asks for no more: for a copy or the address
    (section 4(a) up to 3.0, 3(a)(1)(C) of 4.0).
    """
    read = [licences.expression(text) for text in expressions]
    named = {licence for expression in read for licence in expression.licences}
    own = TermsRow.objects.filter(organisation=organisation, licence__in=named)
    texts = {row.licence: row.text for row in own}
    files = {
        name: LicenceFile(
            name, terms.title, terms.url, texts.get(name) or _find_packaged_text(terms)
        )
        for name in named
        for terms in (licences.terms(name),)
    }
    for name in {exception for expression in read for exception in expression.exceptions}:
        address = load_spdx_exceptions()[name]
        files[name] = LicenceFile(name, name, address, f"{name}\n{address}\n")
    return tuple(files[name] for name in sorted(files))


def build_licence_texts(
    expressions: Iterable[str], organisation: Organisation, licences: Licences
) -> dict[str, bytes]:
    """The files of all licences named, by file name."""
    files = build_licence_files(expressions, organisation, licences)
    return {f"{file.id}.txt": file.text.encode() for file in files}


def _find_packaged_text(terms: Terms) -> str:
    listed = load_spdx_licences().get(terms.licence)
    if listed is not None and listed.text:
        return f"{listed.text.rstrip()}\n"
    return f"{terms.title or terms.licence}\n{terms.licence}\n{terms.url}\n"
