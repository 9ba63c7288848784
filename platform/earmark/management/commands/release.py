"""Walk a release as far as gates and rights allow."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.access import has_permission
from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.detection.scanning import scan_dataset
from apps.publishing.release_publication import publish_release_here
from apps.releases.actions import (
    PART_PERMISSIONS,
    create_release,
    freeze_release,
    recheck_release,
    settle_release,
    sign_off_release,
    submit_release,
)
from apps.releases.errors import PurposesFixedError
from apps.releases.models import GateResult, Release
from datasets_catalog.errors import DeniedError, EarmarkError
from datasets_catalog.release_states import ReleaseState
from datasets_catalog.roles import Permission
from datasets_catalog.territories import parse_territories
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset

WAY = (
    ReleaseState.DRAFT,
    ReleaseState.FROZEN,
    ReleaseState.IN_REVIEW,
    ReleaseState.APPROVED,
    ReleaseState.PUBLISHED,
)
SHOWN = 20


class Command(Base):
    help = (
        "Walk a release towards a state, step by step, as far as the gates and this user's rights"
        " allow, and print every gate with the rows that fail it. The exit code is 0 only if the"
        " state was reached."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("release_version", metavar="VERSION")
        parser.add_argument("--to", required=True, choices=[str(state) for state in WAY[1:]])
        parser.add_argument(
            "--purposes", default="", help="joined by commas; needed when the release is new"
        )
        parser.add_argument(
            "--territories", default="", help="where it may go, joined by commas; none: everywhere"
        )
        parser.add_argument("--notes", default="", help="what changed, for readers")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        dataset = find_dataset(actor, options["dataset"])
        release = self._release(actor, dataset, options)
        goal = WAY.index(ReleaseState(options["to"]))
        stopped = None
        while release.state in WAY and WAY.index(ReleaseState(release.state)) < goal:
            try:
                moved = self._take_step(actor, dataset, release)
            except EarmarkError as problem:
                stopped = {"code": problem.code, "message": problem.message}
                break
            if moved.state == release.state:
                stopped = {"code": "release.waiting", "message": _describe_waiting(moved)}
                break
            release = moved
        release = settle_release(release)
        gates = _load_gates(actor, release)
        return {
            "dataset": dataset.full_name,
            "version": release.version,
            "state": release.state,
            "reached": release.state == options["to"]
            or WAY.index(ReleaseState(release.state)) >= goal,
            "root": release.root,
            "clips": release.clips,
            "seconds": release.seconds,
            "dvc_commit": release.dvc_commit,
            "stopped": stopped,
            "gates": [_describe_gate(gate) for gate in gates],
        }

    def _release(self, actor: User, dataset: Dataset, options: dict[str, Any]) -> Release:
        version = options["release_version"].removeprefix("v")
        row = Release.objects.filter(dataset=dataset, version=version).first()
        purposes = [part.strip() for part in options["purposes"].split(",") if part.strip()]
        territories = parse_territories(options["territories"].split(","))
        if row is not None:
            _refuse_other_words(row, purposes, territories, options["notes"])
            return settle_release(row)
        return create_release(
            actor=actor,
            dataset=dataset,
            version=version,
            purposes=purposes,
            territories=territories,
            notes=options["notes"],
        )

    def _take_step(self, actor: User, dataset: Dataset, release: Release) -> Release:
        match release.state:
            case ReleaseState.DRAFT:
                scan_dataset(actor=actor, dataset=dataset, progress=self.progress)
                return freeze_release(actor=actor, release=release, progress=self.progress)
            case ReleaseState.FROZEN:
                return submit_release(actor=actor, release=release)
            case ReleaseState.IN_REVIEW:
                return _sign_parts(actor, release)
            case _:
                return publish_release_here(actor=actor, release=release)

    def say(self, value: dict[str, Any]) -> list[str]:
        lines = []
        for gate in value["gates"]:
            mark = "ok  " if gate["passed"] else ("FAIL" if gate["blocking"] else "note")
            lines.append(f"{mark} {gate['code']:<26} {gate['summary']}")
            lines += [
                f"       {row['path'] or ''} {row['message']} {row.get('advice', '')}".rstrip()
                for row in gate["failing"]
            ]
            hidden = gate["failing_count"] - len(gate["failing"])
            lines += [f"       … and {hidden} more"] if hidden else []
        if value["stopped"]:
            lines.append(f"stopped: {value['stopped']['message']}")
        lines.append(f"{value['dataset']} {value['version']} is {value['state']}.")
        return lines

    def has_succeeded(self, value: dict[str, Any]) -> bool:
        return bool(value["reached"])


def _refuse_other_words(
    release: Release, purposes: list[str], territories: frozenset[str], notes: str
) -> None:
    """What a release is for and says of itself is fixed when it is made."""
    if purposes and set(purposes) != set(release.purposes):
        raise PurposesFixedError(
            f"{release} was made for {', '.join(release.purposes)}: leave --purposes out to go on"
            " with it, or release another version."
        )
    if territories and territories != set(release.territories):
        raise PurposesFixedError(
            f"{release} was made to go {', '.join(release.territories) or 'everywhere'}: leave"
            " --territories out to go on with it, or release another version."
        )
    if notes and notes != release.notes:
        raise PurposesFixedError(
            f"{release} has its notes already: leave --notes out to go on with it, or release"
            " another version."
        )


def _sign_parts(actor: User, release: Release) -> Release:
    """Sign for every part that this user may answer for."""
    organisation = release.dataset.organisation
    parts = [
        p for p, needed in PART_PERMISSIONS.items() if has_permission(actor, needed, organisation)
    ]
    if not parts:
        raise DeniedError(
            f"{actor} may sign for nothing in {organisation}: a privacy reviewer and a rights"
            " reviewer who did not make the release have to."
        )
    for part in parts:
        release = sign_off_release(actor=actor, release=release, part=part)
    return release


def _describe_waiting(release: Release) -> str:
    signed = set(release.sign_offs.filter(root=release.root).values_list("part", flat=True))
    left = sorted(set(PART_PERMISSIONS) - signed)
    return f"The release waits for the sign-off of: {', '.join(left)}."


def _load_gates(actor: User, release: Release) -> list[GateResult]:
    """What the gates said of the root; where nobody asked them yet, who prepares it asks now."""
    kept = list(GateResult.objects.filter(release=release, root=release.root))
    prepares = has_permission(actor, Permission.RELEASE_PREPARE, release.dataset.organisation)
    if kept or release.state != ReleaseState.FROZEN or not prepares:
        return kept
    return list(recheck_release(actor=actor, release=release))


def _describe_gate(gate: GateResult) -> dict[str, Any]:
    return {
        "code": gate.code,
        "title": gate.title,
        "blocking": gate.blocking,
        "passed": gate.passed,
        "summary": gate.summary,
        "failing_count": gate.failing_count,
        "failing": gate.failing[:SHOWN],
        "numbers": gate.numbers,
    }
