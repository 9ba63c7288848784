"""Which function does the work of which kind of job."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from apps.accounts.models import User
from datasets_catalog.errors import EarmarkError

Arguments = dict[str, Any]
Result = dict[str, Any]


class Run(Protocol):
    """What a job's function is given."""

    @property
    def arguments(self) -> Arguments: ...

    @property
    def actor(self) -> User:
        """Who started the job, as they are now."""
        ...

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Tell how far the work is, and renew the lease.

        Raises `JobCancelledError` when somebody asked to stop, and `LeaseLostError` when another
        worker has taken over: let both fly.
        """


Work = Callable[[Run], Result]


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job; `attempts` bounds how often lost work is taken up again."""

    name: str
    title: str
    work: Work
    attempts: int


_KINDS: dict[str, JobKind] = {}


class UnknownJobError(EarmarkError):
    """No function is registered for this kind of job."""

    code = "job.unknown_kind"


def register_job(name: str, *, title: str, attempts: int = 5) -> Callable[[Work], Work]:
    """Register the function that does the work of `name`; it may be called again after a crash."""

    def register(work: Work) -> Work:
        _KINDS[name] = JobKind(name, title, work, attempts)
        return work

    return register


def find_job_kind(name: str) -> JobKind:
    """The registered kind; `UnknownJobError` otherwise."""
    if name not in _KINDS:
        raise UnknownJobError(f"No work is registered under {name!r}.", kind=name)
    return _KINDS[name]
