"""What the DVC door holds of clips: nothing; git hands out hashes of listings."""

from apps.storage.holders import declare_clip_free

declare_clip_free(
    "it sends packs of commits, which name listings by their hash",
    "apps.doors.dvc.upload_pack",
)
