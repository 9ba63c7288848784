"""A server's application that serves one file by `serve_blob`, without a database."""

import hashlib
import os
from pathlib import Path
from uuid import UUID

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path

STORE = UUID(int=1)
OID = "0" * 32

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only-for-tests",
    SERVE_BACKEND=os.environ.get("SERVE_BACKEND", "sendfile"),
    ACCEL_PREFIX="/_blobs/",
    TRANSFERS_AT_ONCE=96,
    INSTALLED_APPS=["apps.storage"],
    STORAGES={
        "blobs": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": os.environ["WINDOW_APP_ROOT"]},
        }
    },
)
django.setup()

from apps.doors.blob_responses import Offer, serve_blob  # noqa: E402 - the settings come first
from apps.storage.models import Blob  # noqa: E402

CONTENT = (Path(os.environ["WINDOW_APP_ROOT"]) / f"{STORE}/files/md5/00/{OID[2:]}").read_bytes()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def serve(request: HttpRequest) -> HttpResponseBase:
    blob = Blob(store=STORE, oid=OID, sha256=SHA256, size=len(CONTENT))
    return serve_blob(request, blob, Offer(name="file.bin"))


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


urlpatterns = [path("file", serve), path("page", page)]
application = WSGIHandler()
