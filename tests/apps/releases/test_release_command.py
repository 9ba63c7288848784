"""What a release is for is said once."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.releases.models import Release
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
