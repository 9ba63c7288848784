"""The kinds of findings that a deployment knows: declared before anything is scanned."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from apps.detection.detectors.registry import list_detectors
from apps.detection.kinds import (
    FindingKindUnknownError,
    find_kind_policy,
    list_kinds_at,
    load_kind_policies,
    require_known_kind,
)
from apps.detection.own_kinds import DetectorFileError
from datasets_catalog.finding_kinds import (
    KIND_POLICIES,
    OWN_KIND_POLICY,
    FindingKind,
    FindingPlace,
    KindPolicy,
)
from tests.apps.review.reviewing import clip_at, found_in
from tests.cast import Cast
from tests.factories.drafts import make_draft

SIREN = {"name": "siren", "weight": 0.25, "speaks_for_recording": True}


def write_file(folder: Path, **tables: Any) -> str:
    path = folder / "detectors.json"
    path.write_text(json.dumps(tables), encoding="utf-8")
    return str(path)


def test_a_declared_kind_stands_beside_those_built_in(
    tmp_path: Path, settings: LazySettings
) -> None:
    assert load_kind_policies() == KIND_POLICIES
    settings.DETECTORS_FILE = write_file(tmp_path, kind=[SIREN, {"name": "bell"}])
    assert load_kind_policies().keys() == {*FindingKind, "siren", "bell"}
    assert find_kind_policy("siren") == KindPolicy(
        FindingPlace.SOUND, 0.25, speaks_for_recording=True
    )
    assert find_kind_policy("bell") == OWN_KIND_POLICY
    require_known_kind("siren")


def test_a_kind_that_is_declared_no_more_keeps_a_policy() -> None:
    assert find_kind_policy("siren") == OWN_KIND_POLICY
    assert find_kind_policy("siren").is_redactable


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ({"weight": 0.5}, "a kind lacks name"),
        ({"name": "siren", "colour": "red"}, "a kind has colour"),
        ({"name": "Siren"}, "name = 'Siren' is not allowed"),
        ({"name": "siren", "weight": 0}, "weight = 0 is not allowed"),
        ({"name": "siren", "weight": True}, "weight = True is not allowed"),
        ({"name": "siren", "weight": 1.5}, "0 < weight <= 1"),
        ({"name": "siren", "speaks_for_recording": "no"}, "speaks_for_recording = 'no'"),
        ({"name": "phone"}, "there is a kind phone already"),
    ],
)
def test_a_declaration_with_nonsense_is_refused_by_name(
    tmp_path: Path, settings: LazySettings, kind: dict[str, Any], sentence: str
) -> None:
    settings.DETECTORS_FILE = write_file(tmp_path, kind=[kind])
    with pytest.raises(DetectorFileError, match=sentence):
        load_kind_policies()


def test_a_kind_is_declared_once_and_in_tables(tmp_path: Path, settings: LazySettings) -> None:
    settings.DETECTORS_FILE = write_file(tmp_path, kind=[SIREN, SIREN])
    with pytest.raises(DetectorFileError, match="a kind siren already"):
        load_kind_policies()
    nonsense: list[dict[str, Any]] = [{"kind": "siren"}, {"kind": ["siren"]}, {"kinds": [SIREN]}]
    for number, wrong in enumerate(nonsense):
        folder = tmp_path / str(number)
        folder.mkdir()
        settings.DETECTORS_FILE = write_file(folder, **wrong)
        with pytest.raises(DetectorFileError, match=r"write \[\[kind\]\]|'kinds' means nothing"):
            load_kind_policies()


def test_a_detector_of_a_kind_that_nobody_declared_is_refused_when_a_command_starts(
    tmp_path: Path, settings: LazySettings
) -> None:
    settings.DETECTORS_FILE = write_file(tmp_path, detector=[{"name": "sirens", "kind": "siren"}])
    with pytest.raises(SystemCheckError, match="'siren' is no kind of finding in a sound"):
        call_command("check")
    folder = tmp_path / "declared"
    folder.mkdir()
    declared: dict[str, Any] = {"detector": [{"name": "sirens", "kind": "siren"}], "kind": [SIREN]}
    settings.DETECTORS_FILE = write_file(folder, **declared)
    call_command("check")


def test_the_kinds_at_a_place_are_those_of_the_table() -> None:
    assert list_kinds_at(FindingPlace.WHOLE_SOUND, FindingPlace.PICTURE) == (
        FindingKind.VIDEO,
        FindingKind.RETURNED,
    )


def test_every_kind_is_reported_by_a_detector_and_none_but_these() -> None:
    """The strictest profile has every detector. A kind that nothing reports weighs nothing."""
    reported = {kind for detector in list_detectors("sensitive") for kind in detector.kinds}
    assert reported == set(FindingKind)


@pytest.mark.django_db
def test_what_is_no_kind_is_refused_but_old_findings_can_be_asked_for(
    cast: Cast, tmp_path: Path
) -> None:
    with pytest.raises(FindingKindUnknownError, match="'speach': ask for one of speech, spoken_"):
        require_known_kind("speach")
    found_in(clip_at(make_draft(cast, tmp_path, clips=1)), kind="siren")
    require_known_kind("siren")
