"""Label sets: which there are, and their terms."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.datasets.access import fetch_vocabulary
from apps.datasets.models import Vocabulary
from apps.doors.web.components import Crumb
from apps.doors.web.paging import load_page
from apps.doors.web.views.page_frame import read_query


def list_vocabularies(request: HttpRequest) -> HttpResponse:
    rows = Vocabulary.objects.annotate(count=Count("terms")).order_by("name", "-version")
    context = {"vocabularies": rows, "crumbs": [Crumb("Vocabularies")]}
    return render(request, "web/vocabularies/list.html", context)


def show_vocabulary(request: HttpRequest, name: str, version: str) -> HttpResponse:
    vocabulary = fetch_vocabulary(name, version)
    words = read_query(request, "q")
    rows = vocabulary.terms.prefetch_related("parents", "children")
    if words:
        rows = rows.filter(name__icontains=words)
    context = {
        "vocabulary": vocabulary,
        "words": words,
        "page": load_page(request, rows, by="name", total=rows.count()),
        "crumbs": [Crumb("Vocabularies", reverse("web:vocabularies")), Crumb(str(vocabulary))],
    }
    return render(request, "web/vocabularies/page.html", context)
