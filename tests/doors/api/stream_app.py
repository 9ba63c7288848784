"""A server's application that hashes a body as it streams in, for anybody."""

import hashlib
import os
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import path

os.environ["DJANGO_SETTINGS_MODULE"] = "earmark.settings.testing"
settings.ROOT_URLCONF = __name__
settings.MIDDLEWARE = []
django.setup()

from rest_framework.request import Request  # noqa: E402 - the settings come first
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from apps.doors.api.streams import StreamParser, open_body, read_declared_size  # noqa: E402


class Hashed(APIView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (StreamParser,)

    def put(self, request: Request) -> Response:
        digest, size = hashlib.sha256(), 0
        stream = open_body(request)
        try:
            while chunk := stream.read(65536):
                digest.update(chunk)
                size += len(chunk)
        except OSError as error:
            return Response({"torn": type(error).__name__}, status=400)
        answer: dict[str, Any] = {"sha256": digest.hexdigest(), "size": size}
        return Response(answer | {"declared": read_declared_size(request)})


urlpatterns = [path("hashed", Hashed.as_view())]
application = WSGIHandler()
