"""A vocabulary's terms and the edges between them, and the labels of a draft as its terms."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

from apps.datasets.models import Dataset, Event, Term, Vocabulary, WeakLabel
from datasets_catalog.vocabularies import find_ancestors, find_descendants


class TermIndex:
    """The terms of a vocabulary by code and by name in any case; none without a vocabulary."""

    def __init__(self, vocabulary: Vocabulary | None) -> None:
        rows = Term.objects.filter(vocabulary=vocabulary) if vocabulary else ()
        self.by_code = {term.code: term for term in rows}
        self.by_name: dict[str, list[Term]] = {}
        for term in self.by_code.values():
            self.by_name.setdefault(term.name.casefold(), []).append(term)

    def find_terms(self, text: str) -> list[Term]:
        """Return the one term of this code, or else all of this name."""
        exact = self.by_code.get(text)
        return [exact] if exact is not None else self.by_name.get(text.casefold(), [])

    def only(self, *texts: str | None) -> Term | None:
        """Return the term that the first of these texts names alone."""
        for text in texts:
            found = self.find_terms(text) if text else []
            if len(found) == 1:
                return found[0]
        return None


def load_parents(vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Return the codes of each term's parents, for the terms that have any."""
    edges = Term.parents.through.objects.filter(from_term__vocabulary=vocabulary)
    found: dict[str, list[str]] = {}
    for code, parent in edges.values_list("from_term__code", "to_term__code").order_by("pk"):
        found.setdefault(code, []).append(parent)
    return {code: tuple(above) for code, above in found.items()}


def expand_labels(vocabulary: Vocabulary | None, words: Iterable[str]) -> dict[str, frozenset[str]]:
    """For each word, all that a label of it may be called: what is a Bark is a Dog too.

    The word itself and, where it names a term by code or name, codes and names of the term and of
    every term below it, over whichever parents.
    """
    wanted = list(words)
    found = {word: frozenset({word}) for word in wanted}
    if vocabulary is None or not wanted:
        return found
    index, parents = TermIndex(vocabulary), load_parents(vocabulary)
    for word in wanted:
        codes = {term.code for term in index.find_terms(word)}
        terms = [index.by_code[code] for code in codes | find_descendants(codes, parents)]
        found[word] |= {text for term in terms for text in (term.code, term.name)}
    return found


def find_terms_above(vocabulary: Vocabulary, labels: Iterable[str]) -> dict[str, int]:
    """Names of the terms above these labels, each with how many of the labels are below it."""
    index, parents = TermIndex(vocabulary), load_parents(vocabulary)
    codes = {term.code for label in labels if (term := index.only(label)) is not None}
    above = Counter(code for each in codes for code in find_ancestors(each, parents))
    return {index.by_code[code].name: count for code, count in above.items()}


def relink_terms(dataset: Dataset) -> set[int]:
    """Make the draft's labels terms of the dataset's vocabulary, where it has them.

    By the code of the term that a label had, else by code or name as it is written; the label takes
    the term's name. What the vocabulary does not have keeps its words and loses its term: the gates
    name it. Returns the ids of the clips whose labels changed. Belongs into the transaction that
    sets the vocabulary, with the dataset locked.
    """
    index = TermIndex(dataset.vocabulary)
    changed: set[int] = set()
    for rows in (
        Event.objects.filter(clip__dataset=dataset),
        WeakLabel.objects.filter(clip__dataset=dataset),
    ):
        pairs = rows.order_by().values_list("label", "term_id", "term__code").distinct()
        for label, term_id, code in sorted(pairs, key=str):
            term = index.only(code, label)
            name = term.name if term is not None else label
            if (term.pk if term is not None else None, name) != (term_id, label):
                meant = rows.filter(label=label, term_id=term_id)
                changed.update(meant.values_list("clip_id", flat=True))
                _rename_labels(meant, term, name)
    return changed


def _rename_labels(
    meant: QuerySet[Event] | QuerySet[WeakLabel], term: Term | None, name: str
) -> None:
    if meant.model is WeakLabel:
        # One annotator says each label of a clip once: a second word for it stays as it is.
        twin = WeakLabel.objects.filter(
            clip=OuterRef("clip"), annotator=OuterRef("annotator"), label=name
        ).exclude(pk=OuterRef("pk"))
        taken = list(meant.filter(Exists(twin)).values_list("pk", flat=True))
        WeakLabel.objects.filter(pk__in=taken).update(term=None)
        meant = meant.exclude(pk__in=taken)
    meant.update(term=term, label=name)
