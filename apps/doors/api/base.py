"""What every view of this door shares."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.pagination import BasePagination
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.accounts.models import Token, User
from apps.doors.api.entity_tags import apply_entity_tag
from apps.doors.api.keyset import KeysetPagination, build_page_answer, load_page
from apps.doors.api.negotiation import AnyAccept
from apps.doors.api.parsers import BoundedJSONParser
from apps.doors.api.schema import ApiSchema
from apps.doors.api.throttles import TokenRateThrottle

PAGING = frozenset({"cursor", "limit"})

Shape = type[serializers.BaseSerializer[Any]]


class ApiView(APIView):
    """Parses, calls one function of the domain, serialises; holds no rule.

    `resource` groups addresses in the schema; `public` lets anyone read; `write_scope` is what a
    token needs to change anything here.
    """

    schema = ApiSchema()
    content_negotiation_class = AnyAccept
    parser_classes: Sequence[type[BaseParser]] = (BoundedJSONParser,)
    pagination_class: type[BasePagination] | None = KeysetPagination
    resource: ClassVar[str] = ""
    public: ClassVar[bool] = False
    write_scope: ClassVar[Token.Scope] = Token.Scope.WRITE
    _throttles: Sequence[BaseThrottle] = ()

    @property
    def user(self) -> User:
        """Whoever calls, where being signed in is already settled."""
        user = self.request.user
        assert isinstance(user, User)
        return user

    @property
    def wants_job(self) -> bool:
        """Whether the caller would rather follow a job than wait (RFC 7240)."""
        words = self.request.headers.get("Prefer", "").split(",")
        return "respond-async" in {word.strip().lower() for word in words}

    def query(self, shape: Shape) -> dict[str, Any]:
        given = self.request.query_params.dict()
        own = {name: value for name, value in given.items() if name not in PAGING}
        return self._validate_shape(shape, own)

    def body(self, shape: Shape) -> dict[str, Any]:
        return self._validate_shape(shape, self.request.data)

    def page(
        self,
        rows: QuerySet[Any, Any],
        shape: Shape,
        order: Sequence[str],
        context: Mapping[str, Any] | None = None,
    ) -> Response:
        """One page of rows, `order` being unique together."""
        found, following = load_page(self.request, rows, order)
        return build_page_answer(
            shape(found, many=True, context=dict(context or {})).data, following
        )

    def get_throttles(self) -> list[BaseThrottle]:
        self._throttles = super().get_throttles()
        return self._throttles

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        for throttle in self._throttles:
            if isinstance(throttle, TokenRateThrottle):
                for header, value in throttle.headers().items():
                    final.headers[header] = value
        if (
            request.method == "GET"
            and hasattr(final, "data")
            and final.status_code == HTTPStatus.OK
        ):
            return apply_entity_tag(request, final)
        return final

    def _validate_shape(self, shape: Shape, data: Any) -> dict[str, Any]:
        reader = shape(data=data)
        _refuse_unknown(reader, data)
        reader.is_valid(raise_exception=True)
        values: dict[str, Any] = reader.validated_data
        return values


def _refuse_unknown(reader: serializers.BaseSerializer[Any], data: Any) -> None:
    """Refuse names we do not know: passing over a typing error would do less than was asked."""
    if not isinstance(reader, serializers.Serializer) or not isinstance(data, Mapping):
        return
    unknown = sorted(str(name) for name in data.keys() - reader.fields.keys())
    if unknown:
        known = ", ".join(reader.fields)
        raise serializers.ValidationError(
            {unknown[0]: ErrorDetail(f"There is no such field here. Fields: {known}.", "unknown")}
        )
