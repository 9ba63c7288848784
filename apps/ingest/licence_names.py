"""What people write where an SPDX licence is wanted: what is exact is mapped, the rest suggested.

Exact is a Creative Commons address, which names one licence, and a spelling of an SPDX identifier
that differs only in case (as the Hugging Face Hub's identifiers do). `CC BY 4.0` and the like are
only ever suggested: a person must say which licence was meant.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from apps.ingest.rows import CellError, Problem
from datasets_catalog.errors import EarmarkError

LicenceCheck = Callable[[str], str]
"""Returns the SPDX expression in its one spelling; raises an EarmarkError where it is none."""

_CC_ADDRESS = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(?:licenses|publicdomain)/"
    r"(?P<kind>[a-z-]+\+?)/(?P<version>\d\.\d)(?:/(?P<port>[a-z]{2,3}))?"
    r"(?:/(?:deed|legalcode)(?:\.[A-Za-z_-]+)?)?/?",
    re.IGNORECASE,
)
_CC_KINDS = ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
_CC_VERSIONS = ("1.0", "2.0", "2.5", "3.0", "4.0")
_CC_OTHERS = {
    "zero": "CC0",
    "mark": "CC-PDM",
    "sampling+": "LicenseRef-CC-Sampling-Plus",
    # Version 1.0 named the terms in another order.
    "by-nd-nc": "CC-BY-NC-ND",
}
_PLAIN_NAMES = (
    *(f"CC-{kind.upper()}-{version}" for kind in _CC_KINDS for version in _CC_VERSIONS),
    "CC0-1.0", "CC-PDM-1.0", "ODC-By-1.0", "ODbL-1.0", "PDDL-1.0", "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "C-UDA-1.0", "MIT", "Apache-2.0",
)  # fmt: skip
_IN_ONE_CASE = {name.lower(): name for name in _PLAIN_NAMES}
_WORDS = {
    "attribution": "by",
    "sharealike": "sa",
    "noncommercial": "nc",
    "noderivatives": "nd",
    "noderivs": "nd",
    "creativecommons": "cc",
}
_NEWEST = "4.0"
_ALIASES = {
    "cc0": "CC0-1.0",
    "cczero": "CC0-1.0",
    "creativecommons0": "CC0-1.0",
    "publicdomain": "CC0-1.0",
    "pddl": "PDDL-1.0",
    "odbl": "ODbL-1.0",
    "odcby": "ODC-By-1.0",
    "cuda": "C-UDA-1.0",
    "apache": "Apache-2.0",
    "apache2": "Apache-2.0",
}


def exact_licence(text: str) -> str:
    """Replace a Creative Commons address or a differently cased identifier; leave the rest."""
    found = _CC_ADDRESS.fullmatch(text)
    if found is None:
        return _IN_ONE_CASE.get(text.lower(), text)
    kind, port = found["kind"].lower(), found["port"]
    stem = _CC_OTHERS.get(kind) or (f"CC-{kind.upper()}" if kind in _CC_KINDS else None)
    if stem is None:
        return text
    return "-".join(part for part in (stem, found["version"], (port or "").upper()) if part)


def suggested_licence(text: str) -> str | None:
    """Guess what was meant by a friendly name such as `cc by 4.0`; None where nothing is near."""
    words = re.sub(r"non[\s-]?commercial", "noncommercial", text.lower())
    words = re.sub(r"share[\s-]?alike", "sharealike", words)
    words = re.sub(r"no[\s-]?deriv", "noderiv", words)
    words = re.sub(r"creative[\s-]?commons", "creativecommons", words)
    version = re.search(r"\b[1-4]\.[05]\b", words)
    parts = [_WORDS.get(word, word) for word in re.findall(r"[a-z]+\d?", words)]
    terms = [term for term in ("by", "nc", "sa", "nd") if term in parts]
    if "by" in terms and (parts[0] in {"cc", "by"}):
        return f"CC-{'-'.join(terms).upper()}-{version[0] if version else _NEWEST}"
    squeezed = re.sub(r"[^a-z0-9]|\b\d\.\d\b|license|licence|dedication", "", words)
    return _ALIASES.get(squeezed)


def licence_cell(check: LicenceCheck) -> Callable[[object], str]:
    """Make the reader of licence cells: the SPDX expression, or a refusal with a suggestion."""

    @lru_cache(maxsize=4096)
    def read_text(text: str) -> str:
        try:
            return check(exact_licence(text))
        except EarmarkError as error:
            guess = suggested_licence(text)
            hint = f" (did you mean {guess}?)" if guess else f" ({error.message})"
            raise CellError(
                f"an SPDX licence expression such as CC-BY-4.0{hint}", Problem.LICENCE_UNKNOWN
            ) from error

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise CellError("an SPDX licence expression", Problem.LICENCE_UNKNOWN)
        return read_text(value)

    return read
