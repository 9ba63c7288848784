"""Signing in and out, passwords, and the theme a reader chose."""

from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.doors.web.templatetags.web_components import THEMES

YEAR_SECONDS = 365 * 24 * 3600


class SignIn(auth.LoginView):
    template_name = "web/account/sign_in.html"
    authentication_form = AuthenticationForm
    redirect_authenticated_user = True


class SignOut(auth.LogoutView):
    next_page = "/"


class PasswordChange(auth.PasswordChangeView):
    template_name = "web/account/password_change.html"
    success_url = reverse_lazy("web:password_changed")


class PasswordChanged(auth.PasswordChangeDoneView):
    template_name = "web/account/password_changed.html"


class PasswordReset(auth.PasswordResetView):
    template_name = "web/account/password_reset.html"
    email_template_name = "web/account/password_reset_email.txt"
    subject_template_name = "web/account/password_reset_subject.txt"
    success_url = reverse_lazy("web:password_reset_sent")


class PasswordResetSent(auth.PasswordResetDoneView):
    template_name = "web/account/password_reset_sent.html"


class PasswordResetConfirm(auth.PasswordResetConfirmView):
    template_name = "web/account/password_reset_confirm.html"
    success_url = reverse_lazy("web:password_set")


class PasswordSet(auth.PasswordResetCompleteView):
    template_name = "web/account/password_changed.html"


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remembers the theme; scripts set the same cookie without asking."""
    chosen = request.POST.get("theme", "")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    response = redirect(back)
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=YEAR_SECONDS, samesite="Lax")
    return response
