"""What people write where an SPDX licence is wanted: what is exact is mapped, the rest suggested.

Exact is the address of a Creative Commons licence, which names one licence (the address of the
GPL does not), and a spelling of an SPDX identifier that differs only in case, as the Hugging Face
Hub's identifiers do. `CC BY 4.0` and the like are only ever suggested: a person must say which
licence was meant.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache

from apps.ingest.rows import CellError, Problem
from datasets_catalog.errors import EarmarkError
from datasets_catalog.licences import licence_of_url, table

LicenceCheck = Callable[[str], str]
"""Returns the SPDX expression in its one spelling; raises an EarmarkError where it is none."""

# A licence's address often ends in the page a person read instead of the licence itself.
_PAGE = re.compile(r"/(?:deed|legalcode)(?:\.[A-Za-z_-]+)?/?$", re.IGNORECASE)
_CC_ADDRESS = re.compile(r"https?://(?:www\.)?creativecommons\.org/", re.IGNORECASE)
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
    if _CC_ADDRESS.match(text):
        return licence_of_url(_PAGE.sub("/", text)) or text
    return _in_one_case().get(text.lower(), text)


@cache
def _in_one_case() -> dict[str, str]:
    return {licence.lower(): licence for licence in table()}


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
