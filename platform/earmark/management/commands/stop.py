"""Close a dataset, a release or a clip at every door, confirm it, open it again."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset
from apps.releases.access import fetch_release
from apps.releases.models import Stop
from apps.releases.stops import confirm_stop, fetch_stop, lift_stop, list_visible_stops, place_stop
from datasets_catalog.errors import InvalidError, NotFoundError
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset


class Command(Base):
    help = (
        "Close a dataset, or with --release or --clip a part of it, at every door at once. Another"
        " person confirms the stop or lifts it; what nobody confirms stays closed."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["stop", "confirm", "lift", "list"])
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("--release", default="", metavar="VERSION", help="close this one alone")
        parser.add_argument("--clip", default="", metavar="PATH", help="close what holds this clip")
        parser.add_argument("--stop", default="", metavar="UID", help="which stop, if several hold")
        parser.add_argument("--reason", default="", help="needed to stop and to lift")

    def work(self, actor: User | None, options: dict[str, Any]) -> list[dict[str, Any]]:
        assert actor is not None
        dataset = find_dataset(actor, options["dataset"])
        match options["verb"]:
            case "stop":
                rows = [_place_stop(actor, dataset, options)]
            case "confirm":
                rows = [confirm_stop(actor=actor, stop=_find_stop(actor, dataset, options))]
            case "lift":
                found = _find_stop(actor, dataset, options)
                rows = [lift_stop(actor=actor, stop=found, reason=options["reason"])]
            case _:
                rows = list(list_visible_stops(actor, dataset))
        return [_describe_stop(row) for row in rows]

    def say(self, value: Any) -> list[str]:
        return [_format_stop(row) for row in value] or ["Nothing was ever stopped here."]


def _place_stop(actor: User, dataset: Dataset, options: dict[str, Any]) -> Stop:
    version, path = options["release"], options["clip"]
    clip = Clip.objects.filter(dataset=dataset, path=path).first() if path else None
    if path and clip is None:
        raise NotFoundError(f"{dataset} has no clip {path}.")
    release = fetch_release(actor, dataset, version) if version else None
    return place_stop(
        actor=actor, dataset=dataset, reason=options["reason"], release=release, clip=clip
    )


def _find_stop(actor: User, dataset: Dataset, options: dict[str, Any]) -> Stop:
    if options["stop"]:
        try:
            return fetch_stop(actor, dataset, UUID(options["stop"]))
        except ValueError as problem:
            raise InvalidError(f"{options['stop']!r} is no UID of a stop.") from problem
    rows = list(list_visible_stops(actor, dataset).filter(lifted_at=None))
    if len(rows) != 1:
        uids = ", ".join(str(row.uid) for row in rows) or "none is in force"
        raise InvalidError(f"Say which stop by --stop UID: {uids}.")
    return rows[0]


def _describe_stop(row: Stop) -> dict[str, Any]:
    return {
        "uid": str(row.uid),
        "of": row.subject,
        "reason": row.reason,
        "stopped_by": row.stopped_by.username,
        "stopped_at": row.stopped_at,
        "confirm_by": row.confirm_by,
        "confirmed_by": row.confirmed_by.username if row.confirmed_by else None,
        "overdue": row.is_overdue,
        "lifted_by": row.lifted_by.username if row.lifted_by else None,
        "lifted_at": row.lifted_at,
    }


def _format_stop(row: dict[str, Any]) -> str:
    said = (
        f"{row['uid']}  {row['of']}: closed by {row['stopped_by']} on {row['stopped_at']:%Y-%m-%d}"
    )
    if row["lifted_by"]:
        return f"{said}, opened by {row['lifted_by']}"
    if row["confirmed_by"]:
        return f"{said}, confirmed by {row['confirmed_by']}"
    late = "overdue since" if row["overdue"] else "to be confirmed by"
    return f"{said}, {late} {row['confirm_by']:%Y-%m-%d %H:%M} UTC"
