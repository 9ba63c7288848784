"""Errors of the domain as plain HTTP answers for programs that print little more than a line."""

from __future__ import annotations

import re

from django.http import HttpResponse

from datasets_catalog.errors import EarmarkError, Kind

STATUS: dict[Kind, int] = {
    Kind.INVALID: 400,
    Kind.DENIED: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.UNAVAILABLE: 503,
}
REASON_CHARACTERS = 200


def format_reason_phrase(text: str) -> str:
    """The text as the reason of a status line: one line of printable ASCII, not too long."""
    return re.sub(r"[^\x20-\x7e]+", " ", text).strip()[:REASON_CHARACTERS]


def build_refusal(message: str, status: int) -> HttpResponse:
    """The sentence as reason phrase, which DVC prints, and as text, which git prints."""
    return HttpResponse(
        f"{message}\n",
        content_type="text/plain; charset=utf-8",
        status=status,
        reason=format_reason_phrase(message),
        headers={"Cache-Control": "private, no-store"},
    )


def answer_busy(seconds: int) -> HttpResponse:
    """For a transfer that finds no place; the client may come back after so many seconds."""
    response = build_refusal("Too many files are being sent at once: come back in a moment.", 503)
    response.headers["Retry-After"] = str(seconds)
    return response


def answer_problem(problem: EarmarkError) -> HttpResponse:
    return build_refusal(problem.message, STATUS[problem.kind])
