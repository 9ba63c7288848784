"""Which term of a vocabulary a label file means, and what to write where it may not be used."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from apps.datasets.models import Term, Vocabulary
from apps.datasets.vocabulary_graph import TermIndex, load_parents
from datasets_catalog.vocabularies import find_ancestors, find_descendants, invert_edges

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class TermMatch:
    """The term, or None with what was expected instead."""

    term: Term | None
    expected: str = ""


class TermFinder:
    """The terms of a dataset's vocabulary; without one every label is a free word."""

    def __init__(self, vocabulary: Vocabulary | None) -> None:
        self.vocabulary = vocabulary
        self._index = TermIndex(vocabulary)
        self._parents = load_parents(vocabulary) if vocabulary else {}
        self._children = invert_edges(self._parents)

    def find(self, label: str, code: str | None) -> TermMatch:
        """Find the term by the code that stands beside the label, by code, or by name."""
        if self.vocabulary is None:
            return TermMatch(None)
        by_code = self._index.by_code.get(code or "")
        by_label = self._index.find_terms(label)
        if by_code is not None and by_label and by_code not in by_label:
            other = by_label[0]
            return TermMatch(None, f"one term: {code} is {by_code}, and {label} is {other.code}")
        found = [by_code] if by_code is not None else by_label
        if len(found) > 1:
            codes = ", ".join(sorted(term.code for term in found)[:MOST_NAMED])
            return TermMatch(None, f"a code, as several terms have this name: {codes}")
        if not found:
            return TermMatch(None, self._unknown(label))
        return TermMatch(found[0])

    def labels_instead(self, term: Term) -> str:
        """Say which terms below an abstract one can be used."""
        below = list(self._usable_below(term.code))
        if not below:
            return "a term that is not abstract"
        more = f" and {len(below) - MOST_NAMED} more" if len(below) > MOST_NAMED else ""
        return f"a term below it, as it only orders others: {', '.join(below[:MOST_NAMED])}{more}"

    def is_above(self, term: Term, code: str) -> bool:
        return term.code in find_ancestors(code, self._parents)

    def _unknown(self, label: str) -> str:
        near = get_close_matches(label.casefold(), list(self._index.by_name), n=1)
        hint = f" (did you mean {self._index.by_name[near[0]][0].name}?)" if near else ""
        return f"a term of {self.vocabulary}, by code or name{hint}"

    def _usable_below(self, code: str) -> Iterator[str]:
        """Yield names, the nearest first."""
        direct = sorted(self._children.get(code, ()))
        further = sorted(find_descendants(direct, self._parents).difference(direct))
        for each in (*direct, *further):
            if not self._index.by_code[each].abstract:
                yield self._index.by_code[each].name
