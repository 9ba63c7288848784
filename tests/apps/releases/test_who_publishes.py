"""Who made, reviewed or signed for a release does not publish it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from apps.accounts.models import Membership
from apps.datasets.actions import remove_clips
from apps.datasets.models import Dataset
from apps.publishing.release_publication import publish_release_here, start_publishing
from apps.releases.checklist_answers import answer_question, find_part
from apps.releases.errors import OwnReleaseError
from apps.releases.models import Release
from apps.review.actions import (
    add_comment,
    answer_changes,
    confirm_clearance,
    count_people,
    decide_finding,
    decide_findings_alike,
    request_changes,
)
from apps.review.sampling import draw_sample, record_hearing
from datasets_catalog.checklists import list_questions
from datasets_catalog.roles import Role
from datasets_catalog.verticals import Vertical
from tests.apps.review.reviewing import clip_at, found_in
from tests.cast import Cast
from tests.factories.drafts import approve, make_draft, make_release
from tests.factories.reviews import play

pytestmark = pytest.mark.django_db
Act = Callable[[Cast, Dataset], None]


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> Dataset:
    """Dan reviews and manages releases; rita only publishes."""
    for role in (Role.PRIVACY_REVIEWER, Role.RELEASE_MANAGER):
        Membership.objects.create(user=cast.dan, organisation=cast.acme, role=role)
    return make_draft(cast, tmp_path)


def decided(cast: Cast, draft: Dataset) -> None:
    decide_finding(
        actor=cast.dan, finding=found_in(clip_at(draft)), verdict="clear", reason="a tone"
    )


def decided_in_a_batch(cast: Cast, draft: Dataset) -> None:
    found = [found_in(clip_at(draft, number)) for number in range(3)]
    decide_findings_alike(actor=cast.dan, findings=found, verdict="clear", reason="tones")


def excluded(cast: Cast, draft: Dataset) -> None:
    decide_finding(
        actor=cast.dan, finding=found_in(clip_at(draft, 3)), verdict="exclude", reason="no"
    )


def agreed(cast: Cast, draft: Dataset) -> None:
    finding = found_in(clip_at(draft))
    made = decide_finding(
        actor=cast.cleo, finding=finding, verdict="clear", reason="ben", identifiable=True
    )
    confirm_clearance(actor=cast.dan, decision=made, agree=True, reason="it is ben")


def counted(cast: Cast, draft: Dataset) -> None:
    clip = clip_at(draft)
    play(cast.dan, clip)
    count_people(actor=cast.dan, clip=clip, people_heard=1, somebody_unknown=False, reason="ben")


def heard(cast: Cast, draft: Dataset) -> None:
    drawn = draw_sample(actor=cast.cleo, dataset=draft).clips.order_by("position").first()
    assert drawn is not None
    play(cast.dan, drawn.clip)
    record_hearing(actor=cast.dan, sample_clip=drawn, missed=False)


def asked_for_a_change(cast: Cast, draft: Dataset) -> None:
    row = request_changes(actor=cast.dan, clip=clip_at(draft), text="Say who that is.")
    answer_changes(actor=cast.ada, request=row, text="That is ben.")


ACTS: list[tuple[Act, str]] = [
    (decided, "decided on findings"),
    (decided_in_a_batch, "decided on findings"),
    (excluded, "decided on findings"),
    (agreed, "second opinion"),
    (counted, "counted the people"),
    (heard, "heard a sample"),
    (asked_for_a_change, "asked for a change"),
]


@pytest.mark.parametrize(("act", "words"), ACTS)
def test_who_reviewed_a_release_in_any_way_does_not_publish_it(
    cast: Cast, draft: Dataset, act: Act, words: str
) -> None:
    act(cast, draft)
    draft.refresh_from_db()
    release = approve(cast, make_release(cast, draft))

    with pytest.raises(OwnReleaseError, match=words):
        publish_release_here(actor=cast.dan, release=release)
    with pytest.raises(OwnReleaseError, match=words):
        start_publishing(actor=cast.dan, release=release)
    with pytest.raises(DatabaseError, match="reviewed"), transaction.atomic():
        push_out(release, cast.dan.pk)
    assert publish_release_here(actor=cast.rita, release=release).state == "published"


def push_out(release: Release, publisher: int) -> None:
    """Past every action, as somebody at the database would."""
    Release.objects.filter(pk=release.pk).update(
        state="published",
        published_by=publisher,
        published_at=release.frozen_at,
        dvc_commit="c" * 40,
    )


def test_who_answered_the_checklist_does_not_publish(cast: Cast, draft: Dataset) -> None:
    release = make_release(cast, draft)
    question = list_questions(Vertical(draft.vertical))[0]
    answer_question(
        actor=cast.dan, release=release, question=question.code, answer="no", note="as it is"
    )
    assert find_part(cast.dan, release) == "answered questions for this release"
    assert find_part(cast.ada, release) == "made this release"
    assert find_part(cast.rita, release) == ""


def test_what_left_the_draft_was_no_part_of_the_release(cast: Cast, draft: Dataset) -> None:
    decided(cast, draft)
    add_comment(actor=cast.dan, clip=clip_at(draft, 1), text="A nice tone.")
    play(cast.dan, clip_at(draft, 1))
    remove_clips(actor=cast.ada, dataset=draft, paths=["field/000.wav"])
    draft.refresh_from_db()
    release = approve(cast, make_release(cast, draft))

    assert publish_release_here(actor=cast.dan, release=release).state == "published"


def test_the_page_offers_the_last_step_to_a_third_person_alone(
    cast: Cast, draft: Dataset, client: Client
) -> None:
    decided(cast, draft)
    draft.refresh_from_db()
    release = approve(cast, make_release(cast, draft))
    address = f"/datasets/acme/tones/releases/{release.version}/"

    client.force_login(cast.dan)
    page = client.get(address).content.decode()
    assert "You reviewed this release: you decided on findings in it." in page
    assert "Publish this release" not in page
    client.force_login(cast.rita)
    page = client.get(address).content.decode()
    assert "Publish this release" in page
