"""How the states of things are worded and coloured, in one table for all pages."""

from apps.doors.web.components import Tone

_RELEASE = {
    "draft": ("Draft", Tone.PLAIN, "wave"),
    "frozen": ("Frozen", Tone.INFO, "lock"),
    "in_review": ("In review", Tone.WARN, "shield"),
    "approved": ("Approved", Tone.GOOD, "check"),
    "published": ("Published", Tone.TAG, "tag"),
    "deprecated": ("Deprecated", Tone.PLAIN, "wait"),
    "withdrawn": ("Withdrawn", Tone.BAD, "cross"),
}
_FINDING = {
    "open": ("Open", Tone.WARN, "wait"),
    "awaiting_second": ("Second reviewer", Tone.WARN, "person"),
    "superseded": ("Content has changed", Tone.PLAIN, ""),
    "clear": ("Cleared", Tone.GOOD, "check"),
    "redact": ("Redacted", Tone.INFO, "shield"),
    "exclude": ("Excluded", Tone.BAD, "cross"),
}
_JOB = {
    "queued": ("Waiting", Tone.PLAIN, "wait"),
    "running": ("Running", Tone.INFO, "wave"),
    "done": ("Done", Tone.GOOD, "check"),
    "failed": ("Failed", Tone.BAD, "alert"),
    "cancelled": ("Cancelled", Tone.PLAIN, "cross"),
}
_ANSWER = {
    "allowed": ("Allowed", Tone.GOOD, "check"),
    "denied": ("Denied", Tone.BAD, "cross"),
    "not_asked": ("Not asked", Tone.PLAIN, "cross"),
}
_EVENT = {
    "suggested": ("Suggested", Tone.WARN, "wait"),
    "verified": ("Verified", Tone.GOOD, "check"),
    "rejected": ("Rejected", Tone.PLAIN, "cross"),
}
_CLIP = {
    "active": ("In the draft", Tone.GOOD, "check"),
    "excluded": ("Excluded", Tone.BAD, "cross"),
    "removed": ("Removed", Tone.PLAIN, "cross"),
}
_PUBLICATION = {
    "planned": ("Planned", Tone.PLAIN, "wait"),
    "sending": ("Sending", Tone.INFO, "upload"),
    "tagging": ("Tagging", Tone.INFO, "tag"),
    "verifying": ("Reading back", Tone.INFO, "shield"),
    "published": ("Published", Tone.GOOD, "check"),
    "failed": ("Failed", Tone.BAD, "alert"),
}
_REQUEST = {
    "pending": ("Waiting", Tone.WARN, "wait"),
    "granted": ("Granted", Tone.GOOD, "check"),
    "refused": ("Refused", Tone.BAD, "cross"),
    "cancelled": ("Taken back", Tone.PLAIN, "cross"),
}
_ACCESS = {
    "in_force": ("In force", Tone.GOOD, "check"),
    "coming": ("Begins later", Tone.PLAIN, "wait"),
    "terms": ("Terms to accept", Tone.WARN, "alert"),
    "ended": ("Ended", Tone.PLAIN, "wait"),
    "revoked": ("Taken back", Tone.BAD, "cross"),
}
_SPLIT = {
    "train": ("train", Tone.INFO, ""),
    "validation": ("validation", Tone.PLAIN, ""),
    "test": ("test", Tone.WARN, ""),
}

KINDS = {
    "release": _RELEASE,
    "finding": _FINDING,
    "job": _JOB,
    "answer": _ANSWER,
    "event": _EVENT,
    "clip": _CLIP,
    "publication": _PUBLICATION,
    "request": _REQUEST,
    "access": _ACCESS,
    "split": _SPLIT,
}


def find_badge(kind: str, value: str) -> tuple[str, Tone, str]:
    """Words, tone and icon of a state; an unknown one is shown as it is written."""
    return KINDS[kind].get(value, (value.replace("_", " ").capitalize(), Tone.PLAIN, ""))
