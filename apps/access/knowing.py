"""Tells the room of datasets who may know of which because they were let in."""

from apps.access.standing import let_in
from apps.datasets.access import let_know

let_know(let_in)
