"""Label sets: which there are, and their terms."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.datasets.access import vocabulary_for
from apps.datasets.models import Vocabulary
from apps.doors.web.components import Crumb
from apps.doors.web.paging import page_of
from apps.doors.web.views.frame import asked


def listing(request: HttpRequest) -> HttpResponse:
    rows = Vocabulary.objects.annotate(count=Count("terms")).order_by("name", "-version")
    context = {"vocabularies": rows, "crumbs": [Crumb("Vocabularies")]}
    return render(request, "web/vocabularies/list.html", context)


def page(request: HttpRequest, name: str, version: str) -> HttpResponse:
    vocabulary = vocabulary_for(name, version)
    words = asked(request, "q")
    rows = vocabulary.terms.prefetch_related("parents", "children")
    if words:
        rows = rows.filter(name__icontains=words)
    context = {
        "vocabulary": vocabulary,
        "words": words,
        "page": page_of(request, rows, by="name", total=rows.count()),
        "crumbs": [Crumb("Vocabularies", reverse("web:vocabularies")), Crumb(str(vocabulary))],
    }
    return render(request, "web/vocabularies/page.html", context)
