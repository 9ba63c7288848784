"""All gates, in the order people read them."""

from collections.abc import Iterable

from datasets_catalog.facts import ReleaseFacts
from datasets_catalog.gates.base import Gate, Verdict
from datasets_catalog.gates.catalog import CatalogComplete
from datasets_catalog.gates.consent import ConsentCoverage, ConsentEvidence
from datasets_catalog.gates.integrity import IntegrityPresent
from datasets_catalog.gates.labels import LabelsValid, LabelsVerified
from datasets_catalog.gates.people import EthicsDocumentsValid, PrivacyChecklist
from datasets_catalog.gates.privacy import (
    PrivacyDecided,
    PrivacyMetadata,
    PrivacySampled,
    PrivacyScanned,
)
from datasets_catalog.gates.rights import (
    LicenceKnown,
    LicencePurposes,
    OutboundLicence,
    RightsCredited,
)
from datasets_catalog.gates.splits import SplitsLeakFree, SyntheticSeparate
from datasets_catalog.gates.versions import VersionSaysChange

GATES: tuple[Gate, ...] = (
    LicenceKnown(),
    OutboundLicence(),
    LicencePurposes(),
    RightsCredited(),
    ConsentCoverage(),
    ConsentEvidence(),
    PrivacyScanned(),
    PrivacyDecided(),
    PrivacySampled(),
    PrivacyMetadata(),
    PrivacyChecklist(),
    EthicsDocumentsValid(),
    LabelsValid(),
    LabelsVerified(),
    SplitsLeakFree(),
    SyntheticSeparate(),
    CatalogComplete(),
    VersionSaysChange(),
    IntegrityPresent(),
)


def check_all_gates(facts: ReleaseFacts) -> tuple[Verdict, ...]:
    """Ask every gate, whatever the others say."""
    return tuple(gate.check(facts) for gate in GATES)


def list_blocking_failures(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Return the verdicts that stop a release; nobody can waive them."""
    return tuple(verdict for verdict in verdicts if verdict.blocks)
