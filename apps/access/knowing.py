"""Tells the rooms below whom this one let in, and has it hear of what lapses."""

from apps.access.lapse_notices import tell_of_lapses
from apps.access.standing import let_in
from apps.datasets.access import let_know
from apps.releases.lapses import follow_lapses

let_know(let_in)
follow_lapses(tell_of_lapses)
