"""The packaged licences with an organisation's own terms, and what they oblige to write."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Protocol

from apps.accounts.models import Organisation
from apps.licensing.models import Terms as TermsRow
from datasets_catalog.licences import Licences, Terms


def own_terms(organisation: Organisation) -> tuple[Terms, ...]:
    """The organisation's own terms as values."""
    return tuple(
        Terms(
            licence=row.licence,
            title=row.title,
            attribution=row.attribution,
            share_alike=row.share_alike,
            noncommercial=row.noncommercial,
            no_derivatives=row.no_derivatives,
            redistribution=row.redistribution,
        )
        for row in TermsRow.objects.filter(organisation=organisation)
    )


def licences_of(organisation: Organisation) -> Licences:
    """Every licence that the organisation's clips may name."""
    return Licences(own_terms(organisation))


class Credited(Protocol):
    """A clip with what an attribution names."""

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
    def redacted(self) -> bool: ...


ATTRIBUTION_COLUMNS = ("path", "title", "author", "source", "licence", "licence_url", "changes")


def attribution_csv(clips: Iterable[Credited], licences: Licences) -> bytes:
    """`ATTRIBUTION.csv`: title, author, source and licence of every clip that asks to be named."""
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
                    " ".join(_urls(clip.licence, licences)),
                    "parts muted or metadata removed" if clip.redacted else "",
                )
            )
    return target.getvalue().encode()


def _urls(expression: str, licences: Licences) -> Iterator[str]:
    for licence in licences.expression(expression).licences:
        url = licences.terms(licence).url
        if url:
            yield url


def licence_texts(
    expressions: Iterable[str], organisation: Organisation, licences: Licences
) -> dict[str, bytes]:
    """One file for each licence named: its own text, or its name and where its text stands."""
    named = {licence for text in expressions for licence in licences.expression(text).licences}
    own = TermsRow.objects.filter(organisation=organisation, licence__in=named)
    texts = {row.licence: row.text for row in own}
    return {
        f"{licence}.txt": (texts.get(licence) or _pointer(licences.terms(licence))).encode()
        for licence in sorted(named)
    }


def _pointer(terms: Terms) -> str:
    return f"{terms.title or terms.licence}\n{terms.licence}\n{terms.url}\n"
