"""What an answer says of purposes that were not asked: a form's own table, or the platform's."""

from collections.abc import Mapping
from typing import Any

from datasets_catalog.errors import InvalidError
from datasets_catalog.purposes import IMPLIED_PURPOSES, Answer, Purpose, include_implied

Implications = Mapping[Purpose, frozenset[Purpose]]


class ImplicationsInvalidError(InvalidError):
    """A form's table of what its purposes contain cannot be read."""

    code = "consent.implications_invalid"


def parse_implications(table: Any) -> Implications:
    """Read a form's table: null is the platform's, `{}` none, else lists of purposes by purpose.

    Raises ImplicationsInvalidError.
    """
    if table is None:
        return IMPLIED_PURPOSES
    if not isinstance(table, dict):
        raise ImplicationsInvalidError(
            'What purposes contain is an object such as {"publish.open": ["publish.gated"]},'
            " {} where none contains another, or null for the platform's own table."
        )
    return {
        _parse_purpose(name): frozenset(map(_parse_purpose, _require_list(table[name])))
        for name in table
    }


def _require_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ImplicationsInvalidError(f"{value!r}: expected a list of purposes.")
    return value


def _parse_purpose(name: Any) -> Purpose:
    if name not in set(Purpose):
        raise ImplicationsInvalidError(f"{name!r} is no purpose. Purposes: {', '.join(Purpose)}.")
    return Purpose(name)


def settle_answers(
    answers: Mapping[Purpose, Answer], implied: Implications = IMPLIED_PURPOSES
) -> Mapping[Purpose, Answer]:
    """Return the answer of one consent for every purpose, asked or not.

    1. What was denied is denied; so is what was allowed while something that it contains was
       denied: the answers contradict each other, and the narrower holds.
    2. What was not asked is denied if something that it contains was denied (whoever says no to a
       gate has said no to everyone), else allowed if something that contains it is allowed.
    """
    denied = frozenset(p for p, answer in answers.items() if answer is Answer.DENIED)
    shut = frozenset(p for p in Purpose if include_implied({p}, implied) & denied)
    allowed = {p for p, answer in answers.items() if answer is Answer.ALLOWED} - shut
    return {
        **dict.fromkeys(Purpose, Answer.NOT_ASKED),
        **dict.fromkeys(include_implied(allowed, implied), Answer.ALLOWED),
        **dict.fromkeys(shut, Answer.DENIED),
    }
