"""Which licences go together, one pair at a time."""

from datasets_catalog.licences import Terms

Option = tuple[Terms, ...]


def permits(source: Terms, target: Terms) -> bool:
    """Say whether an adaptation of something under `source` may go out under `target`."""
    if is_closed(source) or is_closed(target):
        return False
    if source.licence == target.licence:
        return True
    if source.share_alike or source.is_custom:
        return target.licence in source.compatible
    return _asks_no_more(source, target)


def is_closed(terms: Terms) -> bool:
    """Say whether nothing may be made from it, by its terms or because nobody can tell."""
    return terms.no_derivatives or is_withheld(terms)


def is_withheld(terms: Terms) -> bool:
    return terms.needs_human or not terms.redistribution


def _asks_no_more(source: Terms, target: Terms) -> bool:
    """Say whether complying with `target` complies with the conditions of `source`."""
    if source.noncommercial and not target.noncommercial:
        return False
    if source.attribution and not target.attribution:
        return False
    return not _is_older(target, source)


def _is_older(terms: Terms, than: Terms) -> bool:
    same_suite = terms.suite is not None and terms.suite == than.suite
    return same_suite and _number(terms.version) < _number(than.version)


def _number(version: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in (version or "0").split("."))


def fits_into(terms: Terms, target: Terms) -> bool:
    """Say whether an untouched clip under `terms` may be offered as being under `target`."""
    if terms.licence == target.licence:
        return True
    if terms.share_alike or terms.is_custom or terms.field_of_use:
        return False
    if terms.no_derivatives and not target.no_derivatives:
        return False
    return _asks_no_more(terms, target)


def may_stand(option: Option, *, modified: bool) -> bool:
    """Say whether a clip under this option may be part of a collection."""
    return not any(is_withheld(t) or (modified and t.no_derivatives) for t in option)


def strictness(option: Option) -> tuple[bool, bool, bool, bool, bool]:
    """Order options by how much they take away; the smallest is the most permissive."""
    return (
        any(is_withheld(t) for t in option),
        any(t.noncommercial for t in option),
        any(t.no_derivatives for t in option),
        any(t.share_alike for t in option),
        any(t.attribution for t in option),
    )


def option_permits(option: Option, target: Terms) -> bool:
    return all(permits(terms, target) for terms in option)
