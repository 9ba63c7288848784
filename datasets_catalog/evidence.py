"""Which consents that a release rests on have nothing that shows them."""

import hashlib
from collections.abc import Iterable, Iterator

from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.consent import Plan
from datasets_catalog.ledger import Consent, Ledger
from datasets_catalog.purposes import Answer

# What hashing a file gives that was never written.
OF_NOTHING = hashlib.sha256(b"").hexdigest()


def find_unproved_consents(
    clips: Iterable[ClipPeople], consents: Iterable[Consent], plan: Plan
) -> Iterator[tuple[Consent, ClipPeople]]:
    """Yield each consent without evidence that allows a purpose of the plan, with the first clip.

    Of the consents that speak for a clip somebody is in; a denial needs no proof.
    """
    ledger = Ledger(consents)
    first: dict[tuple[str, str], ClipPeople] = {}
    for clip in clips:
        for code in clip.contributors:
            first.setdefault((code, clip.recording), clip)
    told: set[int] = set()
    for (code, recording), clip in first.items():
        for consent in ledger.find_unproved(code):
            allowed = (ledger.answer(consent, each) is Answer.ALLOWED for each in plan.purposes)
            if not consent.speaks_for(plan.dataset, recording) or not any(allowed):
                continue
            if id(consent) not in told:
                told.add(id(consent))
                yield consent, clip
