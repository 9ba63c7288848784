"""For which purposes a release may be used, in ODRL with DPV purposes, and as DUO terms."""

from collections.abc import Sequence
from typing import Any

from datasets_catalog.purposes import TERMS, Purpose

Json = dict[str, Any]
PURPOSE_URN = "urn:earmark:purpose:"
DUO = "http://purl.obolibrary.org/obo/duo.owl"
# What harms a person most is forbidden by name wherever it was not allowed.
NAMED_PROHIBITIONS = (Purpose.TRAIN_VOICE_SYNTHESIS, Purpose.IDENTIFY_SPEAKER)


def build_usage_info(purposes: Sequence[Purpose]) -> list[Json]:
    """Return Croissant's `usageInfo`: an offer that permits the purposes, and their DUO codes."""
    offer: Json = {
        "@type": ["sc:CreativeWork", "odrl:Offer"],
        "name": {"en": "Purposes of this release"},
        "odrl:permission": [_build_rule(purpose) for purpose in purposes],
    }
    if prohibited := [_build_rule(p) for p in NAMED_PROHIBITIONS if p not in purposes]:
        offer["odrl:prohibition"] = prohibited
    codes = {TERMS[purpose].duo: purpose for purpose in purposes}
    return [
        offer,
        *(
            {
                "@type": "sc:DefinedTerm",
                "termCode": code,
                "name": {"en": TERMS[purpose].title},
                "inDefinedTermSet": DUO,
            }
            for code, purpose in codes.items()
            if code
        ),
    ]


def _build_rule(purpose: Purpose) -> Json:
    terms = TERMS[purpose]
    purposes = [f"{PURPOSE_URN}{purpose.value}", *([terms.dpv] if terms.dpv else [])]
    return {
        "name": {"en": terms.title},
        "odrl:action": {"@id": _build_action(terms.odrl or "use")},
        "odrl:constraint": {
            "odrl:leftOperand": {"@id": "odrl:purpose"},
            "odrl:operator": {"@id": "odrl:isAnyOf" if len(purposes) > 1 else "odrl:isA"},
            "odrl:rightOperand": [{"@id": iri} for iri in purposes],
        },
    }


def _build_action(name: str) -> str:
    if name.startswith("cc:"):
        return name.replace("cc:", "http://creativecommons.org/ns#")
    return f"odrl:{name}"
