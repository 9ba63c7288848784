"""What every page of a dataset or an organisation has around it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django_htmx.middleware import HtmxDetails

from apps.accounts.access import Principal, load_roles
from apps.accounts.models import Organisation, User
from apps.datasets.access import fetch_dataset
from apps.datasets.models import Dataset
from apps.doors.web.components import Crumb, Tab
from datasets_catalog.errors import DeniedError, EarmarkError, Kind
from datasets_catalog.roles import Permission, any_role_permits

DRAFT_TABS = (
    ("overview", "Overview"),
    ("clips", "Clips"),
    ("labels", "Labels"),
    ("rights", "Rights"),
    ("consent", "Consent"),
    ("privacy", "Privacy"),
    ("releases", "Releases"),
    ("access", "Access"),
    ("activity", "Activity"),
)
PUBLIC_TABS = ("overview", "releases", "access")


class HtmxRequest(HttpRequest):
    """A request as the middleware of django-htmx leaves it."""

    htmx: HtmxDetails


class SignInFirstError(DeniedError):
    """Only somebody who is signed in may do this; the page asks for it."""

    code = "access.sign_in"


@dataclass(frozen=True)
class DatasetFrame:
    """A dataset as this reader may have it, and what they may do with it."""

    dataset: Dataset
    may: frozenset[Permission]

    @property
    def sees_draft(self) -> bool:
        return Permission.DATASET_VIEW in self.may

    def url(self, name: str, *rest: object) -> str:
        return build_dataset_url(self.dataset, name, *rest)

    def context(self, tab: str, *crumbs: Crumb, **more: Any) -> dict[str, Any]:
        """What `web/datasets/frame.html` needs, and the page's own values."""
        shown = [name for name, _ in DRAFT_TABS] if self.sees_draft else PUBLIC_TABS
        items = [
            Tab(words, self.url(name), current=name == tab)
            for name, words in DRAFT_TABS
            if name in shown
        ]
        organisation = self.dataset.organisation
        trail = [
            Crumb("Datasets", reverse("web:datasets")),
            Crumb(organisation.name, reverse("web:organisation", args=[organisation.name])),
            Crumb(self.dataset.name, self.url("overview") if crumbs else ""),
            *crumbs,
        ]
        return {
            "dataset": self.dataset,
            "frame": self,
            "may": {permission.name.lower(): permission in self.may for permission in Permission},
            "tab_items": items,
            "crumbs": trail,
            **more,
        }


def build_dataset_url(dataset: Dataset, name: str, *rest: object) -> str:
    return reverse(f"web:dataset_{name}", args=[dataset.organisation.name, dataset.name, *rest])


def load_dataset_frame(request: HttpRequest, organisation: str, name: str) -> DatasetFrame:
    """Two queries. Raises `DatasetUnknownError` for what is not the reader's to know of."""
    dataset = fetch_dataset(request.user, f"{organisation}/{name}")
    return DatasetFrame(dataset, list_permissions(request.user, dataset.organisation))


def load_draft_frame(request: HttpRequest, organisation: str, name: str) -> DatasetFrame:
    """The same for pages about what is not released: members alone."""
    frame = load_dataset_frame(request, organisation, name)
    if not frame.sees_draft:
        raise DeniedError(
            f"This part of {frame.dataset} is for members of {organisation}."
            " Its releases are on the page of the dataset."
        )
    return frame


def list_permissions(user: Principal, organisation: Organisation) -> frozenset[Permission]:
    roles = load_roles(user, organisation)
    return frozenset(one for one in Permission if any_role_permits(roles, one))


def require_sign_in(request: HttpRequest) -> User:
    """The person; `SignInFirstError`, which leads to the sign-in page, where there is none."""
    if isinstance(request.user, User) and request.user.is_active:
        return request.user
    raise SignInFirstError("Sign in to go on.")


def read_query(request: HttpRequest, name: str) -> str:
    """A word of the address's query; without what no database takes."""
    return request.GET.get(name, "").replace("\0", "").strip()[:200]


def read_field(request: HttpRequest, name: str) -> str:
    """A field of a form too small for a form class; without what no database takes."""
    return request.POST.get(name, "").replace("\0", "").strip()


@contextmanager
def flash_outcome(request: HttpRequest, done: str) -> Iterator[None]:
    """Says how the act inside went: `done`, or why the state or the input does not allow it.

    What the person may not do or know of flies on to the error page.
    """
    try:
        yield
    except EarmarkError as problem:
        if problem.kind in {Kind.DENIED, Kind.NOT_FOUND}:
            raise
        messages.error(request, problem.message)
    else:
        messages.success(request, done)
