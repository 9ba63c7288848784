"""Large files by LFS: what is missing, and bytes whole or in parts to signed addresses."""

from __future__ import annotations

import re
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from apps.accounts.access import Principal
from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.doors.hub import push_passes
from apps.doors.hub.refusals import answer_as_hub, answer_by_signature, build_refusal
from apps.doors.hub.request_bodies import Body, read_json, read_objects, read_size, read_text
from apps.doors.hub.tree import Json
from apps.doors.hub.writers import require_draft
from apps.ingest.models import Upload
from apps.ingest.upload_bytes import PART_BYTES, join_parts, put_file, put_part
from apps.ingest.uploads import (
    AnnouncedFile,
    CheckedFile,
    Way,
    check_pushed_files,
    fetch_upload,
)
from apps.storage.blobs import find_blobs
from datasets_catalog.errors import InvalidError, NotFoundError

OBJECTS = 1000
SHA256 = re.compile(r"[0-9a-f]{64}")
MEDIA_TYPE = "application/vnd.git-lfs+json"
WHOLE, PART, JOIN = "lfs-put", "lfs-part", "lfs-join"


class ObjectMissingError(NotFoundError):
    """The bytes did not arrive, or with another size."""

    code = "hub.object_missing"


@answer_as_hub
def plan_batch(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """For each object whether it is here, or where to send it."""
    user, row = require_draft(principal, dataset)
    body = read_json(request)
    if body.get("operation") != "upload":
        return build_refusal(403, "Files are read by their own addresses (resolve), not by LFS.")
    asked = [_parse_announced(each) for each in read_objects(body, "objects", most=OBJECTS)]
    upload, found = check_pushed_files(actor=user, dataset=row, files=asked)
    objects, transfer = [], "basic"
    for checked in found:
        in_parts = checked.way is Way.PARTS and "multipart" in (body.get("transfers") or ())
        transfer = "multipart" if in_parts else transfer
        objects.append(_describe_object(request, (user, row, upload), checked, in_parts=in_parts))
    return JsonResponse({"transfer": transfer, "objects": objects}, content_type=MEDIA_TYPE)


def _parse_announced(each: Json) -> AnnouncedFile:
    oid = read_text(each, "oid")
    if not SHA256.fullmatch(oid):
        raise InvalidError("oid is a SHA-256 in 64 lower-case hexadecimal digits.")
    return AnnouncedFile(oid, oid, read_size(each))


def _describe_object(
    request: HttpRequest,
    session: tuple[User, Dataset, Upload],
    checked: CheckedFile,
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
        upload = (_build_part_addresses if in_parts else _build_whole_address)(
            request, session, checked
        )
        answer["actions"] = {"upload": upload, "verify": {"href": verify}}
    return answer


def _build_whole_address(
    request: HttpRequest, session: tuple[User, Dataset, Upload], checked: CheckedFile
) -> Json:
    return {"href": _build_href(request, WHOLE, session, checked.file)}


def _build_part_addresses(
    request: HttpRequest, session: tuple[User, Dataset, Upload], checked: CheckedFile
) -> Json:
    """An address for each part, and one to join them; the client cuts exactly so many."""
    count = -(-checked.file.size // PART_BYTES)
    header = {"chunk_size": str(PART_BYTES)}
    for number in range(1, count + 1):
        header[f"{number:05}"] = _build_href(request, PART, session, checked.file, str(number))
    return {"href": _build_href(request, JOIN, session, checked.file), "header": header}


def _build_href(
    request: HttpRequest,
    purpose: str,
    session: tuple[User, Dataset, Upload],
    file: AnnouncedFile,
    *more: str,
) -> str:
    user, dataset, upload = session
    words = (str(upload.uid), file.sha256, str(file.size), *more)
    text = push_passes.issue_pass(purpose, user, dataset, *words)
    return request.build_absolute_uri(f"/pushes/{purpose}/{text}")


@answer_by_signature
def put_whole_object(request: HttpRequest, principal: Principal, text: str) -> HttpResponseBase:
    """The bytes of one object, kept if they are those announced."""
    if request.method != "PUT":
        return build_refusal(405, "Send the bytes by PUT.")
    opened = push_passes.open_pass(WHOLE, text)
    uid, sha256, size = opened.words
    put_file(
        actor=opened.user,
        upload=fetch_upload(opened.user, opened.dataset.full_name, UUID(uid)),
        sha256=sha256,
        stream=Body(request),
        size=int(size),
    )
    return HttpResponse()


@answer_by_signature
def put_one_part(request: HttpRequest, principal: Principal, text: str) -> HttpResponseBase:
    """One part of a large object; sent again, it replaces the first."""
    if request.method != "PUT":
        return build_refusal(405, "Send the bytes by PUT.")
    opened = push_passes.open_pass(PART, text)
    uid, sha256, _, number = opened.words
    part = put_part(
        actor=opened.user,
        upload=fetch_upload(opened.user, opened.dataset.full_name, UUID(uid)),
        sha256=sha256,
        number=int(number),
        stream=Body(request),
    )
    return HttpResponse(headers={"ETag": f'"{part.part_sha256}"'})


@answer_by_signature
def join_object(request: HttpRequest, principal: Principal, text: str) -> HttpResponseBase:
    """Make the object of its parts; safe to repeat."""
    if request.method != "POST":
        return build_refusal(405, "Join the parts by POST.")
    opened = push_passes.open_pass(JOIN, text)
    uid, sha256, size = opened.words
    join_parts(
        actor=opened.user,
        upload=fetch_upload(opened.user, opened.dataset.full_name, UUID(uid)),
        sha256=sha256,
        size=int(size),
    )
    return JsonResponse({"oid": sha256})


@answer_as_hub
def verify_object(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """Whether an object arrived whole."""
    _, row = require_draft(principal, dataset)
    file = _parse_announced(read_json(request))
    blob = find_blobs(row.uid, [file.sha256]).get(file.sha256)
    if blob is None or blob.size != file.size:
        raise ObjectMissingError("The object did not arrive: send it again.")
    return JsonResponse({"oid": file.sha256, "size": file.size})
