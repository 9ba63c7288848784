"""Doors parse, call one verb of a room, and answer: read from their code."""

from pathlib import Path
from textwrap import dedent

import pytest

from tests.door_steps import Code

ROOT = Path(__file__).resolve().parents[2]
# Each with why it may.
MAY_WRITE = {
    "apps.doors.api.idempotency.honour_idempotency_key": "the work and the memory of its answer"
    " are one transaction: the answer is the door's own row",
    "apps.doors.api.idempotency._reserve_answer": "the row is the door's own",
    "apps.doors.api.idempotency._keep_answer": "the row is the door's own",
    "apps.doors.web.views.review.sounds.serve_sound_window": "it deletes a mark in the cache, not"
    " a row: that a window was sent ahead of its hearing",
}
MAY_ORDER = {
    "apps.doors.web.views.releases.add_release": "proposing a version reckons and writes nothing",
    "apps.doors.web.views.review.sounds.serve_sound_window": "which seconds were played is known"
    " only once the answer is built",
}


def test_no_door_writes_a_row() -> None:
    assert set(Code(ROOT).list_writers()) == set(MAY_WRITE)


def test_no_door_orders_steps() -> None:
    code = Code(ROOT, frozenset(MAY_ORDER))
    assert list(code.list_orderers()) == []
    # An exception that is none any more goes from the list.
    assert MAY_ORDER.keys() <= set(Code(ROOT).list_orderers())


ROOM = """
from django.db import transaction

def freeze(*, actor, release): ...
def submit(*, actor, release): ...

@transaction.atomic
def settle(release): ...

def load(release): ...
"""
DOOR = """
from apps.room import actions
from apps.room.actions import freeze, load, settle, submit
from apps.doors.shared import take_one

class View:
    def post(self, request):
        {body}

    def _step(self, request):
        submit(actor=request.user, release=1)
"""
SHARED = """
from apps.room.actions import freeze

def take_one(request):
    freeze(actor=request.user, release=1)
"""


def read_door(tmp_path: Path, body: str) -> Code:
    lines = dedent(body).strip().replace("\n", "\n        ")
    files = {"room/actions.py": ROOM, "doors/view.py": DOOR.format(body=lines)}
    for name, text in {**files, "doors/shared.py": SHARED}.items():
        path = tmp_path / "apps" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Code(tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        "freeze(actor=1, release=1)\nsubmit(actor=1, release=1)",
        "settle(1)\nactions.freeze(actor=1, release=1)",
        "submit(actor=1, release=settle(1))",
        "take_one(request)\nself._step(request)",
        "for row in request:\n    freeze(actor=1, release=row)",
        "if request:\n    settle(1)\nfreeze(actor=1, release=1)",
        "try:\n    settle(1)\nexcept ValueError:\n    submit(actor=1, release=1)",
        "with note():\n    settle(1)\n    unknown(actor=1)",
    ],
)
def test_steps_in_order_are_seen_however_they_are_written(tmp_path: Path, body: str) -> None:
    code = read_door(tmp_path, body)
    assert list(code.list_orderers()) == ["apps.doors.view.View.post"]


@pytest.mark.parametrize(
    "body",
    [
        "load(1)\nload(2)\nfreeze(actor=1, release=1)",
        "if request:\n    return freeze(actor=1, release=1)\nreturn submit(actor=1, release=1)",
        "if request:\n    settle(1)\nelse:\n    self._step(request)",
        "match request:\n    case 1:\n        settle(1)\n    case _:\n        take_one(request)",
    ],
)
def test_one_step_on_each_way_is_none_in_order(tmp_path: Path, body: str) -> None:
    assert list(read_door(tmp_path, body).list_orderers()) == []


@pytest.mark.parametrize(
    "body",
    [
        "row.save()",
        "Row.objects.filter(pk=1).update(state=2)",
        "Row.objects.bulk_create([])",
        "with transaction.atomic():\n    load(1)",
        "cursor.execute('DELETE FROM row')",
    ],
)
def test_writes_are_seen(tmp_path: Path, body: str) -> None:
    assert list(read_door(tmp_path, body).list_writers()) == ["apps.doors.view.View.post"]
