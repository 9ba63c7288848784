"""SPDX licence expressions: licences joined by AND (all bind), OR (choose one) and WITH.

WITH adds an exception, which only adds permissions; `LicenseRef-…` names terms that SPDX does not
know.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from license_expression import (
    ExpressionError,
    ExpressionParseError,
    LicenseSymbol,
    LicenseWithExceptionSymbol,
    Licensing,
)

from datasets_catalog.errors import InvalidError
from datasets_catalog.spdx_list import load_spdx_exceptions

SPDX_ID = re.compile(r"[A-Za-z0-9.-]+")
# Expressions come from tables that anybody may fill in; an AND of ORs grows exponentially.
MAX_EXPRESSION_LENGTH = 500
MAX_ALTERNATIVES = 64


class LicenceExpressionError(InvalidError):
    """The text is not an SPDX licence expression."""

    code = "licences.expression_invalid"


class UnknownLicenceError(InvalidError):
    """The expression names a licence for which no terms are known."""

    code = "licences.unknown"


@dataclass(frozen=True, slots=True)
class Expression:
    """A licence expression, written canonically, as alternatives of which one may be chosen.

    Every alternative is a tuple of licence ids that bind together.
    """

    text: str
    alternatives: tuple[tuple[str, ...], ...]
    exceptions: tuple[str, ...] = ()

    @property
    def licences(self) -> tuple[str, ...]:
        return tuple(sorted({licence for each in self.alternatives for licence in each}))


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Expression:
    """Read the structure of an SPDX expression, whether or not its licences are known.

    Raises LicenceExpressionError; an unknown exception after WITH raises UnknownLicenceError.
    """
    if len(text) > MAX_EXPRESSION_LENGTH:
        raise LicenceExpressionError(
            f"A licence expression has at most {MAX_EXPRESSION_LENGTH} characters, not {len(text)}."
        )
    try:
        parsed = Licensing().parse(text)
    except (ExpressionError, ExpressionParseError) as error:
        raise _build_expression_error(text) from error
    if parsed is None:
        raise _build_expression_error(text)
    exceptions: set[str] = set()
    alternatives = tuple(dict.fromkeys(_list_alternatives(parsed, text, exceptions)))
    return Expression(parsed.render(), alternatives, tuple(sorted(exceptions)))


def _list_alternatives(node: object, text: str, exceptions: set[str]) -> list[tuple[str, ...]]:
    if isinstance(node, LicenseWithExceptionSymbol):
        exceptions.add(_require_known_exception(str(node.exception_symbol.key)))
        return _list_alternatives(node.license_symbol, text, exceptions)
    if isinstance(node, LicenseSymbol):
        identifier = str(node.key)
        if not SPDX_ID.fullmatch(identifier):
            raise _build_expression_error(text)
        return [(identifier,)]
    parts = [_list_alternatives(part, text, exceptions) for part in getattr(node, "args", ())]
    if getattr(node, "operator", "").strip() == "OR":
        found = [alternative for part in parts for alternative in part]
    else:
        found = _combine_alternatives(parts)
    if len(found) > MAX_ALTERNATIVES:
        raise LicenceExpressionError(
            f"The licence expression offers more than {MAX_ALTERNATIVES} choices. Simplify it.",
            value=text,
        )
    return found


def _combine_alternatives(parts: Sequence[Sequence[tuple[str, ...]]]) -> list[tuple[str, ...]]:
    # One more than allowed is enough to refuse; the full product may not fit in memory.
    choices = itertools.islice(itertools.product(*parts), MAX_ALTERNATIVES + 1)
    return [tuple(sorted({i for part in choice for i in part})) for choice in choices]


def _require_known_exception(exception: str) -> str:
    if exception not in load_spdx_exceptions():
        raise UnknownLicenceError(
            f"The exception {exception!r} is not in SPDX's list. Write it as SPDX does, such as"
            " Classpath-exception-2.0.",
            value=exception,
        )
    return exception


def _build_expression_error(text: str) -> LicenceExpressionError:
    return LicenceExpressionError(
        f"{text[:100]!r} is not a licence expression. Expected SPDX identifiers such as "
        "CC-BY-4.0, joined by AND, OR or WITH where there are several.",
        value=text[:100],
    )
