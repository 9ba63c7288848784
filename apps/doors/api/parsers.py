"""Reading JSON bodies without trusting their size, depth or characters."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from apps.doors.api.problems import BodyTooLargeError

# Spelled in escapes, these reach Python as characters no database keeps as text.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


class BoundedJSONParser(JSONParser):
    """JSON of at most `settings.DATA_UPLOAD_MAX_MEMORY_SIZE` bytes: DRF's own reads without end."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        raw = stream.read(self.limit() + 1)
        if len(raw) > self.limit():
            raise BodyTooLargeError(
                f"The body has more than {self.limit()} bytes: send it in smaller batches."
            )
        try:
            value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not JSON we can read: {error}") from error
        if _SUSPECT.search(raw):
            _refuse_unkeepable(value)
        return value

    def limit(self) -> int:
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


class BatchJSONParser(BoundedJSONParser):
    """JSON of at most 16 MiB: a batch of 5,000 rows of clip metadata."""

    def limit(self) -> int:
        return 16 * 1024 * 1024


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _refuse_unkeepable(value: Any) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str) and _UNKEEPABLE.search(item):
            raise ParseError("Text may not hold the character U+0000 or half of a surrogate pair.")
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
