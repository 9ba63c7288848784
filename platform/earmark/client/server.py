"""Talking to the REST door: tokens, problem details, waiting and trying again."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2

from earmark.client.account import Account
from earmark.client.errors import NotReachedError, RefusedError

ATTEMPTS = 6
FIRST_WAIT = 0.5  # seconds; doubles
LONGEST_WAIT = 60.0
BUSY = {429, 502, 503, 504}
Content = Callable[[], Any]


class Server:
    """One server as one person. Every request can be repeated: what fails for a moment is."""

    def __init__(self, account: Account, *, connections: int = 8) -> None:
        self.account = account
        headers = {"User-Agent": "earmark", "Accept": "application/json"}
        if account.token:
            headers["Authorization"] = f"Bearer {account.token}"
        self._client = httpx2.Client(
            base_url=f"{account.address}/api/v1/",
            headers=headers,
            timeout=httpx2.Timeout(60.0, connect=15.0),
            # Only GET meets one: an object store's signed address, which gets no token of ours.
            follow_redirects=True,
            limits=httpx2.Limits(max_connections=connections + 2),
        )

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._send_request("GET", path, params=query).json()

    def head(self, path: str) -> httpx2.Response:
        """What an address says of its bytes; a refusal is asked again for its sentence."""
        try:
            return self._send_request("HEAD", path)
        except RefusedError:
            return self._send_request("GET", path)

    def post(self, path: str, value: Any, *, key: str = "") -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self._send_request("POST", path, json=value, headers=headers).json()

    def send(self, method: str, path: str, content: Content, headers: Mapping[str, str]) -> Any:
        """Send bytes; `content` gives them anew for each attempt."""
        return self._send_request(method, path, fresh=content, headers=dict(headers)).json()

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, page by page."""
        page = self.get(path, **query)
        yield from page["results"]
        while page["next"]:
            page = self.get(page["next"])
            yield from page["results"]

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
        """The bytes of an address, once; `momentary` errors are for the caller to try again."""
        with self._client.stream("GET", path, headers={**headers, "Accept": "*/*"}) as response:
            if response.is_error:
                response.read()
                if response.status_code in BUSY:
                    raise BusyError(read_wait(response))
                raise parse_refusal(response)
            yield response

    def _send_request(
        self, method: str, path: str, *, fresh: Content | None = None, **more: Any
    ) -> httpx2.Response:
        for attempt in range(ATTEMPTS):
            content = {"content": fresh()} if fresh else {}
            try:
                response = self._client.request(method, path, **content, **more)
            except httpx2.TransportError as problem:
                pause_before_retry(attempt, problem)
                continue
            if response.status_code in BUSY and attempt < ATTEMPTS - 1:
                time.sleep(read_wait(response) or _double_wait(attempt))
                continue
            if response.is_error:
                raise parse_refusal(response)
            return response
        raise NotReachedError("The server did not answer.")


class BusyError(Exception):
    """The server asks for patience: `seconds`, or 0 where it does not say how long."""

    def __init__(self, seconds: float) -> None:
        super().__init__("busy")
        self.seconds = seconds


MOMENTARY = (httpx2.TransportError, BusyError)


def pause_before_retry(attempt: int, problem: Exception) -> None:
    """Wait before the next attempt; after the last one raise NotReachedError instead."""
    if attempt >= ATTEMPTS - 1:
        raise NotReachedError(
            f"The server could not be reached: {_describe_problem(problem)}"
        ) from problem
    asked = problem.seconds if isinstance(problem, BusyError) else 0.0
    time.sleep(asked or _double_wait(attempt))


def read_wait(response: httpx2.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return min(float(text), LONGEST_WAIT) if text.isdigit() else 0.0


def parse_refusal(response: httpx2.Response) -> RefusedError:
    """The server's problem details as an error; its sentence says what to do."""
    status = response.status_code
    try:
        said = response.json()
    except ValueError:
        said = None
    if not isinstance(said, dict) or "detail" not in said:
        return RefusedError(
            f"The server answered {status} {response.reason_phrase}.", status=status
        )
    further = [f"{each['field']}: {each['message']}" for each in said.get("errors", ())[1:]]
    text = "\n".join([str(said["detail"]), *further])
    return RefusedError(text, answered=str(said.get("code", "")), status=status)


def _double_wait(attempt: int) -> float:
    return min(FIRST_WAIT * 2.0**attempt, LONGEST_WAIT)


def _describe_problem(problem: Exception) -> str:
    return str(problem) or type(problem).__name__
