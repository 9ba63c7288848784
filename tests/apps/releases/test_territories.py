"""Where a release may go is said when it is made, judged, and fixed with what was judged."""

from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from apps.releases.actions import create_release, freeze_release
from apps.releases.gate_results import check_gates
from apps.releases.models import Release
from datasets_catalog.purposes import Purpose
from datasets_catalog.territories import TerritoryUnknownError
from tests.cast import Cast
from tests.factories.drafts import make_draft, make_release

pytestmark = pytest.mark.django_db
PURPOSES = [Purpose.RESEARCH_NONCOMMERCIAL]


def test_it_is_read_when_the_release_is_made(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    release = create_release(
        actor=cast.ada,
        dataset=dataset,
        version="1.0.0",
        purposes=PURPOSES,
        territories=["fr", "DE", "DE"],
    )
    assert Release.objects.get(pk=release.pk).territories == ["DE", "FR"]
    with pytest.raises(TerritoryUnknownError):
        create_release(
            actor=cast.ada,
            dataset=dataset,
            version="1.0.1",
            purposes=PURPOSES,
            territories=["Europe"],
        )


def test_without_a_word_it_may_go_everywhere(cast: Cast, tmp_path: Path) -> None:
    assert make_release(cast, make_draft(cast, tmp_path)).territories == []


def test_what_is_frozen_goes_nowhere_else(cast: Cast, tmp_path: Path) -> None:
    release = create_release(
        actor=cast.ada,
        dataset=make_draft(cast, tmp_path),
        version="1.0.0",
        purposes=PURPOSES,
        territories=["EEA"],
    )
    release = freeze_release(actor=cast.ada, release=release)
    assert {gate.code: gate.passed for gate in check_gates(release)}["consent.coverage"]
    with pytest.raises(DatabaseError, match="where a frozen release may go"), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(territories=[])
