"""Keys for programs: made, shown once, ended."""

from datetime import timedelta

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.access.standing import match_let_in
from apps.accounts.access import list_organisations_where
from apps.accounts.models import Token, User
from apps.accounts.tokens import create_token, revoke_token
from apps.datasets.access import list_visible_datasets
from apps.doors.web.components import Crumb
from apps.doors.web.page_forms import TokenForm
from apps.doors.web.views.page_frame import flash_outcome, require_sign_in
from datasets_catalog.roles import Permission

# So many datasets are offered to limit a token to; over REST any can be named.
LISTED = 100


@never_cache
def list_tokens(request: HttpRequest) -> HttpResponse:
    """The text of a new token is in the answer to its making and nowhere else."""
    user = require_sign_in(request)
    names = _list_nameable_datasets(user)
    form = TokenForm(request.POST or None, names=names)
    made = None
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        made = create_token(
            actor=user,
            name=form.cleaned_data["name"],
            scope=form.cleaned_data["scope"],
            expires_at=timezone.now() + timedelta(days=days) if days else None,
            datasets=form.cleaned_data.get("datasets", []),
        )
        form = TokenForm(names=names)
    context = {
        "form": form,
        "made": made,
        "tokens": Token.objects.filter(user=user),
        "now": timezone.now(),
        "crumbs": [Crumb("Tokens")],
    }
    return render(request, "web/account/tokens.html", context, status=422 if form.errors else 200)


def _list_nameable_datasets(user: User) -> list[str]:
    """Datasets that a token can be limited to: those the person works on or was let into."""
    mine = Q(organisation_id__in=list_organisations_where(user, Permission.DATASET_VIEW))
    rows = list_visible_datasets(user).filter(mine | match_let_in(user))
    return [row.full_name for row in rows[:LISTED]]


@require_POST
def revoke_own_token(request: HttpRequest, token_id: int) -> HttpResponse:
    user = require_sign_in(request)
    with flash_outcome(request, "The token is revoked; programs that used it are shut out."):
        revoke_token(actor=user, token_id=token_id)
    return redirect("web:tokens")
