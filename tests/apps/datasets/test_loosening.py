"""What one person can loosen is written down: every field, and what holds it."""

import re
from pathlib import Path

import pytest
from django.db.models import Model

from apps.accounts.models import Membership, Organisation
from apps.consent.models import ConsentForm, FormReach
from apps.datasets.actions import CHANGEABLE, POLICY
from apps.datasets.models import Dataset, Term, Vocabulary
from apps.licensing.models import Terms
from apps.publishing.models import Target
from apps.releases.models import ChecklistAnswer, Document, Release
from datasets_catalog.bars import BARS, RIGHTS_BARS, TITLES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "privacy.md"
MODELS: list[type[Model]] = [
    Dataset,
    Vocabulary,
    Term,
    Organisation,
    Membership,
    ConsentForm,
    FormReach,
    Terms,
    Target,
    Document,
    ChecklistAnswer,
    Release,
]
HOLDS = {
    "lowering, privacy",
    "lowering, rights",
    "access change",
    "two already",
    "never changes",
    "not looser",
    "not enforced",
}


def read_table() -> dict[str, str]:
    """What holds each field, by `Model.field`; a field that stands there twice is refused."""
    section = PAGE.read_text().split("### What one person can loosen\n")[1].split("\n### ")[0]
    found: dict[str, str] = {}
    for line in section.splitlines():
        if not line.startswith("| ") or line.startswith("| field "):
            continue
        first, *_, held = line.strip("| ").split(" | ")
        for name in re.findall(r"`([A-Z][A-Za-z]+\.[a-z_0-9]+)`", first):
            assert name not in found, f"{name} stands there twice"
            found[name] = held
    return found


def name_fields(model: type[Model]) -> set[str]:
    fields = [*model._meta.concrete_fields, *model._meta.many_to_many]
    return {f"{model.__name__}.{field.name}" for field in fields if not field.primary_key}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_has_a_row_that_says_what_holds_it(model: type[Model]) -> None:
    table = read_table()
    assert {name for name in table if name.startswith(f"{model.__name__}.")} == name_fields(model)


def test_each_row_names_one_of_the_ways_to_hold_a_field() -> None:
    strange = {
        name: held
        for name, held in read_table().items()
        if not any(held.startswith(way) for way in HOLDS)
    }
    assert strange == {}


def test_what_the_table_calls_a_bar_is_one_and_is_decided_on_by_whom_it_says() -> None:
    table = read_table()
    of_rights = {name for name, held in table.items() if held.startswith("lowering, rights")}
    of_privacy = {name for name, held in table.items() if held.startswith("lowering, privacy")}
    assert of_rights == {f"Dataset.{bar}" for bar in RIGHTS_BARS}
    assert of_privacy == {f"Dataset.{bar}" for bar in BARS.keys() - RIGHTS_BARS}
    widening = {name for name, held in table.items() if held.startswith("access change")}
    assert widening == {f"Dataset.{name}" for name in POLICY}
    assert TITLES.keys() == BARS.keys()


def test_every_setting_that_can_be_changed_is_held_or_not_looser() -> None:
    table = read_table()
    held = {table[f"Dataset.{name}"].split(":")[0].split(",")[0] for name in CHANGEABLE}
    assert held == {"lowering", "access change", "not looser"}
