"""Under which licence the draft can go out, and what stands in the way."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.accounts.models import Organisation
from apps.datasets.actions import remove_clips
from apps.doors.web.components import Bar, Crumb
from apps.doors.web.templatetags.web_components import length_of
from apps.doors.web.views.frame import (
    DatasetFrame,
    asked,
    draft_frame,
    signed_in,
    told,
    typed,
)
from apps.licensing.licences import licences_of
from apps.releases.outlook import LicenceOutlook, licence_outlook
from datasets_catalog.errors import ConflictError, InvalidError
from datasets_catalog.licence_conflicts import count_of_clips
from datasets_catalog.licences import Use
from datasets_catalog.outbound import Outbound, Wanted
from datasets_catalog.purposes import TERMS

SHOWN_CLIPS = 50


class DropChangedError(ConflictError):
    """The clips in the way are others than those the page showed."""

    code = "page.drop_changed"


def of_dataset(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    frame = draft_frame(request, organisation, name)
    use, wanted = _use(asked(request, "use"), frame), asked(request, "wanted")
    problem = ""
    try:
        outlook = licence_outlook(frame.dataset, use=use, wanted=wanted or None)
    except InvalidError as refused:
        problem, outlook = refused.message, licence_outlook(frame.dataset, use=use, wanted="")
    context = frame.context(
        "rights",
        Crumb("Rights"),
        use=use,
        wanted=wanted,
        problem=problem,
        outlook=outlook,
        permitted=[TERMS[purpose].title for purpose in outlook.usage.permitted],
        goals=[(goal.value, goal.outcome) for goal in Wanted],
        licences=_choices(frame.dataset.organisation),
        **_shown(outlook.outbound),
    )
    status = 400 if problem else 200
    return render(request, "web/datasets/rights.html", context, status=status)


@require_POST
def drop(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """Removes the clips in the way, computed anew, if they are as many as the page showed."""
    user = signed_in(request)
    frame = draft_frame(request, organisation, name)
    outlook = licence_outlook(
        frame.dataset,
        use=_use(typed(request, "use"), frame),
        wanted=typed(request, "wanted") or None,
    )
    plan = outlook.outbound.drop
    with told(request, f"{plan.clips:,} clips are out of the draft."):
        _same_count(outlook, typed(request, "phrase"))
        remove_clips(actor=user, dataset=frame.dataset, paths=plan.paths)
    return redirect(frame.url("rights"))


def _choices(organisation: Organisation) -> list[str]:
    """Name the licences that can be wanted; ports are wanted by those who know their names."""
    known = licences_of(organisation).all()
    return [terms.licence for terms in known if not terms.jurisdiction]


def _same_count(outlook: LicenceOutlook, count: str) -> None:
    if count != str(outlook.outbound.drop.clips):
        raise DropChangedError(
            "Nothing was removed: type the number of clips to confirm, as the page shows it now."
        )


def _use(text: str, frame: DatasetFrame) -> Use:
    return Use(text) if text in set(Use) else Use(frame.dataset.use)


def _shown(found: Outbound) -> dict[str, Any]:
    rights = found.rights
    clips = sum(share.clips for share in found.mix) or 1
    return {
        "found": found,
        "mix": [
            Bar(
                share.expression,
                f"{count_of_clips(share.clips)}, {length_of(share.seconds)}",
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
