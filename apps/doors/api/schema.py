"""How the OpenAPI schema is drawn from the views."""

from typing import Any, Literal, Protocol, runtime_checkable

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from apps.doors.api.problems import MEDIA_TYPE
from apps.doors.api.shapes.problems import Problem

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Any text of up to 100 characters. The same key again within a day gives the"
    " first answer again instead of doing the work twice.",
)

PREFER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description="`respond-async`: answer 202 with a job at once instead of doing the work first.",
)


@runtime_checkable
class Tagged(Protocol):
    """A view that says which resource it is part of."""

    resource: str


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer emk_…`."""

    target_class = "apps.doors.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "emk_…"}


class ApiSchema(AutoSchema):
    """Adds to each operation what all share: how a refusal looks, and tags by resource."""

    def get_tags(self) -> list[str]:
        return [self.view.resource] if isinstance(self.view, Tagged) else super().get_tags()

    def _get_response_bodies(
        self, direction: Literal["request", "response"] = "response"
    ) -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        refusal: dict[str, Any] = self._get_response_for_code(  # type: ignore[no-untyped-call]
            Problem, "default", [MEDIA_TYPE], direction
        )
        refusal["description"] = "Refused; `code` says why."
        return {**bodies, "default": refusal}
