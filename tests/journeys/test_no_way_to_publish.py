"""What is wrong with a draft never comes to readers, whoever walks it through whichever door.

| draft | doors | hands |
|---|---|---|
| each of `WRONGS` | each of `WALKS` | a maker, a signer and a publisher who all say yes |
| a right one | each of `WALKS` | each role alone, and one person who holds them all |
| a right one | each of `LEADING` | the three of them: it comes to readers, so the walks do walk |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.consent.actions import record_consents
from apps.consent.ages import record_minor
from apps.datasets.actions import remove_clips, update_dataset
from apps.datasets.models import Clip, Dataset
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips
from apps.releases.models import Release
from apps.review.actions import count_people, point_out_voice
from datasets_catalog.purposes import Answer, Purpose
from datasets_catalog.release_states import PUBLIC_STATES
from datasets_catalog.roles import Role
from tests.cast import Cast
from tests.factories.drafts import OPEN_PURPOSES, make_dataset, make_draft, write_table
from tests.factories.reviews import make_case_draft
from tests.journeys.conftest import HANDS
from tests.journeys.publishing_by_door import LEADING, VERSION, WALKS, Staff
from tests.journeys.world import GATED, allow, consent_of, deny, sounds_for

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Wrong:
    """A draft that must not get out, for the purposes it is tried for."""

    make: Callable[[Cast, Path], Dataset]
    purposes: tuple[str, ...] = GATED


def a_voice_without_a_contributor(cast: Cast, base: Path) -> Dataset:
    return make_case_draft(cast, base, clips=2, name="tones")


def a_voice_that_a_person_pointed_out(cast: Cast, base: Path) -> Dataset:
    dataset = make_draft(cast, base)
    clip = dataset.clips.get(path="field/003.wav")
    point_out_voice(actor=cast.cleo, clip=clip, onset=0.1, offset=0.2, reason="somebody laughs")
    return dataset


def what_came_back_under_another_name(cast: Cast, base: Path) -> Dataset:
    dataset = make_draft(cast, base)
    remove_clips(actor=cast.ada, dataset=dataset, paths=["field/000.wav", "field/001.wav"])
    folder = base / "again"
    folder.mkdir()
    (folder / "bird.wav").write_bytes((base / "sounds/field/000.wav").read_bytes())
    table = write_table(folder / "clips.csv", [{"path": "bird.wav", "licence": "CC0-1.0"}])
    import_clips(actor=cast.ada, dataset=dataset, source=folder, metadata=table)
    scan_dataset(actor=cast.ada, dataset=Dataset.objects.get(pk=dataset.pk))
    return dataset


def somebody_unknown_beside_who_consents(cast: Cast, base: Path) -> Dataset:
    dataset = make_draft(cast, base)
    clip = dataset.clips.get(path="field/000.wav")
    count_people(
        actor=cast.cleo, clip=clip, people_heard=2, somebody_unknown=True, reason="two voices"
    )
    return dataset


def a_no_after_the_yes(cast: Cast, base: Path) -> Dataset:
    dataset = make_draft(cast, base)
    deny(cast, ["share.raw_audio"])
    return dataset


def a_no_to_leaving_europe(cast: Cast, base: Path) -> Dataset:
    dataset = make_draft(cast, base)
    deny(cast, ["transfer.outside_eea"])
    return dataset


def a_yes_of_another_study(cast: Cast, base: Path) -> Dataset:
    dataset = make_draft(cast, base)
    other = make_dataset(cast, "other")
    entry = consent_of("ben", 27, {Purpose.TRAIN_DISCRIMINATIVE: Answer.ALLOWED}, form="b")
    record_consents(actor=cast.ada, organisation=cast.acme, entries=[entry], datasets=[other])
    return dataset


def a_minor_whose_guardian_has_not_answered(cast: Cast, base: Path) -> Dataset:
    dataset = make_draft(cast, base)
    record_minor(actor=cast.ada, organisation=cast.acme, code="ben", reason="told us")
    return dataset


def a_licence_against_the_purpose(cast: Cast, base: Path) -> Dataset:
    dataset = make_draft(cast, base)
    allow(cast, ["research.commercial"])
    Clip.objects.filter(dataset=dataset, path="field/003.wav").update(licence="CC-BY-NC-4.0")
    return dataset


def a_consent_without_its_evidence(cast: Cast, base: Path) -> Dataset:
    dataset = make_draft(cast, base)
    update_dataset(actor=cast.ada, dataset=dataset, changes={"evidence_required": True})
    said = dict.fromkeys(map(Purpose, GATED), Answer.ALLOWED)
    entry = replace(consent_of("ben", 20, said), evidence_sha256="")
    record_consents(actor=cast.ada, organisation=cast.acme, entries=[entry])
    return dataset


WRONGS = {
    "A2 voice": Wrong(a_voice_without_a_contributor),
    "A2 pointed out": Wrong(a_voice_that_a_person_pointed_out),
    "A4 bytes": Wrong(what_came_back_under_another_name),
    "A5 somebody": Wrong(somebody_unknown_beside_who_consents),
    "A6 no": Wrong(a_no_after_the_yes),
    "A6 abroad": Wrong(a_no_to_leaving_europe),
    "A7 study": Wrong(a_yes_of_another_study, ("train.discriminative", *GATED)),
    "A8 minor": Wrong(a_minor_whose_guardian_has_not_answered),
    "A9 licence": Wrong(a_licence_against_the_purpose, ("research.commercial", *GATED[1:])),
    "A11 evidence": Wrong(a_consent_without_its_evidence),
}


def staff_of(cast: Cast) -> Staff:
    return Staff(cast.ada, cast.cleo, cast.rita)


def somebody_with(cast: Cast, roles: frozenset[Role]) -> User:
    user = User.objects.create_user("sam", "sam@example.org", "pw")
    for role in roles:
        user.memberships.create(organisation=cast.acme, role=role)
    return user


def opened(dataset: Dataset) -> Dataset:
    """Open to everyone, as every dataset may be before its first release."""
    Dataset.objects.filter(pk=dataset.pk).update(access="open")
    return Dataset.objects.get(pk=dataset.pk)


def got_out(cast: Cast) -> list[str]:
    """What came of it: that it counts as released, or the doors at which readers got a sound."""
    row = Release.objects.filter(version=VERSION).first()
    if row is None:
        return []
    doors = [door for reader in (None, cast.eve) for door in sounds_for(reader, row)]
    return [*doors, row.state] if row.state in PUBLIC_STATES else doors


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is taken back at its end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("wrong", WRONGS)
def test_what_is_wrong_is_published_through_no_door(cast: Cast, tmp_path: Path, wrong: str) -> None:
    dataset = opened(WRONGS[wrong].make(cast, tmp_path))
    for door, walk in WALKS.items():
        with undone():
            walk(staff_of(cast), dataset, WRONGS[wrong].purposes)
            assert got_out(cast) == [], door


@pytest.mark.parametrize("door", WALKS)
def test_nobody_publishes_alone_through_any_door(cast: Cast, tmp_path: Path, door: str) -> None:
    dataset = opened(make_draft(cast, tmp_path))
    for roles in HANDS:
        with undone():
            sam = somebody_with(cast, roles)
            WALKS[door](Staff.alone(sam), dataset, OPEN_PURPOSES)
            assert got_out(cast) == [], sorted(roles)


@pytest.mark.parametrize("door", LEADING)
def test_the_same_steps_publish_what_is_right(cast: Cast, tmp_path: Path, door: str) -> None:
    dataset = opened(make_draft(cast, tmp_path))
    LEADING[door](staff_of(cast), dataset, OPEN_PURPOSES)
    assert {"rest", "archive", "dvc", "published"} <= set(got_out(cast))
