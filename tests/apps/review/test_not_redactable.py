"""What cannot be taken out of a clip's bytes is refused with what to do instead."""

from pathlib import Path

import pytest

from apps.review.actions import decide_finding
from apps.review.models import Decision
from apps.review.redaction import Method
from apps.review.replacements import NotRedactableError, take_findings_out
from tests.apps.review.reviewing import clip_at, found_in
from tests.cast import Cast
from tests.factories.drafts import make_draft

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "instead"),
    [
        ("video", "replace it by one without the picture"),
        ("returned", "exclude the clip"),
        ("people_changed", "have them recorded again"),
        ("email", "change the row"),
        ("rare_combination", "change the row"),
    ],
)
def test_a_finding_that_is_not_in_the_sound_says_what_to_do_instead(
    cast: Cast, tmp_path: Path, kind: str, instead: str
) -> None:
    clip = clip_at(make_draft(cast, tmp_path, clips=1))
    finding = found_in(clip, kind=kind, onset=None, offset=None)
    with pytest.raises(NotRedactableError, match=instead) as refused:
        decide_finding(actor=cast.cleo, finding=finding, verdict="redact", reason="a face")
    assert ("table row" in refused.value.message) == (kind in {"email", "rare_combination"})
    assert not Decision.objects.exists()


def test_sound_and_tags_are_taken_out_one_after_the_other(cast: Cast, tmp_path: Path) -> None:
    clip = clip_at(make_draft(cast, tmp_path, clips=1))
    voice = found_in(clip)
    tag = found_in(clip, kind="metadata", position=8, onset=None, offset=None)
    text = found_in(clip, kind="email", position=9, onset=None, offset=None)
    with pytest.raises(NotRedactableError, match="one after the other"):
        take_findings_out([voice, tag], Method.MUTE)
    with pytest.raises(NotRedactableError, match="change the row"):
        take_findings_out([voice, text], Method.MUTE)
