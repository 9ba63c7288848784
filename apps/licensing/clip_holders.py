"""What this room holds of clips: nothing."""

from apps.storage.holders import declare_clip_free

declare_clip_free(
    "it is of an organisation's own terms",
    "licensing.Terms.sha256",
    "licensing.Terms.field_of_use",
    "licensing.Terms.territories",
)
