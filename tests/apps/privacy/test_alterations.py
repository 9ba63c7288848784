"""Muting changes the sound a licence was given for; leaving tags out does not."""

from pathlib import Path

import pytest

from apps.datasets.models import Clip
from apps.privacy.alterations import stripped_contents
from apps.privacy.deciding import decide
from apps.privacy.models import Finding
from apps.privacy.undoing import undo
from apps.releases.outlook import licence_outlook
from tests.apps.privacy.reviewing import clip_at, found_in
from tests.cast import Cast
from tests.factories.reviews import make_case_draft

pytestmark = pytest.mark.django_db


def test_a_clip_that_may_not_be_adapted_may_lose_its_tags_and_not_its_sound(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_case_draft(cast, tmp_path)
    Clip.objects.filter(dataset=dataset).update(licence="CC-BY-ND-4.0")
    assert licence_outlook(dataset).outbound.conflicts == ()

    named = Finding.objects.get(clip=clip_at(dataset, 2), kind="metadata")
    decide(actor=cast.cleo, finding=named, verdict="redact", reason="a name")
    silent = clip_at(dataset, 2)
    assert silent.original_id is not None
    assert stripped_contents(dataset) == {(str(silent.uid), silent.blob.oid)}
    assert licence_outlook(dataset).outbound.conflicts == ()

    heard = found_in(clip_at(dataset, 0), kind="name")
    muting = decide(actor=cast.cleo, finding=heard, verdict="redact", reason="a name")
    outbound = licence_outlook(dataset).outbound
    assert [conflict.clips for conflict in outbound.conflicts] == [(1,)]
    assert outbound.drop.paths == ("000.wav",)

    undo(actor=cast.cleo, decision=muting, reason="not a name")
    assert licence_outlook(dataset).outbound.conflicts == ()


def test_a_clip_that_was_muted_and_then_stripped_has_other_sound(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_case_draft(cast, tmp_path)
    Clip.objects.filter(dataset=dataset).update(licence="CC-BY-NC-ND-3.0")
    heard = found_in(clip_at(dataset, 2), kind="name")
    decide(actor=cast.cleo, finding=heard, verdict="redact", reason="a name")
    tagged = found_in(clip_at(dataset, 2), kind="metadata", onset=None, offset=None)
    decide(actor=cast.cleo, finding=tagged, verdict="redact", reason="a name")

    assert clip_at(dataset, 2).redactions.count() == 2
    assert stripped_contents(dataset) == frozenset()
    assert licence_outlook(dataset).outbound.drop.paths == ("002.wav",)
