"""The least that Django does to send a file: no middleware, no database, one view."""

import os
from pathlib import Path

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import FileResponse, HttpRequest
from django.urls import path

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="only-for-benchmarks")
django.setup()
FILE = Path(os.environ["BARE_FILE"])


def serve(request: HttpRequest) -> FileResponse:
    return FileResponse(FILE.open("rb"))


urlpatterns = [path("file", serve)]
application = WSGIHandler()
