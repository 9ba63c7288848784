"""What the demo tells its reader to run is what the product takes."""

import io
import shlex
from pathlib import Path

import pytest
from django.core.management import call_command

from apps.publishing.models import Target
from earmark.management.commands.demo import Command
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def print_demo(tmp_path: Path) -> list[str]:
    said = io.StringIO()
    demo = {
        "base_url": "http://127.0.0.1:8000",
        "dataset": "acme/tones",
        "versions": ["1.0.0", "2.0.0"],
        "tokens": {"researcher": "emk_made_up"},
        "users": {"ada": "a password"},
        "notes": [],
    }
    Command(stdout=said)._tell(demo, tmp_path / "demo.json")
    return said.getvalue().splitlines()


def test_the_target_that_the_demo_names_can_be_saved(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (line,) = [line for line in print_demo(tmp_path) if "save_target" in line]
    words = shlex.split(line)
    monkeypatch.setenv("EARMARK_HUB_TOKEN", "hf_made_up")
    call_command(*words[words.index("save_target") :], stdout=io.StringIO())
    assert Target.objects.get(organisation=cast.acme).repository == "NAMESPACE/{dataset}"
