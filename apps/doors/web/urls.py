"""The addresses of the pages."""

from django.urls import path

from apps.doors.web.views import account, errors, home, styleguide

app_name = "web"

urlpatterns = [
    path("", home.home, name="home"),
    path("theme/", account.choose_theme, name="theme"),
    path("account/sign-in/", account.SignIn.as_view(), name="sign_in"),
    path("account/sign-out/", account.SignOut.as_view(), name="sign_out"),
    path("account/password/", account.PasswordChange.as_view(), name="password_change"),
    path("account/password/changed/", account.PasswordChanged.as_view(), name="password_changed"),
    path("account/password/reset/", account.PasswordReset.as_view(), name="password_reset"),
    path(
        "account/password/reset/sent/",
        account.PasswordResetSent.as_view(),
        name="password_reset_sent",
    ),
    path(
        "account/password/reset/<uidb64>/<token>/",
        account.PasswordResetConfirm.as_view(),
        name="password_reset_confirm",
    ),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("styleguide/tones.wav", styleguide.tones, name="styleguide_tones"),
]
