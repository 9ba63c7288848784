"""Say of events that somebody else labelled that they are right."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.datasets.access import fetch_dataset_to_edit
from apps.datasets.label_verification import VERDICTS, verify_events
from apps.datasets.models import Clip, Event
from datasets_catalog.errors import NotFoundError
from datasets_catalog.labels import Status
from datasets_catalog.roles import Permission
from earmark.management.base import Command as Base


class Command(Base):
    help = (
        "Say of the events of clips that they are right (or wrong); for verifiers, and never of"
        " what one labelled or brought in."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("paths", nargs="+", metavar="CLIP", help="paths of clips")
        parser.add_argument("--label", default="", help="only events with this label")
        parser.add_argument(
            "--verdict", choices=[str(each) for each in VERDICTS], default=str(Status.VERIFIED)
        )

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        dataset = fetch_dataset_to_edit(actor, options["dataset"], Permission.EVENT_VERIFY)
        rows = Event.objects.filter(
            clip__dataset=dataset, clip__state=Clip.State.ACTIVE, clip__path__in=options["paths"]
        )
        if options["label"]:
            rows = rows.filter(label=options["label"])
        events = list(rows.values_list("uid", flat=True))
        if not events:
            raise NotFoundError("No event of the draft is meant: look at the paths and the label.")
        verdict = options["verdict"]
        changed = verify_events(actor=actor, dataset=dataset, events=events, verdict=verdict)
        return {"events": len(events), "changed": changed, "verdict": verdict}

    def say(self, value: dict[str, Any]) -> list[str]:
        return [f"{value['events']} events are {value['verdict']} ({value['changed']} changed)."]
