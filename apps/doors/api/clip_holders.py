"""What the REST door holds of clips: answers to requests that may be repeated, and bodies."""

from __future__ import annotations

from collections.abc import Iterator

from apps.doors.api.models import IdempotentAnswer
from apps.storage.holders import (
    ClipTrace,
    Departure,
    Held,
    Holder,
    Holding,
    declare_clip_free,
    list_passing_files,
    list_rows_naming,
    register_holder,
)


def _find_answers(trace: ClipTrace) -> Iterator[Holding]:
    words = (*trace.paths, *trace.sha256s, str(trace.clip_uid))
    yield from list_rows_naming(IdempotentAnswer.objects.all(), ["body"], words)


def _find_bodies(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_passing_files("tmp*")


register_holder(
    Holder(
        name="answers to repeated requests",
        what="the body of an answer under an `Idempotency-Key`",
        held=Held.PATH,
        departure=Departure.EXPIRES,
        way="after a day, when the same person asks under a key again",
        find=_find_answers,
        columns=("api_door.IdempotentAnswer.body",),
    )
)
register_holder(
    Holder(
        name="bodies of requests",
        what="an archive, table or paper that is sent, until the request is answered",
        held=Held.BYTES,
        departure=Departure.EXPIRES,
        way="the folder goes with the answer; what a killed process left stays in `work/`",
        find=_find_bodies,
        folders=("work/tmp*/**",),
        modules=(
            "apps.doors.api.streams",
            "apps.doors.api.views.imports",
            "apps.doors.api.views.review_record",
        ),
    )
)
declare_clip_free(
    "it is of the request",
    "api_door.IdempotentAnswer.key",
    "api_door.IdempotentAnswer.request_sha256",
    "apps.doors.api.throttles",
)
