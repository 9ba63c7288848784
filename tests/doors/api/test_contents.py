"""What a release holds, as it goes out: the same bytes, in ranges, with a receipt."""

import hashlib
import io

import pyarrow.parquet as pq

from apps.access.models import Receipt
from apps.datasets.models import Clip
from apps.releases.actions import create_release
from tests.doors.api.conftest import Caller
from tests.doors.api.world import World
from tests.factories.drafts import PURPOSES


def test_a_clips_bytes_are_what_its_row_says(world: World, call: Caller) -> None:
    dan = call(world.cast.dan)
    row = dan.get(world.address("release-clip")).json()
    answer = dan.get(world.address("release-clip-audio"))
    content = answer.getvalue()
    assert hashlib.sha256(content).hexdigest() == row["sha256"]
    assert len(content) == row["size"]
    assert answer.headers["ETag"] == f'"{row["sha256"]}"'
    assert answer.headers["Content-Type"] == row["media_type"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "attachment" in answer.headers["Content-Disposition"]


def test_ranges_and_conditions_are_honoured(world: World, call: Caller) -> None:
    dan = call(world.cast.dan)
    url = world.address("release-clip-audio")
    whole = dan.get(url)
    content = whole.getvalue()
    part = dan.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.getvalue()) == (206, content[10:20])
    unchanged = dan.get(url, headers={"If-None-Match": whole.headers["ETag"]})
    assert unchanged.status_code == 304
    beyond = dan.get(url, headers={"Range": f"bytes={len(content)}-"})
    assert beyond.status_code == 416


def test_the_table_is_the_releases_own(world: World, call: Caller) -> None:
    answer = call(world.cast.dan).get(world.address("release-table"))
    table = pq.read_table(io.BytesIO(answer.getvalue()))
    release = call().get(world.address("release")).json()
    assert table.num_rows == release["clips"]


def test_what_was_taken_leaves_a_receipt(world: World, call: Caller) -> None:
    dan = call(world.cast.dan)
    for _ in range(2):
        dan.get(world.address("release-clip-audio")).getvalue()
    receipt = Receipt.objects.get()
    assert (receipt.holder, receipt.door) == ("dan", "api")
    listed = call(world.cast.ada).get(world.address("receipts")).json()["results"]
    assert [row["holder"] for row in listed] == ["dan"]


def test_other_clips_of_the_draft_are_not_in_the_release(world: World, call: Caller) -> None:
    made_up = "12345678-1234-4234-9234-123456789012"
    answer = call(world.cast.dan).get(world.address("release-clip-audio", uid=made_up))
    assert (answer.status_code, answer.json()["code"]) == (404, "release.clip_unknown")


def test_a_draft_has_no_rows_yet(world: World, call: Caller) -> None:
    dataset = world.cast.acme.datasets.get(name="tones")
    create_release(actor=world.cast.ada, dataset=dataset, version="1.2.0", purposes=PURPOSES)
    answer = call(world.cast.ada).get(world.address("release-clips", version="1.2.0"))
    assert (answer.status_code, answer.json()["code"]) == (409, "release.not_frozen")


def test_the_original_behind_a_redaction_never_leaves(world: World, call: Caller) -> None:
    clip = Clip.objects.get(uid=world.arguments["clip_uid"])
    other = Clip.objects.exclude(pk=clip.pk).select_related("blob")[0]
    Clip.objects.filter(pk=clip.pk).update(original=other.blob)
    ada = call(world.cast.ada)
    shown = ada.get(world.address("clip")).json()
    assert shown["redacted"] is True
    assert other.blob.sha256 not in ada.get(world.address("clip")).content.decode()
    heard = ada.get(world.address("clip-audio")).getvalue()
    assert hashlib.sha256(heard).hexdigest() == shown["sha256"]


def test_answers_have_etags(world: World, call: Caller) -> None:
    ada = call(world.cast.ada)
    for route in ("dataset", "release", "clip", "whoami"):
        first = ada.get(world.address(route))
        again = ada.get(world.address(route), headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b""), route
        assert "private" in first.headers["Cache-Control"]
    ada.patch(world.address("dataset"), {"title": "Another"})
    changed = ada.get(world.address("dataset"))
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_nobody_learns_who_is_in_a_clip_from_its_row(world: World, call: Caller) -> None:
    rows = call(world.cast.dan).get(world.address("release-clips")).content.decode()
    assert '"contributors":1' in rows
    assert '"ben"' not in rows
