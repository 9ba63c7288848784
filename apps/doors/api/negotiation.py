"""Which form an answer takes: each address has one, whatever the caller's Accept header says."""

from collections.abc import Iterable
from typing import TypeVar

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

P = TypeVar("P", bound=BaseParser)
R = TypeVar("R", bound=BaseRenderer)


class AnyAccept(BaseContentNegotiation):
    """Takes the body by its media type and answers in the first form there is."""

    def select_parser(self, request: Request, parsers: Iterable[P]) -> P | None:
        given = request.content_type or "application/octet-stream"
        return next((p for p in parsers if media_type_matches(p.media_type, given)), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[R], format_suffix: str | None = None
    ) -> tuple[R, str]:
        first = next(iter(renderers))
        return first, str(first.media_type)
