"""Tables sent as bodies: what comes in, what is refused row by row."""

from apps.consent.models import Consent
from apps.datasets.models import Event
from tests.doors.api.conftest import Caller
from tests.doors.api.world import World

CONSENTS = """contributor,form,form_version,given_at,publish.open
zoe,voices,2,2026-02-01,allowed
yan,voices,2,yesterday,allowed
"""
EVENTS = """path,onset,offset,label
field/000.wav,0.1,0.2,click
field/000.wav,0.3,0.2,backwards
nowhere.wav,0.1,0.2,click
"""


def test_good_consents_are_recorded_and_bad_ones_named(world: World, call: Caller) -> None:
    ada = call(world.cast.ada)
    url = world.address("consents")
    tried = ada.generic("POST", f"{url}?dry_run=true", CONSENTS, "text/csv").json()
    assert (tried["added"], tried["dry_run"]) == (1, True)
    assert not Consent.objects.filter(contributor__code="zoe").exists()
    answer = ada.generic("POST", url, CONSENTS, "text/csv").json()
    assert answer["added"] == 1
    assert [(error["row"], error["column"]) for error in answer["row_errors"]] == [(3, "given_at")]
    again = ada.generic("POST", url, CONSENTS, "text/csv").json()
    assert (again["added"], again["unchanged"]) == (0, 1)
    listed = ada.get(f"{url}?contributor=zoe").json()["results"]
    assert [row["answers"] for row in listed] == [{"publish.open": "allowed"}]


def test_good_events_come_in_and_bad_ones_are_named(world: World, call: Caller) -> None:
    ada = call(world.cast.ada)
    url = world.address("draft-events") + "?format=native&name=events.csv"
    before = Event.objects.count()
    answer = ada.generic("POST", url, EVENTS, "text/plain").json()
    assert answer["added"] == 1
    assert {error["row"] for error in answer["row_errors"]} == {3, 4}
    assert Event.objects.count() == before + 1
    assert ada.generic("POST", url, EVENTS, "text/plain").json()["unchanged"] == 1


def test_an_audacity_track_names_its_clip(world: World, call: Caller) -> None:
    url = world.address("draft-events") + "?format=audacity&name=000.txt"
    answer = call(world.cast.ada).generic("POST", url, "0.10\t0.20\tknock\n", "text/plain")
    assert answer.json()["added"] == 1, answer.json()
    assert Event.objects.get(label="knock").clip.path == "field/000.wav"


def test_a_file_name_cannot_leave_its_folder(world: World, call: Caller) -> None:
    ada = call(world.cast.ada)
    for name in ("../../etc/passwd", "/etc/passwd", "a\\b", "con.csv"):
        url = world.address("draft-events") + f"?format=native&name={name}"
        answer = ada.generic("POST", url, EVENTS, "text/plain")
        assert answer.json()["code"] == "ingest.path_invalid", name


def test_a_table_that_is_too_large_is_refused(world: World, call: Caller) -> None:
    answer = call(world.cast.ada).generic(
        "POST", world.address("consents"), "x" * (64 * 1024 * 1024 + 1), "text/csv"
    )
    assert answer.json()["code"] == "request.body_too_large"
