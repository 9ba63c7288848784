"""Muting changes the sound a licence was given for; leaving tags out does not."""

import csv
from pathlib import Path
from typing import Any

import pytest

from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding
from apps.licensing.licences import load_licences, render_attribution_csv
from apps.releases.forecasts import forecast_licence
from apps.releases.versioning import list_credits
from apps.review.alterations import find_stripped_contents
from apps.review.decisions import decide_finding
from apps.review.undo import undo_decision
from datasets_catalog.alterations import Alteration, AlteredContent
from tests.apps.review.reviewing import clip_at, found_in
from tests.cast import Cast
from tests.factories.drafts import make_release
from tests.factories.reviews import make_case_draft

pytestmark = pytest.mark.django_db


def test_a_clip_that_may_not_be_adapted_may_lose_its_tags_and_not_its_sound(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_case_draft(cast, tmp_path)
    Clip.objects.filter(dataset=dataset).update(licence="CC-BY-ND-4.0")
    assert forecast_licence(dataset).outbound.conflicts == ()

    named = Finding.objects.get(clip=clip_at(dataset, 2), kind="metadata")
    decide_finding(actor=cast.cleo, finding=named, verdict="redact", reason="a name")
    silent = clip_at(dataset, 2)
    assert silent.original_id is not None
    assert find_stripped_contents(dataset) == {(str(silent.uid), silent.blob.oid)}
    assert forecast_licence(dataset).outbound.conflicts == ()

    heard = found_in(clip_at(dataset, 0), kind="spoken_name")
    muting = decide_finding(actor=cast.cleo, finding=heard, verdict="redact", reason="a name")
    outbound = forecast_licence(dataset).outbound
    assert [conflict.clips for conflict in outbound.conflicts] == [(1,)]
    assert outbound.drop.paths == ("000.wav",)

    undo_decision(actor=cast.cleo, decision=muting, reason="not a name")
    assert forecast_licence(dataset).outbound.conflicts == ()


def test_a_clip_that_was_muted_and_then_stripped_has_other_sound(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_case_draft(cast, tmp_path)
    Clip.objects.filter(dataset=dataset).update(licence="CC-BY-NC-ND-3.0")
    heard = found_in(clip_at(dataset, 2), kind="spoken_name")
    decide_finding(actor=cast.cleo, finding=heard, verdict="redact", reason="a name")
    tagged = found_in(clip_at(dataset, 2), kind="metadata", onset=None, offset=None)
    decide_finding(actor=cast.cleo, finding=tagged, verdict="redact", reason="a name")

    assert clip_at(dataset, 2).redactions.count() == 2
    assert find_stripped_contents(dataset) == frozenset()
    assert forecast_licence(dataset).outbound.drop.paths == ("002.wav",)


def test_an_attribution_says_of_each_clip_what_was_done_to_it(cast: Cast, tmp_path: Path) -> None:
    dataset = make_case_draft(cast, tmp_path)
    Clip.objects.filter(dataset=dataset).update(licence="CC-BY-4.0", author="Ada")

    def redact(number: int, kind: str, method: str, **place: Any) -> None:
        finding = found_in(clip_at(dataset, number), kind=kind, **place)
        decide_finding(
            actor=cast.cleo, finding=finding, verdict="redact", reason="a name", method=method
        )

    nowhere = {"onset": None, "offset": None}
    redact(0, "name", "bleep")
    redact(2, "name", "mute")
    redact(2, "metadata", "mute", **nowhere)
    release = make_release(cast, Dataset.objects.get(pk=dataset.pk))
    said = {credit.path: credit.changes for credit in list_credits(release)}
    assert said["000.wav"] == ("passages covered by a tone; the file written anew, without tags")
    assert said["002.wav"] == (
        "passages muted; tags taken out of the file; the file written anew, without tags"
    )
    assert {changes for path, changes in said.items() if path not in {"000.wav", "002.wav"}} == {""}
    written = render_attribution_csv(list_credits(release), load_licences(cast.acme)).decode()
    rows = {row["path"]: row["changes"] for row in csv.DictReader(written.splitlines())}
    assert rows == said


def test_a_clip_that_lost_its_tags_alone_is_not_said_to_be_muted(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_case_draft(cast, tmp_path)
    named = Finding.objects.get(clip=clip_at(dataset, 2), kind="metadata")
    decide_finding(actor=cast.cleo, finding=named, verdict="redact", reason="a name")
    release = make_release(cast, Dataset.objects.get(pk=dataset.pk))
    said = [credit.changes for credit in list_credits(release) if credit.changes]
    assert said == ["tags taken out of the file"]


def test_an_attribution_says_which_format_a_clip_came_in() -> None:
    altered = AlteredContent(frozenset({Alteration.NOISE}), ("MP3 became FLAC",))
    assert altered.sentence == (
        "passages covered by noise; the file written anew, without tags; MP3 became FLAC"
    )
    assert AlteredContent().sentence == "changed in review, it is not on record how"
