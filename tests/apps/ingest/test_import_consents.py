"""A table of consents is taken row by row, each whole; nothing of it is lost in silence."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.consent.ledger import load_consents
from apps.consent.models import Consent, ConsentForm, Contributor
from apps.datasets.models import Dataset
from apps.ingest.actions import correct_consent_from_table, import_consents
from apps.ingest.import_report import Report
from datasets_catalog.errors import InvalidError
from datasets_catalog.ledger import Ledger, Refusal
from datasets_catalog.purposes import Purpose
from tests.cast import Cast
from tests.factories.drafts import make_dataset, write_table

pytestmark = pytest.mark.django_db
RESEARCH = Purpose.RESEARCH_NONCOMMERCIAL


def row(contributor: str = "ben", answer: str = "allowed", **more: str) -> dict[str, str]:
    about = {"form": "voices", "form_version": "1", "given_at": "2024-01-01"}
    return {"contributor": contributor, **about, RESEARCH.value: answer, **more}


def bring(cast: Cast, base: Path, *rows: dict[str, str], **more: Any) -> Report:
    table = write_table(base / "consents.csv", rows)
    return import_consents(actor=cast.ada, organisation=cast.acme, table=table, **more)


def refusals(dataset: Dataset, *codes: str) -> list[Refusal | None]:
    ledger = Ledger(load_consents(dataset))
    at = Consent.objects.latest("recorded_at").recorded_at
    return [ledger.refusal(code, RESEARCH, at=at) for code in codes]


def test_what_real_ledgers_hold_of_people_with_several_forms(cast: Cast, tmp_path: Path) -> None:
    dataset = make_dataset(cast)
    report = bring(
        cast,
        tmp_path,
        row("q1"),
        row("q1", "denied", form="withdrawal", given_at="2024-06-01"),
        row("q2"),
        row("q2", "denied", form="withdrawal"),
        row("q3", "denied", form="withdrawal"),
        row("q3"),
        row("q4", given_at="2024-06-01"),
        row("q4", "denied", form="old"),
        row("q5"),
        row("q5", "", form="contact", given_at="2024-06-01"),
    )
    assert (report.added, report.row_error_count) == (10, 0)
    denied = Refusal.DENIED
    codes = ("q1", "q2", "q3", "q4", "q5")
    assert refusals(dataset, *codes) == [denied, denied, denied, None, None]


def test_columns_of_other_ledgers_refuse_the_table(cast: Cast, tmp_path: Path) -> None:
    make_dataset(cast)
    report = bring(cast, tmp_path, row(name="Ben Example", status="withdrawn"))
    assert report.added == 0
    assert [error.column for error in report.row_errors] == ["name", "status"]
    assert not Consent.objects.exists()
    assert not Contributor.objects.exists()


def test_a_table_with_a_mistyped_end_is_not_in_the_way_of_the_right_one(
    cast: Cast, tmp_path: Path
) -> None:
    make_dataset(cast)
    assert bring(cast, tmp_path, row(valid_untill="2025-01-01")).added == 0
    assert bring(cast, tmp_path, row(valid_until="2025-01-01")).added == 1
    assert Consent.objects.get().valid_until is not None


def test_rows_that_contradict_each_other_are_named_and_the_others_come_in(
    cast: Cast, tmp_path: Path
) -> None:
    make_dataset(cast)
    report = bring(cast, tmp_path, row(), row("ben", "denied"), row("mia"))
    assert (report.added, report.row_error_count) == (1, 2)
    assert [(error.row, error.column) for error in report.row_errors] == [
        (2, RESEARCH.value),
        (3, RESEARCH.value),
    ]
    assert "here research.noncommercial denied" in report.row_errors[1].expected
    assert set(Consent.objects.values_list("contributor__code", flat=True)) == {"mia"}


def test_a_dry_run_says_what_the_import_says_and_leaves_nothing(cast: Cast, tmp_path: Path) -> None:
    make_dataset(cast)
    rows = (row(), row("mia", guardian="mia"), row("kim"))
    tried = bring(cast, tmp_path, *rows, dry_run=True).as_json()
    assert not Consent.objects.exists()
    assert not ConsentForm.objects.exists()
    done = bring(cast, tmp_path, *rows).as_json()
    assert tried == done | {"dry_run": True}
    assert (done["added"], done["errors"]) == (2, 1)


def test_what_a_refused_row_said_of_a_form_does_not_bind_the_others(
    cast: Cast, tmp_path: Path
) -> None:
    make_dataset(cast)
    make_dataset(cast, "streets")
    report = bring(cast, tmp_path, row(guardian="ben", datasets="streets"), row("mia", datasets=""))
    assert (report.added, report.row_error_count) == (0, 2)
    assert not ConsentForm.objects.exists()


def test_a_correction_is_a_table_of_one_row(cast: Cast, tmp_path: Path) -> None:
    dataset = make_dataset(cast)
    bring(cast, tmp_path, row())
    wrong = Consent.objects.get()
    table = write_table(tmp_path / "right.csv", [row("ben", "denied"), row("mia")])
    with pytest.raises(InvalidError, match="It has 2 rows"):
        correct_consent_from_table(actor=cast.ada, consent=wrong, table=table, reason="misread")
    table = write_table(tmp_path / "right.csv", [row("ben", "denied")])
    out = StringIO()
    call_command(
        "correct_consent",
        "acme",
        str(wrong.uid),
        str(table),
        "--reason=misread",
        "--as=ada",
        "--json",
        stdout=out,
    )
    assert json.loads(out.getvalue())["corrects"] == str(wrong.uid)
    assert refusals(dataset, "ben") == [Refusal.DENIED]


def test_the_commands_of_the_ledger_say_what_they_did(cast: Cast, tmp_path: Path) -> None:
    make_dataset(cast)
    make_dataset(cast, "streets")
    words = tmp_path / "form.txt"
    words.write_text("May your voice be studied?")
    table = tmp_path / "contains.json"
    table.write_text("{}")

    def run(*arguments: str) -> str:
        out = StringIO()
        call_command(*arguments, stdout=out)
        return out.getvalue()

    registered = run(
        "register_form", "acme", "voices", "1", "--dataset=tones", f"--text={words}",
        f"--implications={table}", "--study=S", "--language=und", "--as=ada",
    )  # fmt: skip
    assert "It asks about acme/tones." in registered
    bound = run("bind_form", "acme", "voices", "1", "streets", "--recording=monday", "--as=ada")
    assert bound.strip() == "voices 1 asks about acme/streets: monday."
    consents = write_table(tmp_path / "consents.csv", [row()])
    assert "1 were added" in run("import_consents", "acme", str(consents), "--as=ada")
    ended = run(
        "bind_form", "acme", "voices", "1", "streets", "--recording=monday", "--end",
        "--reason=another paper", "--as=ada",
    )  # fmt: skip
    assert "no longer asks about acme/streets: monday" in ended
    noted = run("record_minor", "acme", "kim", "--of-age-on=2031-05-17", "--reason=x", "--as=ada")
    assert noted.strip() == "kim is on record as a minor, of age on 2031-05-17."
    run("record_minor", "acme", "lea", "--reason=x", "--as=ada")
    assert "lea answers for themselves" in run(
        "mark_of_age", "acme", "lea", "--reason=x", f"--evidence={'ab' * 32}", "--as=ada"
    )
