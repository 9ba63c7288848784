"""How every kind of event is written down."""

from typing import Any

from apps.audit.chain import append_event


def write_event(
    kind: str, *, actor: str, organisation: str = "", subject: str, **detail: Any
) -> None:
    append_event(kind=kind, actor=actor, organisation=organisation, subject=subject, detail=detail)
