"""Vocabularies: anyone may read them."""

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.datasets.access import fetch_vocabulary
from apps.datasets.models import Term, Vocabulary
from apps.doors.api.base import ApiView
from apps.doors.api.shapes import vocabularies as shapes


class Vocabularies(ApiView):
    resource = "vocabularies"
    public = True

    @extend_schema(parameters=[shapes.VocabularyQuery], responses=shapes.VocabularyOut(many=True))
    def get(self, request: Request) -> Response:
        """List every vocabulary in every version."""
        rows = Vocabulary.objects.filter(**self.query(shapes.VocabularyQuery))
        return self.page(rows, shapes.VocabularyOut, ("name", "version"))


class OneVocabulary(ApiView):
    resource = "vocabularies"
    public = True

    @extend_schema(responses=shapes.VocabularyOut)
    def get(self, request: Request, vocabulary: str, edition: str) -> Response:
        """Show one version of a vocabulary."""
        return Response(shapes.VocabularyOut(fetch_vocabulary(vocabulary, edition)).data)


class Terms(ApiView):
    resource = "vocabularies"
    public = True

    @extend_schema(parameters=[shapes.TermQuery], responses=shapes.TermOut(many=True))
    def get(self, request: Request, vocabulary: str, edition: str) -> Response:
        """List the terms, by code; `q` searches names and codes, `parent` gives its children."""
        wanted = self.query(shapes.TermQuery)
        rows = Term.objects.filter(vocabulary=fetch_vocabulary(vocabulary, edition))
        if "q" in wanted:
            rows = rows.filter(Q(name__icontains=wanted["q"]) | Q(code__icontains=wanted["q"]))
        if "parent" in wanted:
            rows = rows.filter(parents__code=wanted["parent"])
        return self.page(rows.prefetch_related("parents"), shapes.TermOut, ("code",))
