"""The HTTP server: routing, faults, the log of requests, and the door that tests program it by."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, cast

from typing_extensions import override

from tests.stand_ins.hub import gates, reading, uploads, writing
from tests.stand_ins.hub.admission import Accounts, Site
from tests.stand_ins.hub.faults import Fault, FaultPlan
from tests.stand_ins.hub.store import Store
from tests.stand_ins.hub.web import Refusal, Request, Response, Span, receive, respond

# `repos` before the rest: `/api/repos/create` is no repository.
ROUTES = [*writing.ROUTES, *uploads.ROUTES, *gates.ROUTES, *reading.ROUTES]
BLOCK = 1 << 18


class Hub(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Exchange)
        self.site = Site(Store(folder), Accounts.read(folder / "accounts.json"))
        self.faults = FaultPlan()
        self.log: list[dict[str, object]] = []
        self.log_lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @override
    def log_message(self, *_: object) -> None:
        """Stay silent: requests are logged in `Hub.log`."""

    @property
    def hub(self) -> Hub:
        return cast("Hub", self.server)

    def exchange(self) -> None:
        stream, received = receive(self.headers, cast("IO[bytes]", self.rfile))
        with stream:
            request = Request(self.command, self.path, self.headers, stream, received)
            if request.path.startswith("/_hub/"):
                self._send(self._program(request))
            else:
                self._serve(request)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = exchange  # noqa: N815 - names of http.server

    def _serve(self, request: Request) -> None:
        begun = time.time()
        struck = self.hub.faults.strike(request.method, request.path)
        entry: dict[str, object] = {
            "method": request.method,
            "path": request.path,
            "received": request.received,
            "status": None,
            "sent": 0,
            "faults": [fault.kind for fault in struck],
        }
        with self.hub.log_lock:
            self.hub.log.append(entry)
        response = self._answer(request, struck)
        entry["seconds"] = time.time() - begun
        if response is None:
            self.close_connection = True
            return
        entry["status"] = response.status
        entry["sent"] = response.length
        self._send(response, corrupt=any(fault.kind == "corrupt" for fault in struck))

    def _answer(self, request: Request, struck: list[Fault]) -> Response | None:
        """Return the answer after all faults, or None where the connection closes instead."""
        for fault in struck:
            if fault.kind == "drop":
                return None
            if fault.kind == "answer":
                return Response(fault.status, fault.body.encode(), dict(fault.headers))
            self._delay(fault, request)
        response = self._route(request)
        for fault in struck:
            if fault.kind == "lose_answer":
                return None
            if fault.kind == "hold_answer":
                self.hub.faults.wait_for_release()
            response.headers.update(fault.headers)
        return response

    def _delay(self, fault: Fault, request: Request) -> None:
        match fault.kind:
            case "slow":
                time.sleep(fault.seconds)
            case "hold":
                self.hub.faults.wait_for_release()
            case "outrun":
                self._outrun(request)
            case _:
                pass

    def _route(self, request: Request) -> Response:
        for methods, pattern, handler in ROUTES:
            found = pattern.fullmatch(request.path)
            if found and request.method in methods:
                try:
                    return handler(self.hub.site, request, *found.groups())
                except Refusal as refusal:
                    return refusal.answer()
        return Refusal(404, "Sorry, we can't find the page you are looking for.").answer()

    def _outrun(self, request: Request) -> None:
        """Somebody else's commit arrives in the repository of this request just before it."""
        kind, repo_id = request.path.split("/")[2][:-1], "/".join(request.path.split("/")[3:5])
        site = self.hub.site
        with site.lock:
            repo = site.store.find(kind, repo_id)
            assert repo is not None
            head = site.store.resolve(repo, "main")
            tree = {**head.tree, "NOTES.md": site.store.put_blob(b"by somebody else\n")}
            made = site.store.write_commit(
                repo, tree, parent=head.id, title="Add notes", author="somebody-else"
            )
            repo.branches["main"] = made.id
            site.store.save(repo)

    def _program(self, request: Request) -> Response:
        hub = self.hub
        match (request.method, request.path):
            case ("POST", "/_hub/faults"):
                hub.faults.add(Fault(**request.json()))
            case ("DELETE", "/_hub/faults"):
                hub.faults.clear()
            case ("GET", "/_hub/faults"):
                return respond(hub.faults.report())
            case ("GET", "/_hub/requests"):
                with hub.log_lock:
                    return respond(hub.log)
            case ("DELETE", "/_hub/requests"):
                with hub.log_lock:
                    hub.log.clear()
            case ("PUT", "/_hub/settings"):
                for name, value in request.json().items():
                    setattr(hub.site, name, int(value))
        return respond({})

    def _send(self, response: Response, *, corrupt: bool = False) -> None:
        try:
            self.send_response(response.status)
            headers = {
                "Content-Type": response.media_type,
                "X-Request-Id": f"stand-in-{time.monotonic_ns():x}",
                "Content-Length": str(response.length),
                **response.headers,
            }
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self._send_body(response.body, corrupt=corrupt)
        except ConnectionError:
            self.close_connection = True

    def _send_body(self, body: bytes | Span, *, corrupt: bool) -> None:
        if isinstance(body, bytes):
            self.wfile.write(_flip(body) if corrupt else body)
            return
        left = body.length
        with body.path.open("rb") as source:
            source.seek(body.start)
            while left:
                block = source.read(min(left, BLOCK))
                left -= len(block)
                self.wfile.write(_flip(block) if corrupt else block)
                corrupt = False


def _flip(block: bytes) -> bytes:
    middle = len(block) // 2
    return block[:middle] + bytes([block[middle] ^ 1]) + block[middle + 1 :] if block else block


def write_accounts(
    folder: Path, tokens: dict[str, list[str]], organisations: dict[str, dict[str, str]]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    accounts = {"tokens": tokens, "organisations": organisations}
    (folder / "accounts.json").write_text(json.dumps(accounts, indent=1))
