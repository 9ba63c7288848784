"""Has the rooms below tell this one whose answers, what of bytes, and which settings changed."""

from apps.consent.answer_changes import follow_answers
from apps.datasets.actions import follow_settings
from apps.releases.lapses import (
    note_changed_answers,
    note_changed_settings,
    note_changed_verdicts,
)
from apps.review.verdict_changes import follow_verdicts

follow_answers(note_changed_answers)
follow_settings(note_changed_settings)
follow_verdicts(note_changed_verdicts)
