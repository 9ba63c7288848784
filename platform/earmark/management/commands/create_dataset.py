"""Make a dataset."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actions import create_organisation
from apps.accounts.models import Organisation, User
from apps.datasets.actions import create_dataset
from apps.datasets.models import Dataset, Vocabulary
from datasets_catalog.errors import InvalidError, NotFoundError
from datasets_catalog.licences import Use
from datasets_catalog.privacy_profiles import PROFILES
from datasets_catalog.verticals import Vertical
from earmark.management.base import Command as Base


class Command(Base):
    help = (
        "Make a dataset. An organisation that does not exist yet is made with it,"
        " and the user named by --as becomes its owner and steward."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("--vertical", required=True, choices=[str(v) for v in Vertical])
        parser.add_argument("--title", default="")
        parser.add_argument("--description", default="")
        parser.add_argument(
            "--access", choices=Dataset.Access.values, default=Dataset.Access.REQUEST
        )
        parser.add_argument("--use", choices=[str(use) for use in Use], default=Use.COLLECTION)
        parser.add_argument("--profile", choices=sorted(PROFILES), default="standard")
        parser.add_argument("--vocabulary", metavar="NAME@VERSION", help="labels must be its terms")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, str]:
        assert actor is not None
        name, _, dataset = options["dataset"].partition("/")
        if not name or not dataset:
            raise InvalidError("Write the dataset as ORGANISATION/NAME.")
        organisation = Organisation.objects.filter(name=name).first()
        if organisation is None:
            organisation = create_organisation(actor=actor, name=name)
        row = create_dataset(
            actor=actor,
            organisation=organisation,
            name=dataset,
            vertical=options["vertical"],
            title=options["title"] or dataset,
            description=options["description"],
            access=options["access"],
            use=options["use"],
            privacy_profile=options["profile"],
            vocabulary=_find_vocabulary(options["vocabulary"]),
        )
        return {"dataset": row.full_name, "uid": str(row.uid)}

    def say(self, value: dict[str, str]) -> list[str]:
        return [
            f"Made {value['dataset']}. Next: manage.py import_clips {value['dataset']}"
            " FOLDER --metadata TABLE --as USER"
        ]


def _find_vocabulary(text: str | None) -> Vocabulary | None:
    if not text:
        return None
    name, _, version = text.partition("@")
    row = Vocabulary.objects.filter(name=name, version=version).first()
    if row is None:
        raise NotFoundError(
            f"There is no vocabulary {text}. Bring it in: manage.py import_vocabulary"
        )
    return row
