"""Which door answers which address."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("apps.doors.api.urls")),
    path("", include("apps.doors.dvc.urls")),
    # Before the pages: `/datasets/…/resolve/…` is the hub door's.
    path("", include("apps.doors.hub.urls")),
    path("", include("apps.doors.web.urls")),
]

handler400 = "apps.doors.web.views.errors.bad_request"
handler403 = "apps.doors.web.views.errors.permission_denied"
handler404 = "apps.doors.web.views.errors.not_found"
handler500 = "apps.doors.web.views.errors.server_error"
