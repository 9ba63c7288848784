"""The first page: what this is, and what there is to take."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.access import list_organisations_where
from apps.datasets.access import list_visible_datasets
from apps.doors.web.page_figures import find_newest_releases
from apps.releases.models import Stop
from apps.releases.stops import list_unconfirmed_stops
from datasets_catalog.roles import Permission

FEATURED = 6
STOPS = 20


def show_home(request: HttpRequest) -> HttpResponse:
    """The newest released datasets that this reader may know of, and stops they may confirm.

    Three queries at most, five for who signed in.
    """
    released = list_visible_datasets(request.user).filter(released_at__isnull=False)
    cards = find_newest_releases(list(released.order_by("-released_at")[:FEATURED]))
    featured = next((card for card in cards if card.release), None)
    context = {"cards": cards, "featured": featured, "stops": list(_list_stops_to_confirm(request))}
    return render(request, "web/home.html", context)


def _list_stops_to_confirm(request: HttpRequest) -> QuerySet[Stop]:
    """Nobody confirms a stop of their own."""
    organisations = list_organisations_where(request.user, Permission.RELEASE_STOP)
    return list_unconfirmed_stops(organisations).exclude(stopped_by=request.user.pk)[:STOPS]
