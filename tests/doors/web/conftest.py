"""People signed in, and a dataset with something on every page."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding, Scan
from apps.releases.models import Release
from tests.cast import Cast
from tests.factories.drafts import make_published

As = Callable[[User | None], Client]


@pytest.fixture
def as_user() -> As:
    def sign_in(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return sign_in


@dataclass(frozen=True, slots=True)
class House:
    """`acme/tones` with release 1.0.0, four clips, and one open finding on the first."""

    dataset: Dataset
    release: Release
    clip: Clip
    finding: Finding


@pytest.fixture
def house(cast: Cast, tmp_path: Path) -> House:
    return furnish(cast, tmp_path)


def furnish(cast: Cast, base: Path) -> House:
    release = make_published(cast, base)
    clip = Clip.objects.get(dataset=release.dataset, path="field/000.wav")
    scan = Scan.objects.filter(detector="speech", content_sha256=clip.blob.sha256).get()
    finding = Finding.objects.create(
        clip=clip,
        scan=scan,
        position=9,
        content_sha256=clip.blob.sha256,
        kind="speech",
        onset=0.1,
        offset=0.3,
        score=0.9,
    )
    return House(release.dataset, release, clip, finding)
