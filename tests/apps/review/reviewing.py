"""Findings to decide on, made as scans make them."""

from typing import Any

from apps.accounts.models import Membership, User
from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding, Scan
from datasets_catalog.roles import Role
from tests.cast import Cast
from tests.factories.reviews import play


def second_reviewer(cast: Cast) -> User:
    """Dan, who reviews as well."""
    Membership.objects.get_or_create(
        user=cast.dan, organisation=cast.acme, role=Role.PRIVACY_REVIEWER
    )
    return cast.dan


def clip_at(dataset: Dataset, number: int = 0) -> Clip:
    return Clip.objects.select_related("blob", "dataset__organisation").get(
        dataset=dataset, path__endswith=f"{number:03d}.wav"
    )


def found_in(
    clip: Clip, *, kind: str = "speech", position: int = 7, played: bool = True, **more: Any
) -> Finding:
    """What a detector in force saw in the clip's present bytes, played to every reviewer or not."""
    if played:
        for reviewer in User.objects.filter(memberships__role=Role.PRIVACY_REVIEWER):
            play(reviewer, clip)
    scan = Scan.objects.filter(content_sha256=clip.blob.sha256).order_by("pk").first()
    assert scan is not None
    values = {
        "scan": scan,
        "content_sha256": clip.blob.sha256,
        "onset": 0.1,
        "offset": 0.2,
        "score": 0.9,
        **more,
    }
    return Finding.objects.create(clip=clip, kind=kind, position=position, **values)
