"""Has the rooms of consent and privacy tell this one whose answers, and what of bytes, changed."""

from apps.consent.changes import follow_answers
from apps.privacy.verdict_changes import follow_verdicts
from apps.releases.lapses import note_changed_answers, note_changed_verdicts

follow_answers(note_changed_answers)
follow_verdicts(note_changed_verdicts)
