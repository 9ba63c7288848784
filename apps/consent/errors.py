"""What the ledger refuses."""

from datasets_catalog.errors import ConflictError, DeniedError, InvalidError, NotFoundError


class ConsentsRefusedError(ConflictError):
    """Consents contradict the ledger or each other; nothing of them was recorded."""

    code = "consent.refused"


class FormUnboundError(InvalidError):
    """Nothing says what a form asked about."""

    code = "consent.form_unbound"


class FormTakenError(ConflictError):
    """A form of this name, version and language is on record with other words."""

    code = "consent.form_taken"


class FormUnknownError(NotFoundError):
    """The organisation has no such form, or it does not ask about that."""

    code = "consent.form_unknown"


class ConsentUnknownError(NotFoundError):
    """The ledger has no such consent."""

    code = "consent.unknown"


class OwnFormError(DeniedError):
    """Who recorded answers to a form does not widen what it asked about."""

    code = "consent.own_form"


class SupersededError(ConflictError):
    """The record was corrected before: correct the one that counts."""

    code = "consent.superseded"


class EvidenceMissingError(InvalidError):
    """What would allow more than before needs the hash of its evidence."""

    code = "consent.evidence_missing"


class AgeConflictError(ConflictError):
    """What is said of somebody's age contradicts what is on record."""

    code = "consent.age_conflict"
