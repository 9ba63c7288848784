"""Under which licence the draft can go out, and what stands in the way."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.accounts.models import Organisation
from apps.datasets.actions import remove_clips
from apps.doors.web.components import Bar, Crumb
from apps.doors.web.templatetags.web_components import length_of
from apps.doors.web.views.page_frame import (
    DatasetFrame,
    flash_outcome,
    load_draft_frame,
    read_field,
    read_query,
    require_sign_in,
)
from apps.licensing.licences import load_licences
from apps.releases.forecasts import LicenceForecast, forecast_licence
from datasets_catalog.card_text import format_clip_count
from datasets_catalog.errors import ConflictError, InvalidError
from datasets_catalog.licences import Use
from datasets_catalog.outbound import Outbound, WantedOutcome
from datasets_catalog.purposes import TERMS

SHOWN_CLIPS = 50


class DropChangedError(ConflictError):
    """The clips in the way are others than those the page showed."""

    code = "page.drop_changed"


def show_draft_licence(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    frame = load_draft_frame(request, organisation, name)
    use, wanted = _parse_use(read_query(request, "use"), frame), read_query(request, "wanted")
    problem = ""
    try:
        outlook = forecast_licence(frame.dataset, use=use, wanted=wanted or None)
    except InvalidError as refused:
        problem, outlook = refused.message, forecast_licence(frame.dataset, use=use, wanted="")
    context = frame.context(
        "rights",
        Crumb("Rights"),
        use=use,
        wanted=wanted,
        problem=problem,
        outlook=outlook,
        permitted=[TERMS[purpose].title for purpose in outlook.usage.permitted],
        goals=[(goal.value, goal.outcome) for goal in WantedOutcome],
        licences=_list_wanted_licences(frame.dataset.organisation),
        **_describe_outbound(outlook.outbound),
    )
    status = 400 if problem else 200
    return render(request, "web/datasets/rights.html", context, status=status)


@require_POST
def drop_conflicting_clips(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """Removes the clips in the way, computed anew, if they are as many as the page showed."""
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    outlook = forecast_licence(
        frame.dataset,
        use=_parse_use(read_field(request, "use"), frame),
        wanted=read_field(request, "wanted") or None,
    )
    plan = outlook.outbound.drop
    with flash_outcome(request, f"{plan.clips:,} clips are out of the draft."):
        _require_same_count(outlook, read_field(request, "phrase"))
        remove_clips(actor=user, dataset=frame.dataset, paths=plan.paths)
    return redirect(frame.url("rights"))


def _list_wanted_licences(organisation: Organisation) -> list[str]:
    """Name the licences that can be wanted; ports are wanted by those who know their names."""
    known = load_licences(organisation).all()
    return [terms.licence for terms in known if not terms.jurisdiction]


def _require_same_count(outlook: LicenceForecast, count: str) -> None:
    if count != str(outlook.outbound.drop.clips):
        raise DropChangedError(
            "Nothing was removed: type the number of clips to confirm, as the page shows it now."
        )


def _parse_use(text: str, frame: DatasetFrame) -> Use:
    return Use(text) if text in set(Use) else Use(frame.dataset.use)


def _describe_outbound(found: Outbound) -> dict[str, Any]:
    rights = found.rights
    clips = sum(share.clips for share in found.mix) or 1
    return {
        "found": found,
        "mix": [
            Bar(
                share.expression,
                f"{format_clip_count(share.clips)}, {length_of(share.seconds)}",
                share.clips / clips,
            )
            for share in found.mix
        ],
        "rights": [
            ("Use it commercially", rights.commercial),
            ("Adapt it", rights.derivatives),
            ("Pass it on", rights.redistribution),
        ],
        "duties": [
            ("Name the authors", rights.attribution),
            ("Share adaptations alike", rights.share_alike),
        ],
        "drop_paths": found.drop.paths[:SHOWN_CLIPS],
    }
