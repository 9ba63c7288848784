"""A release walked by the command: what it is for is said once, and gates have their askers."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.releases.models import GateResult, Release
from tests.cast import Cast
from tests.factories.drafts import make_draft

PURPOSES = "research.noncommercial,publish.gated"


def test_other_purposes_for_a_version_that_is_there_are_refused(cast: Cast, tmp_path: Path) -> None:
    make_draft(cast, tmp_path)
    asked = ["release", "acme/tones", "1.0.0", "--to", "frozen", "--as", "ada"]
    call_command(*asked, "--purposes", PURPOSES, "--notes", "First.")
    call_command(*asked, "--purposes", "publish.gated,research.noncommercial")
    for other in (["--purposes", "train.generative"], ["--notes", "Second."]):
        with pytest.raises(CommandError, match="or release another version"):
            call_command(*asked, *other)
    assert Release.objects.get().purposes == sorted(PURPOSES.split(","))


def test_gates_are_asked_by_who_prepares_the_release(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_draft(cast, tmp_path)
    asked = ["release", "acme/tones", "1.0.0", "--purposes", PURPOSES, "--json"]
    call_command(*asked, "--to", "frozen", "--as", "ada")
    assert {gate["code"] for gate in read_answer(capsys)["gates"]} >= {"privacy.scanned"}
    # As a freeze leaves it that no command made.
    GateResult.objects.all().delete()
    with pytest.raises(SystemExit):
        call_command(*asked, "--to", "in_review", "--as", "cleo")
    answer = read_answer(capsys)
    assert (answer["state"], answer["stopped"]["code"], answer["gates"]) == (
        "frozen",
        "access.denied",
        [],
    )
    assert not GateResult.objects.exists()


def read_answer(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer
