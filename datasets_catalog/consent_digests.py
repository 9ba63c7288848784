"""A keyed digest of what was consented for a clip, which a release shows instead of consents."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime

from datasets_catalog.canonical import to_canonical_json
from datasets_catalog.ledger import Consent, ConsentInvalidError, Ledger
from datasets_catalog.purposes import IMPLIED_PURPOSES, Answer

MINIMUM_KEY_BYTES = 16


def compute_consent_digest(
    *,
    clip_id: str,
    contributors: Iterable[str],
    ledger: Ledger,
    at: datetime,
    key: bytes,
    dataset: str = "",
    recording: str = "",
) -> str | None:
    """Return the HMAC-SHA-256, hexadecimal, of what was consented for a clip; None for nobody.

    Over the RFC 8785 JSON of the clip's id and, per contributor in code-point order, every
    consent given up to `at` whose form asked about the recording. Keyed (one secret per dataset, at
    least 16 bytes) and bound to the clip, so that a published digest neither reveals a code by
    guessing nor shows that two clips share a voice; whoever holds the key can prove it from the
    ledger.
    """
    people = sorted(set(contributors))
    if not people:
        return None
    if len(key) < MINIMUM_KEY_BYTES:
        raise ConsentInvalidError(
            f"The key of consent digests needs at least {MINIMUM_KEY_BYTES} bytes."
        )
    record = {
        "clip_id": clip_id,
        "people": [
            {
                "contributor": code,
                "consents": [
                    _build_record(consent)
                    for consent in ledger.history(code, at=at)
                    if consent.speaks_for(dataset, recording)
                ],
            }
            for code in people
        ],
    }
    return hmac.new(key, to_canonical_json(record), hashlib.sha256).hexdigest()


def _build_record(consent: Consent) -> dict[str, object]:
    answered = {p.value: a.value for p, a in consent.answers.items() if a is not Answer.NOT_ASKED}
    return {
        "answers": answered,
        "form": consent.form,
        "form_version": consent.form_version,
        "given_at": _format_instant(consent.given_at),
        "guardian": consent.guardian,
        "minor": consent.minor,
        "territories": sorted(consent.territories),
        "valid_from": _format_instant(consent.valid_from),
        "valid_until": _format_instant(consent.valid_until),
        "withdrawn_at": _format_instant(consent.withdrawn_at),
        **_build_later_members(consent),
    }


def _build_later_members(consent: Consent) -> dict[str, object]:
    """What consents could not say at first.

    Left out where it is not said, so that the digests of older consents stay what they were.
    """
    found: dict[str, object] = {}
    if consent.of_age_at is not None:
        found["of_age_at"] = _format_instant(consent.of_age_at)
    if consent.implied != IMPLIED_PURPOSES:
        found["implied"] = {p.value: sorted(map(str, q)) for p, q in consent.implied.items()}
    return found


def _format_instant(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat()
