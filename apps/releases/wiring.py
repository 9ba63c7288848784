"""Has the rooms of consent and privacy tell this one whose answers, and what of bytes, changed."""

from apps.consent.answer_changes import follow_answers
from apps.releases.lapses import note_changed_answers, note_changed_verdicts
from apps.review.verdict_changes import follow_verdicts

follow_answers(note_changed_answers)
follow_verdicts(note_changed_verdicts)
