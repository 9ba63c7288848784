"""What somebody brought in stays their work, also when another changes its row."""

from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from apps.accounts.models import Membership
from apps.datasets.models import Clip, Dataset
from apps.ingest.actions import import_clips
from apps.privacy.actions import count_people, decide
from apps.privacy.deciding import OwnWorkError
from apps.privacy.models import Decision, Finding, Headcount
from datasets_catalog.roles import Role
from tests.apps.privacy.reviewing import clip_at, found_in
from tests.cast import Cast
from tests.factories.drafts import make_draft, write_table
from tests.factories.reviews import play

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> Dataset:
    """Ada brought it in and may review; dan, a second steward, wrote another title since."""
    dataset = make_draft(cast, tmp_path)
    for user, role in ((cast.ada, Role.PRIVACY_REVIEWER), (cast.dan, Role.STEWARD)):
        Membership.objects.create(user=user, organisation=cast.acme, role=role)
    table = write_table(tmp_path / "again.csv", [{"path": "field/000.wav", "title": "A tone"}])
    source = tmp_path / "sounds"
    report = import_clips(actor=cast.dan, dataset=dataset, source=source, metadata=table)
    assert report.changed == 1
    assert clip_at(dataset).added_by == cast.dan
    return dataset


def test_a_change_by_another_hand_lets_nobody_decide_on_what_they_brought_in(
    cast: Cast, draft: Dataset
) -> None:
    finding = found_in(clip_at(draft))
    with pytest.raises(OwnWorkError):
        decide(actor=cast.ada, finding=finding, verdict="clear", reason="only a tone")
    play(cast.ada, clip_at(draft))
    with pytest.raises(OwnWorkError):
        count_people(
            actor=cast.ada,
            clip=clip_at(draft),
            people_heard=0,
            somebody_unknown=False,
            reason="nobody",
        )
    assert decide(actor=cast.cleo, finding=finding, verdict="clear", reason="a tone").pk


def test_the_database_refuses_it_as_well(cast: Cast, draft: Dataset) -> None:
    clip: Clip = clip_at(draft)
    finding: Finding = found_in(clip)
    play(cast.ada, clip)
    refusal = pytest.raises(DatabaseError, match="brought a clip in")
    with refusal, transaction.atomic():
        Decision.objects.create(
            finding=finding,
            verdict="clear",
            reason="only a tone",
            content_sha256=finding.content_sha256,
            decided_by=cast.ada,
            uploaded_by=cast.dan,
        )
    refusal = pytest.raises(DatabaseError, match="brought a clip in")
    with refusal, transaction.atomic():
        Headcount.objects.create(
            dataset=draft,
            clip=clip,
            content_sha256=clip.blob.sha256,
            people_heard=0,
            people_recorded=0,
            reason="nobody",
            counted_by=cast.ada,
            uploaded_by=cast.dan,
        )
