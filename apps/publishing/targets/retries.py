"""Which failures of a target pass by themselves, and how long to wait for that."""

import logging
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TypeVar

import httpx2
from huggingface_hub.errors import HfHubHTTPError

from apps.publishing.errors import TargetRefusedError, TargetUnreachableError

Result = TypeVar("Result")
log = logging.getLogger(__name__)

_PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
# hf_xet knows only built-in exceptions; what it could not retry itself arrives as one of these.
PASSING_ERRORS = (httpx2.TransportError, ConnectionError, TimeoutError)
# How hf_xet words the answers 4xx, which it does not tell apart from a broken line.
_XET_CLIENT_ERROR = re.compile(r"HTTP status client error \((\d{3})[^)]*\)")
_RESET = re.compile(r";\s*t\s*=\s*(\d+)")


def is_passing(error: Exception) -> bool:
    """Whether the same call may succeed later."""
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in _PASSING_STATUSES
    if refused := _XET_CLIENT_ERROR.search(str(error)):
        return int(refused[1]) in _PASSING_STATUSES
    return isinstance(error, PASSING_ERRORS)


def read_asked_wait(error: Exception) -> float | None:
    """Return the seconds that a rate limit asks us to wait (`Retry-After`, `RateLimit`)."""
    if not isinstance(error, HfHubHTTPError):
        return None
    headers = error.response.headers
    asked = headers.get("Retry-After", "").strip()
    if asked.isdigit():
        return float(asked)
    reset = _RESET.search(headers.get("RateLimit", ""))
    return float(reset[1]) if reset else None


def build_refusal(error: Exception) -> TargetRefusedError:
    """Return our error for an answer that will not get better."""
    advice = "Check the target's token, its rights on the repository, and the repository's name."
    if not isinstance(error, HfHubHTTPError):
        return TargetRefusedError(f"The target refused: {error}. {advice}")
    response = error.response
    reason = error.server_message or str(error).split("\n", 1)[0]
    return TargetRefusedError(
        f"The target refused ({response.status_code}): {reason} {advice}",
        status=response.status_code,
        url=str(response.request.url.copy_with(query=None)),
        request_id=error.request_id,
    )


@dataclass(slots=True)
class RetryPolicy:
    """How often and how long to try; waits in seconds, doubled each time, or as asked.

    Calls run in a thread of their own while `beat` is called every few seconds: that is how a job
    keeps its lease through a long upload. What `beat` raises ends the waiting as soon as the call
    itself is over.
    """

    attempts: int = 7
    first: float = 1.0
    longest: float = 60.0
    # A rate limit's window is minutes long; one that asks for more is a refusal.
    longest_asked: float = 900.0
    beat: Callable[[], None] = field(default=lambda: None)
    beat_every: float = 15.0

    def run(self, call: Callable[[], Result]) -> Result:
        """Call once, beating meanwhile."""
        with ThreadPoolExecutor(1, thread_name_prefix="target") as pool:
            running = pool.submit(call)
            while not wait((running,), timeout=self.beat_every).done:
                self.beat()
            try:
                return running.result()
            except RuntimeError as error:
                # The client wraps whatever stopped an upload.
                if isinstance(error.__cause__, (HfHubHTTPError, *PASSING_ERRORS)):
                    raise error.__cause__ from None
                raise

    def rest(self, seconds: float) -> None:
        """Wait, beating meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, self.beat_every))
            self.beat()

    def insist(self, what: str, call: Callable[[], Result]) -> Result:
        """Call until it succeeds.

        Raises `TargetUnreachableError` when patience ends and `TargetRefusedError` at once for an
        answer that will not change.
        """
        for attempt in range(1, self.attempts + 1):
            try:
                return self.run(call)
            except (HfHubHTTPError, *PASSING_ERRORS) as error:
                if not is_passing(error):
                    raise build_refusal(error) from error
                self.after(what, attempt, error)
        raise AssertionError("after() ends the loop")

    def after(self, what: str, attempt: int, error: Exception) -> None:
        """Wait after a failed attempt; `TargetUnreachableError` when it was the last."""
        asked = read_asked_wait(error)
        if attempt >= self.attempts or (asked or 0) > self.longest_asked:
            raise TargetUnreachableError(
                f"The target did not manage to {what} in {attempt} attempts; the last answer was:"
                f" {str(error).splitlines()[0] or type(error).__name__}. What was sent is kept:"
                " publish again to go on.",
                attempts=attempt,
            ) from error
        pause = asked if asked is not None else min(self.longest, self.first * 2 ** (attempt - 1))
        log.warning("could not %s (attempt %d): %s; waiting %.0f s", what, attempt, error, pause)
        self.rest(pause)
