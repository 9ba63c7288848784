"""The first page: what this is, and what there is to take."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.datasets.access import visible_datasets
from apps.doors.web.figures import newest_releases

FEATURED = 6


def home(request: HttpRequest) -> HttpResponse:
    """The newest released datasets that this reader may know of; three queries at most."""
    released = visible_datasets(request.user).filter(released_at__isnull=False)
    cards = newest_releases(list(released.order_by("-released_at")[:FEATURED]))
    featured = next((card for card in cards if card.release), None)
    return render(request, "web/home.html", {"cards": cards, "featured": featured})
