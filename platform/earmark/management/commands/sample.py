"""Draw a random sample of what no detector flagged, and say what was heard."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.datasets.access import fetch_dataset_to_edit
from apps.review.sampling import (
    draw_sample,
    fetch_sample_clip,
    load_frame,
    load_sample_progress,
    record_hearing,
)
from datasets_catalog.errors import InvalidError, NotFoundError
from datasets_catalog.roles import Permission
from datasets_catalog.sampling import compute_share_left, format_bound
from earmark.management.base import Command as Base


class Command(Base):
    help = "Draw a random sample of what no detector flagged, show it, or say what was heard."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=["draw", "show", "hear"])
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("--bound", type=float, default=0.01, metavar="SHARE")
        parser.add_argument("--clip", metavar="UID", help="which of the sample, for hear")
        parser.add_argument("--missed", action="store_true", help="a voice was missed in it")
        parser.add_argument("--note", default="", metavar="TEXT", help="what was heard")
        parser.add_argument("--frame", action="store_true", help="list what it was drawn from")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        dataset = fetch_dataset_to_edit(actor, options["dataset"], Permission.FINDING_VIEW)
        if options["step"] == "draw":
            draw_sample(actor=actor, dataset=dataset, bound=options["bound"])
        if options["step"] == "hear":
            if not options["clip"]:
                raise InvalidError("Say by --clip which of the sample you heard.")
            row = fetch_sample_clip(actor, options["clip"])
            if row.sample.dataset_id != dataset.pk:
                raise NotFoundError(f"The sample of {dataset} has no {options['clip']}.")
            record_hearing(
                actor=actor, sample_clip=row, missed=options["missed"], note=options["note"]
            )
        told = load_sample_progress(dataset)
        if told is None:
            raise NotFoundError(f"No sample was drawn of {dataset}: draw one.")
        return {
            "dataset": dataset.full_name,
            "uid": str(told.sample.uid),
            "number": told.sample.number,
            "seed": told.sample.seed,
            "size": told.sample.size,
            "population": told.facts.population,
            "heard": told.facts.heard,
            "missed": told.facts.missed,
            "outside": told.facts.outside,
            "gone": told.facts.gone,
            "proved": compute_share_left(told.facts),
            "due": [{"clip": str(row.uid), "path": row.clip.path} for row in told.due],
            "frame": load_frame(told.sample) if options["frame"] else None,
        }

    def say(self, value: dict[str, Any]) -> list[str]:
        lines = [
            f"Sample {value['number']} of {value['dataset']}: {value['heard']} of {value['size']}"
            f" heard, {value['missed']} missed, out of {value['population']}.",
            f"Sample {value['uid']}, seed {value['seed']}.",
            "It proves nothing so far."
            if value["proved"] is None
            else f"At most {format_bound(value['proved'])} of unflagged clips hold what was"
            " looked for.",
        ]
        if value["gone"]:
            lines.append(f"{value['gone']} of those drawn left before anybody heard them.")
        if value["outside"]:
            lines.append(f"{value['outside']} unflagged clips came in since: draw again.")
        lines += [f"{row['clip']}  {row['path']}" for row in value["due"]]
        return [*lines, *(value["frame"] or [])]
