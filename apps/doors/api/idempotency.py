"""The same POST twice under one `Idempotency-Key` is done once."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import User
from apps.doors.api.models import IdempotentAnswer
from apps.doors.api.schema import IDEMPOTENCY_KEY
from datasets_catalog.errors import ConflictError, InvalidError

KEPT = timedelta(days=1)
KEY_LENGTH = 100

P = ParamSpec("P")
V = TypeVar("V", bound=APIView)
Post = Callable[Concatenate[V, Request, P], Response]


class KeyReusedError(ConflictError):
    """The key came before with another request."""

    code = "idempotency.key_reused"


class KeyInvalidError(InvalidError):
    """The header is not a key."""

    code = "idempotency.key_invalid"


def honour_idempotency_key(post: Post[V, P]) -> Post[V, P]:
    """Let a view's method honour `Idempotency-Key`.

    The work and the memory of it are one transaction: a crash leaves both or neither, and of two
    requests at once the second waits for the first and gets its answer. A refusal did nothing and
    is not remembered. Not for answers that hold a secret: they would be kept.
    """

    @wraps(post)
    def once(view: V, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return post(view, request, *args, **kwargs)
        if not (0 < len(key) <= KEY_LENGTH and key.isascii() and key.isprintable()):
            raise KeyInvalidError(f"A key has 1 to {KEY_LENGTH} printable ASCII characters.")
        user = request.user
        assert isinstance(user, User)
        with transaction.atomic():
            row, first = _reserve_answer(user, key, _hash_request(request))
            if not first:
                return _replay_answer(row)
            response = post(view, request, *args, **kwargs)
            _keep_answer(row, response)
        return response

    return extend_schema(parameters=[IDEMPOTENCY_KEY])(once)


def _reserve_answer(user: User, key: str, request_sha256: str) -> tuple[IdempotentAnswer, bool]:
    IdempotentAnswer.objects.filter(user=user, created_at__lt=timezone.now() - KEPT).delete()
    try:
        # The insert waits for another transaction that holds the same key.
        with transaction.atomic():
            row = IdempotentAnswer.objects.create(user=user, key=key, request_sha256=request_sha256)
    except IntegrityError:
        row = IdempotentAnswer.objects.get(user=user, key=key)
    else:
        return row, True
    if row.request_sha256 != request_sha256:
        raise KeyReusedError(
            "This Idempotency-Key came before with another request: use a new key for each."
        )
    return row, False


def _keep_answer(row: IdempotentAnswer, response: Response) -> None:
    row.status = response.status_code
    row.body = JSONRenderer().render(response.data).decode()
    row.save(update_fields=["status", "body"])


def _replay_answer(row: IdempotentAnswer) -> Response:
    data = json.loads(row.body) if row.body else None
    return Response(data, status=row.status, headers={"Idempotency-Replayed": "true"})


def _hash_request(request: Request) -> str:
    body: Any = request.data
    parts = [request.method, request.get_full_path(), json.dumps(body, sort_keys=True)]
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
