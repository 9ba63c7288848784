"""Tells the rooms below whom this one let in; has it hear of what lapses and of lower bars."""

from apps.access.lapse_notices import tell_of_lapses
from apps.access.lowering_notices import tell_of_lowering
from apps.access.standing import match_let_in
from apps.datasets.access import add_knower
from apps.datasets.bar_lowerings import follow_lowerings
from apps.releases.lapses import follow_lapses

add_knower(match_let_in)
follow_lapses(tell_of_lapses)
follow_lowerings(tell_of_lowering)
