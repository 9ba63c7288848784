"""How often one caller may call."""

import time
from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from apps.doors.api.authentication import read_token
from apps.doors.signed_addresses import SignatureInvalidError, read_holder

if TYPE_CHECKING:
    # rest_framework.views reads the settings that name this module.
    from rest_framework.views import APIView


class TokenRateThrottle(SimpleRateThrottle):
    """One allowance per token, or per user signed in on the pages, or per address for others.

    Counts in fixed windows: one number in the cache for each caller, however many calls there are.
    """

    scope = "token"
    # What `RateLimit` tells; None where there is no limit.
    left: int | None = None

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if not self._is_known(request):
            self.scope = "anonymous"
            self.rate = self.get_rate()
            self.num_requests, self.duration = self.parse_rate(self.rate)
        if self.rate is None or not self.num_requests or not self.duration:
            return True
        used = self._count(self.get_cache_key(request, view))
        self.left = max(0, self.num_requests - used)
        return used <= self.num_requests

    def wait(self) -> float | None:
        """Seconds until the next window begins."""
        return self.duration - time.time() % self.duration if self.duration else None

    def headers(self) -> dict[str, str]:
        """What the caller has left, as `RateLimit` fields; none where there is no limit."""
        if self.left is None:
            return {}
        seconds = int(self.wait() or 0) + 1
        return {
            "RateLimit-Policy": f'"{self.scope}";q={self.num_requests};w={self.duration}',
            "RateLimit": f'"{self.scope}";r={self.left};t={seconds}',
        }

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        return self.cache_format % {
            "scope": self.scope,
            "ident": self._identify_caller(request, view),
        }

    def _is_known(self, request: Request) -> bool:
        return bool(request.user.is_authenticated)

    def _identify_caller(self, request: Request, view: "APIView") -> str:
        token = read_token(request)
        if token is not None:
            return f"token-{token.pk}"
        if request.user.is_authenticated:
            return f"user-{request.user.pk}"
        return self.get_ident(request)

    def _count(self, key: str) -> int:
        window = f"{key}:{int(time.time() // (self.duration or 1))}"
        self.cache.add(window, 0, timeout=self.duration)
        try:
            return int(self.cache.incr(window))
        except ValueError:
            # It ran out between the two: a window begins.
            return 1


class SignedThrottle(TokenRateThrottle):
    """The allowance of whoever a signed address was given to."""

    def _is_known(self, request: Request) -> bool:
        return True

    def _identify_caller(self, request: Request, view: "APIView") -> str:
        try:
            return f"signed-{read_holder(request.query_params.get('key', ''))}"
        except SignatureInvalidError:
            return self.get_ident(request)
