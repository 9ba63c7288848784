"""Addresses of the DVC door."""

from django.urls import re_path

from apps.doors.dvc import objects, repository

DATASET = r"(?P<dataset>[^/]+/[^/]+)"

app_name = "dvc"
urlpatterns = [
    re_path(
        rf"^dvc/{DATASET}/files/md5/(?P<address>[0-9a-f]{{2}}/[0-9a-f]{{30}}(?:\.dir)?)$",
        objects.serve_object,
        name="object",
    ),
    re_path(rf"^git/{DATASET}\.git/info/refs$", repository.advertise_references, name="refs"),
    re_path(rf"^git/{DATASET}\.git/git-upload-pack$", repository.upload_pack, name="upload_pack"),
    re_path(rf"^git/{DATASET}\.git(?:/.*)?$", repository.refuse_request, name="git"),
]
