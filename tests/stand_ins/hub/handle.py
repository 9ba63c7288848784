"""How a test starts the hub, programs it and looks at what it received."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.stand_ins.hub.faults import Fault, Kind
from tests.stand_ins.hub.server import write_accounts
from tests.stand_ins.hub.store import Commit, Repo, Store

OWNER_TOKEN = "hf_owner"
READER_TOKEN = "hf_reader"
OUTSIDER_TOKEN = "hf_outsider"
TOKENS = {
    OWNER_TOKEN: ["acme-admin", "write"],
    READER_TOKEN: ["alice", "read"],
    OUTSIDER_TOKEN: ["mallory", "write"],
}
ORGANISATIONS = {"acme": {"acme-admin": "admin"}}


@dataclass(frozen=True)
class Seen:
    """A request that the hub received; sizes in bytes."""

    method: str
    path: str
    received: int
    status: int | None
    sent: int
    faults: list[str]
    seconds: float = 0.0


class HubHandle:
    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address
        self.token = OWNER_TOKEN

    # What goes wrong

    def fail(self, at: str, kind: Kind, **details: Any) -> None:
        """Program a `Fault`; see there for the kinds."""
        self._call("POST", "/_hub/faults", asdict(Fault(at, kind, **details)))

    def rate_limit(self, at: str, *, times: int = 1, seconds: int = 1) -> None:
        headers = {
            "Retry-After": str(seconds),
            "RateLimit": f'"api";r=0;t={seconds}',
            "RateLimit-Policy": '"fixed window";"api";q=500;w=300',
        }
        self.fail(at, "answer", status=429, times=times, headers=headers)

    def heal(self) -> None:
        """Forget all faults and release held requests."""
        self._call("DELETE", "/_hub/faults")

    def struck(self) -> int:
        return sum(fault["struck"] for fault in self._call("GET", "/_hub/faults"))

    def configure(self, **settings: int) -> None:
        """Set `tree_page`, `commits_page` (entries) or `part_bytes` (LFS multipart above it)."""
        self._call("PUT", "/_hub/settings", settings)

    # What was seen

    def requests(self, at: str = "") -> list[Seen]:
        seen = [Seen(**entry) for entry in self._call("GET", "/_hub/requests")]
        return [one for one in seen if re.search(at, f"{one.method} {one.path}")]

    def forget_requests(self) -> None:
        self._call("DELETE", "/_hub/requests")

    def bytes_received(self, at: str = r"^(POST|PUT) ") -> int:
        return sum(one.received for one in self.requests(at))

    def wait_for(self, at: str, *, seconds: float = 30) -> None:
        """Return as soon as such a request has arrived."""
        until = time.monotonic() + seconds
        while not self.requests(at):
            if time.monotonic() > until:
                raise TimeoutError(f"No request {at!r} within {seconds} s")
            time.sleep(0.02)

    # What is kept

    @property
    def store(self) -> Store:
        return Store(self.folder)

    def repo(self, repo_id: str) -> Repo:
        found = self.store.find("dataset", repo_id)
        assert found is not None, f"{repo_id} does not exist"
        return found

    def commits(self, repo_id: str, revision: str = "main") -> list[Commit]:
        """Newest first."""
        repo = self.repo(repo_id)
        return list(self.store.history(repo, self.store.resolve(repo, revision).id))

    def _call(self, method: str, path: str, body: object = None) -> Any:
        connection = HTTPConnection(self.address.removeprefix("http://"), timeout=30)
        connection.request(method, path, json.dumps(body))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer


@contextmanager
def running_hub(folder: Path) -> Iterator[HubHandle]:
    """Run a hub in a process of its own, on a free loopback port, until the block ends."""
    write_accounts(folder, TOKENS, ORGANISATIONS)
    command = [sys.executable, "-m", "tests.stand_ins.hub", str(folder)]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            if not address:
                raise RuntimeError("The stand-in hub did not start")
            yield HubHandle(folder, address)
        finally:
            process.terminate()
            process.wait(timeout=10)
