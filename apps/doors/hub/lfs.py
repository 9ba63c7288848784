"""Large files by LFS: what is missing, and bytes whole or in parts to signed addresses."""

from __future__ import annotations

import re
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from apps.accounts.access import Principal
from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.doors.hub import signed
from apps.doors.hub.answers import hub_door, refusal, signed_door
from apps.doors.hub.bodies import Body, json_of, objects_in, size_in, text_in
from apps.doors.hub.tree import Json
from apps.doors.hub.writers import draft_of
from apps.ingest.models import Upload
from apps.ingest.upload_bytes import PART_BYTES, join_parts, put_file, put_part
from apps.ingest.uploads import Announced, Checked, Way, check_files, session_of, upload_for
from apps.storage.blobs import have
from datasets_catalog.errors import InvalidError, NotFoundError

OBJECTS = 1000
SHA256 = re.compile(r"[0-9a-f]{64}")
MEDIA_TYPE = "application/vnd.git-lfs+json"
WHOLE, PART, JOIN = "lfs-put", "lfs-part", "lfs-join"


class ObjectMissingError(NotFoundError):
    """The bytes did not arrive, or with another size."""

    code = "hub.object_missing"


@hub_door
def batch(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """For each object whether it is here, or where to send it."""
    user, row = draft_of(principal, dataset)
    body = json_of(request)
    if body.get("operation") != "upload":
        return refusal(403, "Files are read by their own addresses (resolve), not by LFS.")
    asked = [_announced(each) for each in objects_in(body, "objects", most=OBJECTS)]
    upload = session_of(actor=user, dataset=row)
    objects, transfer = [], "basic"
    for checked in check_files(actor=user, upload=upload, files=asked):
        in_parts = checked.way is Way.PARTS and "multipart" in (body.get("transfers") or ())
        transfer = "multipart" if in_parts else transfer
        objects.append(_answer(request, (user, row, upload), checked, in_parts=in_parts))
    return JsonResponse({"transfer": transfer, "objects": objects}, content_type=MEDIA_TYPE)


def _announced(each: Json) -> Announced:
    oid = text_in(each, "oid")
    if not SHA256.fullmatch(oid):
        raise InvalidError("oid is a SHA-256 in 64 lower-case hexadecimal digits.")
    return Announced(oid, oid, size_in(each))


def _answer(
    request: HttpRequest,
    session: tuple[User, Dataset, Upload],
    checked: Checked,
    *,
    in_parts: bool,
) -> Json:
    file = checked.file
    answer: Json = {"oid": file.sha256, "size": file.size}
    if checked.error is not None:
        answer["error"] = {"code": 422, "message": checked.error.message}
    elif checked.way is not Way.HAVE:
        _, dataset, _ = session
        verify = request.build_absolute_uri(f"/datasets/{dataset.full_name}.git/info/lfs/verify")
        upload = (_parts if in_parts else _whole)(request, session, checked)
        answer["actions"] = {"upload": upload, "verify": {"href": verify}}
    return answer


def _whole(request: HttpRequest, session: tuple[User, Dataset, Upload], checked: Checked) -> Json:
    return {"href": _href(request, WHOLE, session, checked.file)}


def _parts(request: HttpRequest, session: tuple[User, Dataset, Upload], checked: Checked) -> Json:
    """An address for each part, and one to join them; the client cuts exactly so many."""
    count = -(-checked.file.size // PART_BYTES)
    header = {"chunk_size": str(PART_BYTES)}
    for number in range(1, count + 1):
        header[f"{number:05}"] = _href(request, PART, session, checked.file, str(number))
    return {"href": _href(request, JOIN, session, checked.file), "header": header}


def _href(
    request: HttpRequest,
    purpose: str,
    session: tuple[User, Dataset, Upload],
    file: Announced,
    *more: str,
) -> str:
    user, dataset, upload = session
    words = (str(upload.uid), file.sha256, str(file.size), *more)
    text = signed.issue(purpose, user, dataset, *words)
    return request.build_absolute_uri(f"/pushes/{purpose}/{text}")


@signed_door
def put_whole(request: HttpRequest, principal: Principal, text: str) -> HttpResponseBase:
    """The bytes of one object, kept if they are those announced."""
    if request.method != "PUT":
        return refusal(405, "Send the bytes by PUT.")
    opened = signed.check(WHOLE, text)
    uid, sha256, size = opened.words
    put_file(
        actor=opened.user,
        upload=upload_for(opened.user, opened.dataset.full_name, UUID(uid)),
        sha256=sha256,
        stream=Body(request),
        size=int(size),
    )
    return HttpResponse()


@signed_door
def put_one_part(request: HttpRequest, principal: Principal, text: str) -> HttpResponseBase:
    """One part of a large object; sent again, it replaces the first."""
    if request.method != "PUT":
        return refusal(405, "Send the bytes by PUT.")
    opened = signed.check(PART, text)
    uid, sha256, _, number = opened.words
    part = put_part(
        actor=opened.user,
        upload=upload_for(opened.user, opened.dataset.full_name, UUID(uid)),
        sha256=sha256,
        number=int(number),
        stream=Body(request),
    )
    return HttpResponse(headers={"ETag": f'"{part.part_sha256}"'})


@signed_door
def join(request: HttpRequest, principal: Principal, text: str) -> HttpResponseBase:
    """Make the object of its parts; safe to repeat."""
    if request.method != "POST":
        return refusal(405, "Join the parts by POST.")
    opened = signed.check(JOIN, text)
    uid, sha256, size = opened.words
    join_parts(
        actor=opened.user,
        upload=upload_for(opened.user, opened.dataset.full_name, UUID(uid)),
        sha256=sha256,
        size=int(size),
    )
    return JsonResponse({"oid": sha256})


@hub_door
def verify(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """Whether an object arrived whole."""
    _, row = draft_of(principal, dataset)
    file = _announced(json_of(request))
    blob = have(row.uid, [file.sha256]).get(file.sha256)
    if blob is None or blob.size != file.size:
        raise ObjectMissingError("The object did not arrive: send it again.")
    return JsonResponse({"oid": file.sha256, "size": file.size})
