"""The review report as a page: what reviewers did, for those who work on the dataset."""

from pathlib import Path

import pytest

from apps.publishing.release_publication import publish_release_here
from apps.review.actions import decide_finding
from apps.review.sampling import draw_sample, record_hearing
from tests.apps.review.reviewing import clip_at, found_in
from tests.cast import Cast
from tests.doors.web.conftest import As
from tests.factories.drafts import approve, make_draft, make_release
from tests.factories.published import set_access
from tests.factories.reviews import play

pytestmark = pytest.mark.django_db
PAGE = "/datasets/acme/tones/releases/1.0.0/report/"
HEAD = "Heard, counted, redacted, agreed with and taken back"


def test_what_was_heard_and_redacted_stands_on_the_page_for_those_within(
    cast: Cast, tmp_path: Path, as_user: As
) -> None:
    dataset = make_draft(cast, tmp_path)
    finding = found_in(clip_at(dataset))
    decide_finding(
        actor=cast.cleo, finding=finding, verdict="redact", reason="a name", method="bleep"
    )
    sample = draw_sample(actor=cast.cleo, dataset=dataset)
    play(cast.cleo, sample.clips.all()[0].clip)
    record_hearing(actor=cast.cleo, sample_clip=sample.clips.all()[0], missed=False)
    set_access("open", dataset=dataset)
    dataset.refresh_from_db()
    publish_release_here(actor=cast.rita, release=approve(cast, make_release(cast, dataset)))
    page = as_user(cast.olga).get(PAGE).content.decode()
    assert HEAD in page
    assert f"1 of {sample.size} heard, 0 missed; drawn by cleo" in page
    assert "Redacted: field/000.wav" in page
    assert "bleep" in page
    outside = as_user(cast.eve).get(PAGE)
    assert outside.status_code == 200
    assert HEAD not in outside.content.decode()
