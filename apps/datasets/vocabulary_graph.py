"""The edges of a vocabulary's graph, and what lies below a term."""

from apps.datasets.models import Term, Vocabulary


def load_parents(vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Return the codes of each term's parents, for the terms that have any."""
    edges = Term.parents.through.objects.filter(from_term__vocabulary=vocabulary)
    found: dict[str, list[str]] = {}
    for code, parent in edges.values_list("from_term__code", "to_term__code").order_by("pk"):
        found.setdefault(code, []).append(parent)
    return {code: tuple(above) for code, above in found.items()}
