"""The kinds of findings that this deployment knows: those built in, and those of its own file."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from django.conf import settings

from apps.detection.models import Finding
from apps.detection.own_kinds import read_detector_file, read_own_kinds
from datasets_catalog.errors import InvalidError
from datasets_catalog.finding_kinds import (
    KIND_POLICIES,
    OWN_KIND_POLICY,
    FindingKind,
    FindingPlace,
    KindPolicy,
)


class FindingKindUnknownError(InvalidError):
    """There is no such kind of finding, and nothing of that kind was ever found."""

    code: ClassVar[str] = "finding.kind_unknown"


def load_kind_policies() -> Mapping[str, KindPolicy]:
    """Every kind that a detector may report here, with its policy. Raises `DetectorFileError`."""
    return _load_kind_policies(settings.DETECTORS_FILE)


@lru_cache(maxsize=8)
def _load_kind_policies(own: str) -> Mapping[str, KindPolicy]:
    known: dict[str, KindPolicy] = {str(kind): policy for kind, policy in KIND_POLICIES.items()}
    if own:
        known.update(read_own_kinds(read_detector_file(Path(own)), Path(own)).items())
    return known


def find_kind_policy(kind: str) -> KindPolicy:
    """The policy of a kind; that of any own one for a kind which the file declares no more."""
    return load_kind_policies().get(kind, OWN_KIND_POLICY)


def list_kinds_at(*places: FindingPlace) -> tuple[FindingKind, ...]:
    """The built-in kinds whose findings lie in these places; own ones lie in stretches of sound."""
    return tuple(kind for kind, policy in KIND_POLICIES.items() if policy.place in places)


def require_known_kind(kind: str) -> None:
    """Raise `FindingKindUnknownError` for what is no kind: a list of nothing would look clean.

    What was found under a kind that is declared no more can still be asked for.
    """
    known = load_kind_policies()
    if kind not in known and not Finding.objects.filter(kind=kind).exists():
        raise FindingKindUnknownError(
            f"There is no kind of finding {kind!r}: ask for one of {', '.join(known)}.", kind=kind
        )
