"""What this room holds of clips: nothing; receipts name releases by their roots."""

from apps.storage.holders import declare_clip_free

declare_clip_free(
    "it is of what somebody may have, or had, of a release or dataset as a whole",
    "access.AccessTerms.sha256",
    "access.Entitlement.purposes",
    "access.AccessRequest.purposes",
    "access.AccessRequest.answers",
    "access.AccessChange.embargoes",
    "access.Receipt.root",
    "access.Receipt.purposes",
    "apps.access.receipts",
)
