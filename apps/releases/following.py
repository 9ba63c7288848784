"""Has the room of consent tell this one whose answers changed."""

from apps.consent.changes import follow_answers
from apps.releases.lapses import note_changed_answers

follow_answers(note_changed_answers)
