"""What a record that takes another's place may say without new evidence."""

from datasets_catalog.implications import settle_answers
from datasets_catalog.ledger import Consent
from datasets_catalog.purposes import Answer, Purpose
from datasets_catalog.territories import is_within


def is_narrower(new: Consent, old: Consent) -> bool:
    """Whether `new` in the place of `old` can permit nothing more, whatever else is on record.

    What was allowed stays allowed or is denied, and nothing else is allowed; an allowance that is
    merely taken out would let an older, wider one decide. It ends no later, reaches no further, and
    stands at the same moment under the same form with the same guardian.
    """
    if _build_place_key(new) != _build_place_key(old):
        return False
    after = settle_answers(new.answers, new.implied)
    before = settle_answers(old.answers, old.implied)
    if any(after[purpose] not in {before[purpose], Answer.DENIED} for purpose in Purpose):
        return False
    # A denial holds whenever and wherever it was given.
    return Answer.ALLOWED not in after.values() or (
        new.starts_at == old.starts_at
        and _ends_no_later(new, old)
        and is_within(new.territories, old.territories)
    )


def _build_place_key(consent: Consent) -> tuple[object, ...]:
    return (
        consent.contributor,
        consent.form,
        consent.form_version,
        consent.given_at,
        consent.guardian,
        consent.answered_by,
        consent.reach,
        consent.implied,
    )


def _ends_no_later(new: Consent, old: Consent) -> bool:
    if old.valid_until is None:
        return True
    return new.valid_until is not None and new.valid_until <= old.valid_until
