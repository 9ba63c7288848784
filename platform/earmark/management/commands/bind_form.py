"""Say what a consent form asks about, or that it does not."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.consent.forms import bind_form, find_form, find_reach, release_form
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset, find_organisation


class Command(Base):
    help = (
        "Say that a form asks about a dataset, or one recording of it; or with --end that it does"
        " not. Once a form was answered a privacy or rights reviewer widens it, who recorded none"
        " of its answers."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("form_version", metavar="VERSION")
        parser.add_argument("dataset", metavar="DATASET", help="its name in the organisation")
        parser.add_argument("--language", default="", metavar="TAG")
        parser.add_argument("--recording", default="", metavar="NAME")
        parser.add_argument("--reason", default="", metavar="TEXT")
        parser.add_argument("--end", action="store_true", help="it does not ask about this")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        organisation = find_organisation(options["organisation"])
        form = find_form(
            actor, organisation, options["name"], options["form_version"], options["language"]
        )
        name = options["dataset"].split("/")[-1]
        dataset = find_dataset(actor, f"{organisation.name}/{name}")
        if options["end"]:
            reach = find_reach(form, dataset, options["recording"])
            row = release_form(actor=actor, reach=reach, reason=options["reason"])
        else:
            row = bind_form(
                actor=actor,
                form=form,
                dataset=dataset,
                recording=options["recording"],
                reason=options["reason"],
            )
        return {"form": str(form), "reach": str(row), "ended": row.ended_at is not None}

    def say(self, value: dict[str, Any]) -> list[str]:
        asks = "no longer asks" if value["ended"] else "asks"
        return [f"{value['form']} {asks} about {value['reach']}."]
