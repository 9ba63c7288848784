"""Which detectors have seen which clips of a draft, as the gates count it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from apps.datasets.models import Dataset
from apps.detection.detectors.base import Detector, Looks, any_finding_holds, build_version
from apps.detection.draft_groups import map_group_keys
from apps.detection.models import Finding, Scan
from apps.detection.scanning import list_scans, list_scans_with_findings
from datasets_catalog.facts import Detector as DetectorFacts
from datasets_catalog.facts import FindingFacts, FindingState


def build_detector_fact(detector: Detector) -> DetectorFacts:
    version = build_version(detector)
    return DetectorFacts(version.name, f"{version.version}+{version.parameters_sha256[:8]}")


class ScansOfDraft:
    """Which current detectors saw which content; one shared set for each combination.

    A scan that saw something counts for a clip when that has been noted as findings of the clip:
    between the two a process may have died.
    """

    def __init__(self, dataset: Dataset, detectors: Iterable[Detector]) -> None:
        # Of contents in which something was seen: by which scan.
        self._telling: dict[str, list[tuple[int, DetectorFacts]]] = defaultdict(list)
        noted = Finding.objects.filter(clip__dataset=dataset)
        self._noted = set(noted.values_list("clip_id", "scan_id"))
        self._by_bytes: dict[str, frozenset[DetectorFacts]] = {}
        self._by_cells: dict[str, frozenset[DetectorFacts]] = {}
        self._by_group: dict[str, frozenset[DetectorFacts]] = {}
        # Of contents in which anybody ever saw something: by which scan, and what.
        self._known: dict[str, list[tuple[int, list[Any]]]] = defaultdict(list)
        for content, *known in list_scans_with_findings(dataset).values_list(
            "content_sha256", "pk", "seen"
        ):
            self._known[content].append((known[0], known[1]))
        self._groups: list[_Groups] = []
        self._union: dict[
            tuple[frozenset[DetectorFacts], frozenset[DetectorFacts]], frozenset[DetectorFacts]
        ] = {}
        for detector in detectors:
            seen = {
                Looks.AUDIO: self._by_bytes,
                Looks.CELLS: self._by_cells,
                Looks.DATASET: self._by_group,
            }[detector.looks_at]
            rows = list_scans(dataset, detector).filter(failed=False)
            if detector.looks_at is Looks.DATASET:
                self._groups.append(_Groups(dataset, detector, rows))
            one = frozenset({build_detector_fact(detector)})
            for content, scan_id in rows.exclude(seen=[]).values_list("content_sha256", "pk"):
                self._telling[content].append((scan_id, build_detector_fact(detector)))
            for content in rows.values_list("content_sha256", flat=True).iterator():
                before = seen.get(content)
                seen[content] = one if before is None else self._join_detectors(before, one)

    def _join_detectors(
        self, left: frozenset[DetectorFacts], right: frozenset[DetectorFacts]
    ) -> frozenset[DetectorFacts]:
        both = self._union.get((left, right))
        if both is None:
            both = self._union[left, right] = left | right
        return both

    def of(self, clip: int, content: str, texts: str) -> frozenset[DetectorFacts]:
        """The current detectors that saw the clip; `content` and `texts` are SHA-256 of both."""
        nothing: frozenset[DetectorFacts] = frozenset()
        found = self._join_detectors(
            self._by_bytes.get(content, nothing),
            self._by_cells.get(texts, nothing),
        )
        telling = (*self._telling.get(content, ()), *self._telling.get(texts, ()))
        lost = {fact for scan_id, fact in telling if (clip, scan_id) not in self._noted}
        found = found - lost if lost else found
        for groups in self._groups:
            # Keys are hashes of what they stand for: no two detectors share one.
            if groups.is_noted(clip, content, texts):
                key = groups.keys.get(clip, "")
                found = self._join_detectors(found, self._by_group.get(key, nothing))
        return found

    def find_unnoted(self, clip: int, content: str) -> Iterator[FindingFacts]:
        """What was ever found in the bytes of a clip, in whatever clip, and is not noted in it."""
        for scan_id, seen in self._known.get(content, ()):
            if (clip, scan_id) not in self._noted:
                for one in seen:
                    yield FindingFacts(
                        f"scan {scan_id}",
                        one["kind"],
                        FindingState.UNNOTED,
                        one["onset"],
                        one["offset"],
                    )


class _Groups:
    """For a detector of whole drafts: the group of each clip, and what stands against clips."""

    def __init__(self, dataset: Dataset, detector: Detector, scans: QuerySet[Scan]) -> None:
        self.keys = map_group_keys(dataset, detector)
        self._any = any_finding_holds(detector)
        self._telling = set(scans.exclude(seen=[]).values_list("content_sha256", flat=True))
        noted = Finding.objects.filter(clip__dataset=dataset, scan__in=scans)
        columns = ("clip_id", "content_sha256", "scan__content_sha256")
        self._against = {self._build_key(*row) for row in noted.values_list(*columns)}

    def is_noted(self, clip: int, content: str, texts: str) -> bool:
        """Whether what was seen of the clip's group stands as a finding of the clip as it is."""
        key = self.keys.get(clip, "")
        if key not in self._telling:
            return True
        told = {self._build_key(clip, each, key) for each in (content, texts)}
        return bool(told & self._against)

    def _build_key(self, clip: int, content: str, key: str) -> tuple[int, str, str]:
        return clip, content, "" if self._any else key
