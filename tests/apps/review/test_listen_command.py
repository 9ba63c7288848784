"""Reviewing by the command line: what is to be heard is written, and then it can be cleared."""

import json
from pathlib import Path
from typing import Any

import pytest
import soundfile
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.datasets.models import Dataset
from apps.review.access import list_dataset_findings
from apps.review.models import Batch, Decision, Hearing
from apps.review.sampling import draw_sample
from tests.cast import Cast
from tests.factories.drafts import make_draft
from tests.factories.reviews import make_case_draft

pytestmark = pytest.mark.django_db


def listen(folder: Path, capsys: pytest.CaptureFixture[str], *words: str, user: str) -> list[Any]:
    capsys.readouterr()
    call_command("listen", *words, "--output", str(folder), "--as", user, "--json")
    found: list[Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def street(cast: Cast, tmp_path: Path) -> Dataset:
    return make_case_draft(cast, tmp_path)


def test_a_finding_is_cleared_after_it_was_written_for_the_ears(
    street: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = list_dataset_findings(street).filter(kind="speech")[0]
    clear = ("decide", str(finding.uid), "clear", "--reason", "a shutter", "--as", "cleo")
    with pytest.raises(CommandError, match="who was sent it"):
        call_command(*clear)
    (written,) = listen(tmp_path / "heard", capsys, str(finding.uid), user="cleo")
    sound, rate = soundfile.read(written["file"])
    assert len(sound) / rate == pytest.approx(written["offset"] - written["onset"], abs=0.01)
    assert written["onset"] <= (finding.onset or 0)
    call_command(*clear)
    assert Decision.objects.get().finding == finding


def test_a_kind_is_cleared_together_after_its_random_part_was_written(
    street: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clear = ("decide", "acme/street", "clear", "--batch", "speech", "--reason", "shutters")
    with pytest.raises(CommandError, match="4 are cleared together once 4 of them"):
        call_command(*clear, "--as", "cleo")
    batch = ("acme/street", "--batch", "speech")
    assert len(listen(tmp_path / "heard", capsys, *batch, user="cleo")) == 4
    assert listen(tmp_path / "heard", capsys, *batch, user="cleo") == []
    call_command(*clear, "--as", "cleo")
    assert (Batch.objects.get().heard, Decision.objects.count()) == (4, 4)


def test_a_clip_of_a_sample_is_written_whole(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = draw_sample(actor=cast.cleo, dataset=make_draft(cast, tmp_path)).clips.all()[0]
    hear = ("sample", "hear", "acme/tones", "--clip", str(row.uid), "--as", "cleo")
    with pytest.raises(CommandError, match="to the end"):
        call_command(*hear)
    listen(tmp_path / "heard", capsys, str(row.uid), "--sample", user="cleo")
    call_command(*hear)
    assert Hearing.objects.get().heard_by == cast.cleo


def test_who_does_not_review_is_handed_nothing(
    cast: Cast, street: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = list_dataset_findings(street).filter(kind="speech")[0]
    for user in (cast.olga, cast.eve):
        with pytest.raises(SystemExit):
            listen(tmp_path / "heard", capsys, str(finding.uid), user=user.username)
    assert list((tmp_path / "heard").glob("*.wav")) == []
    tag = list_dataset_findings(street).exclude(onset__isnull=False)[0]
    with pytest.raises(SystemExit):
        listen(tmp_path / "heard", capsys, str(tag.uid), user="cleo")
    assert "not in the sound" in capsys.readouterr().out
