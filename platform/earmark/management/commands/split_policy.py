"""Show or declare what the splits of a dataset mean."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.datasets.actions import update_dataset
from datasets_catalog.split_policies import KNOWN_POLICIES, parse_policy
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset

SETTINGS = ("apart", "shared", "folds", "gap", "order")


class Command(Base):
    help = (
        "Show or declare what the splits of a dataset mean. Without a setting it shows what is"
        " declared; with any, what is not said is at its default."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument(
            "--like", choices=sorted(KNOWN_POLICIES), help="begin from a known policy"
        )
        parser.add_argument(
            "--apart", nargs="*", metavar="TRAIT", help="of these no value is in two splits"
        )
        parser.add_argument(
            "--shared", nargs="*", metavar="TRAIT", help="of these every value is learnt from"
        )
        parser.add_argument("--folds", type=int, metavar="K", help="splits are fold1 to foldK")
        parser.add_argument(
            "--gap", type=float, metavar="SECONDS", help="between clips of one recording"
        )
        parser.add_argument(
            "--order", nargs="*", metavar="SPLIT", help="splits in the time of a recording"
        )

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        dataset = find_dataset(actor, options["dataset"])
        said = {name: options[name] for name in SETTINGS if options[name] is not None}
        if options["like"] or said:
            known = KNOWN_POLICIES[options["like"]].as_json() if options["like"] else {}
            changes = {"split_policy": known | said}
            dataset = update_dataset(actor=actor, dataset=dataset, changes=changes)
        policy = parse_policy(dataset.split_policy)
        return {
            "dataset": dataset.full_name,
            "policy": policy.as_json(),
            "sentence": policy.sentence,
        }

    def say(self, value: dict[str, Any]) -> list[str]:
        return [f"{value['dataset']}: {value['sentence']}"]
