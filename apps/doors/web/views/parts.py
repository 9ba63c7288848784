"""Taking a part of a release: choose, see how much it is, take it, also in a flavour."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.access.access import open_release
from apps.access.authorizations import Action
from apps.access.authorize import authorize_action, find_access_policy
from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.datasets.vocabulary_graph import find_terms_above
from apps.deliveries.flavours import (
    CONTAINERS,
    RATES,
    FlavourState,
    Spec,
    is_made,
    list_flavour_states,
    order_flavour,
)
from apps.deliveries.kept_selections import keep_selection
from apps.deliveries.parts import build_file_name
from apps.deliveries.selections import (
    LISTS,
    MOST_CLIPS,
    Selection,
    Summary,
    count_by_column,
    summarise_selection,
)
from apps.doors.download_commands import TOKEN_VARIABLE, Command
from apps.doors.part_requests import PartRequest, resolve_part_request
from apps.doors.web.components import Crumb
from apps.doors.web.views.jobs import build_job_context
from apps.doors.web.views.page_frame import (
    HtmxRequest,
    build_dataset_url,
    flash_outcome,
    load_dataset_frame,
    require_sign_in,
)
from apps.releases.models import Release
from datasets_catalog.clip_columns import SELECTABLE
from datasets_catalog.door_purposes import is_grantable
from datasets_catalog.errors import EarmarkError, InvalidError, Kind
from datasets_catalog.purposes import TERMS, Purpose
from datasets_catalog.release_states import PUBLIC_STATES

# Values of each kind that the form lists; others are chosen over REST.
LISTED = 200
LONGEST = 1024
AS_RELEASED = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One value that can be chosen, and how much of it there is."""

    value: str
    words: str
    count: int
    unit: str
    chosen: bool


def show_part(request: HtmxRequest, organisation: str, name: str, version: str) -> HttpResponse:
    """The form beside what it amounts to; htmx asks for the latter alone."""
    frame = load_dataset_frame(request, organisation, name)
    release = _open_release(request, frame.dataset, version)
    amount = _describe_amount(request, release)
    if request.htmx:
        return render(request, "web/releases/_part_amount.html", amount)
    earlier = frame.dataset.releases.filter(state__in=PUBLIC_STATES, order__lt=release.order)
    context = frame.context(
        "releases",
        Crumb("Releases", frame.url("releases")),
        Crumb(release.tag, frame.url("release", release.version)),
        Crumb("A part"),
        earlier=earlier.order_by("-order"),
        groups=_build_groups(release, amount["wanted"].selection),
        rates=[("own", "as in each clip"), *((str(rate), f"{rate} Hz") for rate in RATES)],
        containers=CONTAINERS,
        chosen=_read_flavour_words(request.GET),
        purposes=_list_purposes(request, release),
        most_clips=MOST_CLIPS,
        **amount,
    )
    return render(request, "web/releases/part.html", context)


@require_POST
def keep_clip_list(
    request: HttpRequest, organisation: str, name: str, version: str
) -> HttpResponse:
    """A list of clips, one a line: too long for an address, so it is kept and named."""
    user = require_sign_in(request)
    frame = load_dataset_frame(request, organisation, name)
    release = _open_release(request, frame.dataset, version)
    address = frame.url("part", release.version)
    with flash_outcome(request, "The list is kept for 30 days after its last use."):
        lines = request.POST.get("clips", "").replace("\0", "").splitlines()
        clips = [line.strip()[:LONGEST] for line in lines if line.strip()]
        if not 0 < len(clips) <= MOST_CLIPS:
            raise InvalidError(f"Give 1 to {MOST_CLIPS} clips, one a line.")
        selection = Selection.of({"clips": clips})
        summarise_selection(release, selection)
        kept = keep_selection(actor=user, release=release, selection=selection)
        address = f"{address}?selection={kept.sha256}"
    return redirect(address)


@require_POST
def make_flavour(request: HttpRequest, organisation: str, name: str, version: str) -> HttpResponse:
    """Have the flavour made of what the address says."""
    user = require_sign_in(request)
    frame = load_dataset_frame(request, organisation, name)
    release = _open_release(request, frame.dataset, version)
    with flash_outcome(request, "The flavour is being made."):
        wanted = _read_part_request(request, release)
        order_flavour(
            actor=user,
            release=release,
            spec=Spec.parse_name(wanted.flavour),
            selection=wanted.selection,
            before=wanted.before,
        )
    return redirect(f"{frame.url('part', release.version)}?{request.GET.urlencode()}")


def _list_purposes(request: HttpRequest, release: Release) -> list[tuple[str, str]]:
    """What the reader may say that they take it for; nothing to choose where it is one thing."""
    offered = authorize_action(request.user, release, Action.DOWNLOAD).purposes
    rows = [(purpose.value, TERMS[purpose].title) for purpose in Purpose if purpose in offered]
    return rows if len(rows) > 1 else []


def _open_release(request: HttpRequest, dataset: Dataset, version: str) -> Release:
    found = open_release(
        request.user, dataset.full_name, version.removeprefix("v"), Action.DOWNLOAD
    )
    return found.release


def _describe_amount(request: HttpRequest, release: Release) -> dict[str, Any]:
    """What `_part_amount.html` needs: the count, the addresses, how far the flavour is."""
    dataset = release.dataset
    context: dict[str, Any] = {"release": release, "dataset": dataset}
    try:
        wanted = _read_part_request(request, release)
        found = summarise_selection(release, wanted.selection, wanted.before)
    except EarmarkError as problem:
        if problem.kind not in {Kind.INVALID, Kind.NOT_FOUND}:
            raise
        nothing = PartRequest(Selection())
        return context | {"problem": problem.message, "wanted": nothing}
    states = list_flavour_states(release, request.user)
    state = next((row for row in states if row.flavour.name == wanted.flavour), None)
    address = _build_address(release, wanted)
    query = urlencode(_build_query(wanted), doseq=True)
    make_url = build_dataset_url(dataset, "part_flavour", release.version)
    return context | {
        "wanted": wanted,
        "found": found,
        "examples_left": found.clips - len(found.examples),
        "archive_url": address,
        "commands": _build_commands(release, wanted, address),
        "ready": _is_ready(release, wanted, found, state),
        "states": states,
        "job": _build_job(state, request),
        "make_url": f"{make_url}?{query}",
    }


def _is_ready(
    release: Release, wanted: PartRequest, found: Summary, state: FlavourState | None
) -> bool:
    """Whether the part can be taken as it is asked for."""
    if not wanted.flavour or not found.clips:
        return True
    if state is None or not state.ready:
        return False
    spec = Spec.parse_name(wanted.flavour)
    return state.is_whole or is_made(release, spec, wanted.selection, wanted.before)


def _build_job(state: FlavourState | None, request: HttpRequest) -> dict[str, Any] | None:
    if state is None or state.job is None or not isinstance(request.user, User):
        return None
    return build_job_context(state.job, request.user, reload_when_over=True)


def _read_part_request(request: HttpRequest, release: Release) -> PartRequest:
    given = request.GET
    kept, purpose = given.get("selection", ""), given.get("purpose", "")
    known = purpose in set(Purpose) and is_grantable(Purpose(purpose))
    return resolve_part_request(
        request.user,
        release,
        None if kept else Selection.of(_read_lists(given)),
        kept=kept,
        flavour=_parse_flavour(given),
        purpose=purpose if known else "",
    )


def _read_lists(given: QueryDict) -> dict[str, Any]:
    lists = {
        name: [value.replace("\0", "")[:LONGEST] for value in given.getlist(name)[:LISTED]]
        for name in (*LISTS, *SELECTABLE)
    }
    return {**lists, "since": given.get("since", "").replace("\0", "")[:32]}


def _parse_flavour(given: QueryDict) -> str:
    if name := given.get("flavour", ""):
        return Spec.parse_name(name).name
    words = _read_flavour_words(given)
    if words == {"rate": "own", "channels": "all", "container": AS_RELEASED}:
        return AS_RELEASED
    container = words["container"] or "flac"
    return Spec.parse_name(f"{words['rate']}-{words['channels']}-{container}").name


def _read_flavour_words(given: QueryDict) -> dict[str, str]:
    if name := given.get("flavour", ""):
        rate, channels, container = (*name.split("-"), "", "", "")[:3]
        return {"rate": rate, "channels": channels, "container": container}
    return {
        "rate": given.get("rate", "own"),
        "channels": given.get("channels", "all"),
        "container": given.get("container", AS_RELEASED),
    }


def _build_query(wanted: PartRequest) -> dict[str, Any]:
    chosen: dict[str, Any] = (
        {"selection": wanted.kept} if wanted.kept else wanted.selection.as_json()
    )
    besides = {"flavour": wanted.flavour, "purpose": wanted.purpose}
    return chosen | {name: value for name, value in besides.items() if value}


def _build_address(release: Release, wanted: PartRequest, route: str = "release-archive") -> str:
    dataset = release.dataset
    place = {
        "organisation": dataset.organisation.name,
        "name": dataset.name,
        "version": release.version,
    }
    address = reverse(f"api:{route}", kwargs=place)
    query = urlencode(_build_query(wanted), doseq=True)
    return f"{address}?{query}" if query else address


def _build_commands(release: Release, wanted: PartRequest, archive: str) -> Sequence[Command]:
    base = settings.BASE_URL.rstrip("/")
    is_open = find_access_policy(release) == Dataset.Access.OPEN
    token = "" if is_open else f'-H "Authorization: Bearer ${TOKEN_VARIABLE}" '
    manifest = _build_address(release, wanted, "release-manifest")
    file = build_file_name(release, wanted.selection, wanted.spec)
    return (
        Command(
            "curl",
            "the command that takes this part as a tar",
            f"curl -f -C - -o {file} {token}{shlex.quote(base + archive)}",
            "Given again after a broken transfer, it goes on where it was.",
        ),
        Command(
            "A list of addresses",
            "the command that lists this part's files",
            f"curl -f {token}{shlex.quote(base + manifest)}",
            "JSON lines; each address opens its clip for ten minutes, without a token.",
        ),
    )


def _build_groups(
    release: Release, selection: Selection
) -> list[tuple[str, str, list[Option], int]]:
    """What the form lists: title, name, values, and how many are left out."""
    counted = release.statistics
    return [
        _build_group("Labels", "labels", _count_labels(release), selection.labels),
        _build_group(
            "Splits",
            "splits",
            _count_rows(counted.get("splits", []), "split", "clips"),
            selection.splits,
        ),
        _build_group(
            "Licences",
            "licences",
            _count_rows(counted.get("licences", []), "licence", "clips"),
            selection.licences,
        ),
        *(
            _build_group(column.title, name, _count_clips(values), selection.list_values(name))
            for name, values in count_by_column(release).items()
            if len(values) > 1
            for column in (SELECTABLE[name],)
        ),
    ]


def _count_labels(release: Release) -> list[tuple[str, int, str]]:
    """Labels with their events, or clips where they are weak, and the terms above them."""
    counted = release.statistics
    found = {
        row["label"]: (row["label"], row["clips"], "clip")
        for row in counted.get("weak_label_clips", [])
    }
    found |= {
        row["label"]: (row["label"], row["events"], "event") for row in counted.get("labels", [])
    }
    above = find_terms_above(release.vocabulary, found) if release.vocabulary else {}
    wider = [(name, below, "label") for name, below in above.items() if name not in found]
    return sorted([*found.values(), *wider])


def _format_value(name: str, value: str) -> str:
    """What the form calls a value of a list or column."""
    column = SELECTABLE.get(name)
    if column is not None and column.is_flag:
        return "yes" if value == "true" else "no"
    return value or f"no {name.removesuffix('s')}"


def _count_clips(values: Sequence[tuple[str, int]]) -> list[tuple[str, int, str]]:
    return [(value, count, "clip") for value, count in values]


def _count_rows(
    rows: Iterable[dict[str, Any]], name: str, count: str, unit: str = "clip"
) -> list[tuple[str, int, str]]:
    return [(str(row[name]), int(row[count]), unit) for row in rows]


def _build_group(
    title: str, name: str, values: list[tuple[str, int, str]], chosen: Sequence[str]
) -> tuple[str, str, list[Option], int]:
    options = [
        Option(value, _format_value(name, value), count, unit, value in chosen)
        for value, count, unit in values[:LISTED]
    ]
    return title, name, options, max(0, len(values) - LISTED)
