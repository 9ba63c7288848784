"""Every address, called by everybody: who gets what, and that nothing is left out."""

from typing import Any

from django.db import transaction

from apps.accounts.models import Token
from apps.doors.api.base import ApiView
from tests.cast import Cast
from tests.doors.api.conftest import Caller
from tests.doors.api.world import CONTENT, World, person, routes

PEOPLE = ("nobody", "eve", "dan", "ada", "cleo", "rita", "olga")
# Dan was granted access, Eve waits for an answer; neither is a member. Ada owns and keeps the
# dataset, Cleo reviews, Rita publishes, Olga audits. 404: may not know of it. 409 and 400: may,
# but not now or not so.
MATRIX = """
                                     nobody eve dan ada cleo rita olga
GET    schema                           200 200 200 200 200 200 200
GET    docs                             200 200 200 200 200 200 200
GET    whoami                           401 200 200 200 200 200 200
GET    tokens                           401 200 200 200 200 200 200
POST   tokens                           401 201 201 201 201 201 201
DELETE token                            401 404 404 204 404 404 404
GET    organisations                    401 200 200 200 200 200 200
POST   organisations                    401 201 201 201 201 201 201
GET    organisation                     401 404 404 200 200 200 200
GET    members                          401 404 404 200 200 200 200
POST   members                          401 404 404 200 403 403 403
DELETE member                           401 404 404 204 403 403 403
GET    audit                            401 404 404 200 403 403 200
GET    contributors                     401 404 404 200 200 403 200
GET    consents                         401 404 404 200 200 403 200
POST   consents                         401 404 404 200 403 403 403
POST   consent-corrections              401 404 404 201 403 403 403
GET    consent-forms                    401 404 404 200 200 403 200
POST   consent-forms                    401 404 404 201 403 403 403
POST   form-reaches                     401 404 404 403 201 403 403
POST   form-reaches-end                 401 404 404 403 200 403 403
POST   minors                           401 404 404 201 403 403 403
POST   majorities                       401 404 404 409 403 403 403
GET    own-terms                        401 404 404 200 200 200 200
POST   own-terms                        401 404 404 201 403 403 403
GET    agreements                       401 404 404 200 200 200 200
GET    targets                          401 404 404 200 200 200 200
GET    target                           401 404 404 200 200 200 200
PUT    target                           401 404 404 200 403 200 403
POST   target-check                     401 404 404 200 403 200 403
GET    vocabularies                     200 200 200 200 200 200 200
GET    vocabulary                       200 200 200 200 200 200 200
GET    terms                            200 200 200 200 200 200 200
GET    datasets                         200 200 200 200 200 200 200
POST   datasets                         401 404 404 201 403 403 403
GET    dataset                          200 200 200 200 200 200 200
PATCH  dataset                          401 403 403 200 403 403 403
GET    clips                            401 403 403 200 200 200 200
POST   clip-removals                    401 403 403 200 403 403 403
GET    clip                             401 403 403 200 200 200 200
DELETE clip                             401 403 403 204 403 403 403
GET    clip-events                      401 403 403 200 200 200 200
POST   draft-events                     401 403 403 200 403 403 403
POST   event-verifications              401 403 403 403 403 403 403
GET    clip-audio                       401 403 403 200 200 200 200
GET    people                           401 403 403 200 200 403 200
GET    recordings                       401 403 403 200 200 200 200
GET    draft-licence                    401 403 403 200 200 200 200
GET    draft-coverage                   401 403 403 200 200 403 200
POST   scans                            401 403 403 202 202 403 202
GET    findings                         401 403 403 200 200 403 200
GET    finding                          401 404 404 200 200 404 200
POST   finding-decision                 401 404 404 403 201 404 403
GET    review                           401 403 403 200 200 403 200
GET    cases                            401 403 403 200 200 403 200
POST   decisions                        401 403 403 403 201 403 403
GET    sample                           401 403 403 200 200 403 200
POST   sample                           401 403 403 403 201 403 403
POST   batch-undo                       401 404 404 403 204 404 403
POST   decision-undo                    401 404 404 409 409 404 409
POST   decision-confirmation            401 404 404 409 409 404 409
GET    case                             401 404 404 200 200 404 200
POST   case-comments                    401 404 404 201 201 404 201
POST   case-change-requests             401 404 404 403 201 404 403
POST   case-headcounts                  401 404 404 403 201 404 403
POST   case-findings                    401 404 404 403 201 404 403
PUT    case-assignment                  401 404 404 403 204 404 403
POST   case-time                        401 404 404 204 204 404 204
POST   change-request-answer            401 404 404 200 200 404 403
POST   hearing                          401 404 404 403 201 404 403
GET    publications                     401 403 403 200 200 200 200
GET    access-requests                  401 200 200 200 200 200 200
POST   access-requests                  401 409 201 409 409 409 409
GET    access-request                   401 200 404 200 404 404 404
DELETE access-request                   401 204 404 404 404 404 404
POST   access-request-grant             401 403 404 200 404 404 404
POST   access-request-refuse            401 403 404 200 404 404 404
GET    entitlements                     401 403 403 200 403 403 403
POST   entitlements                     401 403 403 201 403 403 403
POST   entitlement-revocations          401 403 403 200 403 403 403
GET    lowerings                        401 403 403 200 200 200 200
POST   lowerings                        401 403 403 409 403 403 403
POST   lowering-confirm                 401 403 403 403 200 403 403
POST   lowering-refuse                  401 403 403 403 200 403 403
POST   lowering-cancel                  401 403 403 200 403 403 403
GET    access-changes                   401 403 403 200 200 200 200
POST   access-changes                   401 403 403 409 403 403 403
POST   access-change-confirm            401 403 403 403 200 403 403
POST   access-change-refuse             401 403 403 403 200 403 403
POST   access-change-cancel             401 403 403 200 403 403 403
GET    activity                         401 403 403 200 200 200 200
GET    receipts                         401 403 403 200 403 403 403
GET    refusals                         401 403 403 200 403 403 403
GET    access-terms                     200 200 200 200 200 200 200
POST   access-terms                     401 403 403 201 403 403 403
POST   access-terms-acceptances         401 404 404 404 404 404 404
GET    my-access-requests               401 200 200 200 200 200 200
GET    access-requests-to-answer        401 200 200 200 200 200 200
GET    my-entitlements                  401 200 200 200 200 200 200
GET    agreement                        401 404 200 200 404 404 404
PATCH  agreement                        401 404 403 200 404 404 404
GET    agreement-seats                  401 404 200 200 404 404 404
POST   agreement-seats                  401 404 201 403 404 404 404
DELETE agreement-seat                   401 404 404 403 404 404 404
GET    notices                          401 200 200 200 200 200 200
POST   notices-read                     401 200 200 200 200 200 200
GET    stops                            401 403 403 200 200 200 200
POST   stops                            401 403 403 201 201 403 403
POST   stop-confirm                     401 403 403 200 403 403 403
POST   stop-lift                        401 403 403 200 403 403 403
GET    documents                        401 403 403 200 200 200 200
POST   documents                        401 403 403 201 403 403 403
GET    document-content                 401 403 403 200 200 200 200
POST   document-retire                  401 403 403 200 403 403 403
GET    uploads                          401 403 403 200 403 403 403
POST   uploads                          401 403 403 201 403 403 403
GET    upload                           401 404 404 200 404 404 404
POST   upload-check                     401 404 404 200 404 404 404
PUT    upload-blob                      401 404 404 200 404 404 404
POST   upload-pack                      401 404 404 400 404 404 404
GET    upload-parts                     401 404 404 200 404 404 404
PUT    upload-part                      401 404 404 200 404 404 404
POST   upload-parts-complete            401 404 404 400 404 404 404
POST   upload-commit                    401 404 404 200 404 404 404
POST   upload-finish                    401 404 404 409 404 404 404
GET    releases                         200 200 200 200 200 200 200
POST   releases                         401 403 403 201 403 201 403
POST   dry-runs                         401 403 403 202 403 202 403
GET    release                          200 200 200 200 200 200 200
POST   release-freeze                   401 403 403 202 403 202 403
GET    release-gates                    403 403 403 200 200 200 200
GET    release-lapses                   403 403 403 200 200 200 200
POST   release-gates                    401 403 403 409 403 409 403
POST   release-submit                   401 403 403 409 403 409 403
GET    release-sign-offs                403 403 403 200 200 200 200
POST   release-sign-offs                401 403 403 403 409 403 403
POST   release-publish                  401 403 403 200 403 200 403
POST   release-reopen                   401 403 403 409 403 409 403
POST   release-deprecate                401 403 403 200 403 200 403
GET    release-checklist                403 403 403 200 200 200 200
POST   release-checklist                401 403 403 403 409 403 403
GET    release-review-report            200 200 200 200 200 200 200
GET    release-statement                200 200 200 200 200 200 200
GET    release-diff                     401 200 200 200 200 200 200
GET    release-authorization            200 200 200 200 200 200 200
POST   release-publications             401 403 403 202 403 202 403
POST   release-publication-plan         401 403 403 200 403 200 403
GET    release-clips                    401 403 200 200 200 200 200
GET    release-clip                     401 403 200 200 200 200 200
GET    release-clip-audio               401 403 200 200 200 200 200
GET    release-selection                401 403 200 200 200 200 200
POST   release-selection                401 403 200 200 200 200 200
GET    release-archive                  401 403 200 200 200 200 200
GET    release-manifest                 401 403 200 200 200 200 200
GET    release-flavours                 401 403 200 200 200 200 200
POST   release-flavours                 401 403 202 202 202 202 202
GET    signed                           200 200 200 200 200 200 200
GET    release-table                    401 403 200 200 200 200 200
GET    jobs                             401 200 200 200 200 200 200
GET    job                              401 404 404 200 200 200 200
POST   job-cancel                       401 404 404 200 403 403 403
"""
QUERIES = {
    "signed": "?key={key}",
    "draft-events": "?format=native&name=events.csv",
    "draft-coverage": "?purposes=research.noncommercial",
    "release-diff": "?since=1.0.0",
    "documents": "?kind=dpia&title=Assessment",
    "release-authorization": "?action=download",
}
BODIES: dict[str, Any] = {
    "POST tokens": {"name": "another"},
    "POST organisations": {"name": "newcomers"},
    "POST members": {"username": "dan", "role": "annotator"},
    "POST consent-corrections": {
        "form": "voices",
        "form_version": "2",
        "given_at": "2026-01-15T00:00:00Z",
        "evidence_sha256": "ab" * 32,
        "answers": {"research.noncommercial": "denied"},
        "reason": "Read the other box.",
    },
    "POST consent-forms": {"name": "voices", "version": "3", "datasets": ["tones"]},
    "POST form-reaches": {"dataset": "tones", "recording": "session-0", "reason": "On page 2."},
    "POST form-reaches-end": {"dataset": "tones", "reason": "It names another study."},
    "POST minors": {"contributor": "kim", "of_age_on": "2031-05-17", "reason": "Said so."},
    "POST majorities": {
        "contributor": "ben",
        "reason": "Turned 18.",
        "evidence_sha256": "ab" * 32,
    },
    "POST own-terms": {"licence": "LicenseRef-Acme-1", "title": "Acme 1", "text": "No."},
    "PUT target": {"repository": "acme/other"},
    "POST datasets": {"organisation": "acme", "name": "frogs", "vertical": "wildlife"},
    "PATCH dataset": {"title": "Tones, again"},
    "POST clip-removals": {"paths": ["field/003.wav"]},
    "POST finding-decision": {"verdict": "clear", "reason": "A tone, no voice."},
    "POST decisions": {"kind": "speech", "count": 1, "verdict": "clear", "reason": "A tone."},
    "POST decision-confirmation": {"agree": True, "reason": "Heard it too."},
    "POST case-comments": {"text": "Listen at the end."},
    "POST case-change-requests": {"text": "Cut the end."},
    "PUT case-assignment": {"reviewer": None},
    "POST case-time": {"seconds": 3.5},
    "POST change-request-answer": {"text": "Cut."},
    "POST hearing": {"missed": False},
    "POST case-headcounts": {"people_heard": 0, "reason": "a bird"},
    "POST case-findings": {"onset": 0.1, "offset": 0.2, "reason": "a whisper"},
    "POST access-request-refuse": {"answer": "Not this time."},
    "POST entitlements": {"username": "eve", "purposes": ["research.noncommercial"]},
    "POST lowerings": {"fewest_alike": 6, "reason": "A small village."},
    "POST lowering-confirm": {"reason": "Everybody knows everybody there."},
    "POST lowering-refuse": {"reason": "Too few."},
    "POST access-changes": {"auto_grant": True, "reason": "A challenge begins."},
    "POST access-change-refuse": {"answer": "Not these voices."},
    "POST entitlement-revocations": {"username": "dan"},
    "POST access-terms": {"text": "Use it well."},
    "POST access-terms-acceptances": {"version": 1},
    "PATCH agreement": {"seats": 3},
    "POST agreement-seats": {"username": "dan"},
    "POST upload-check": {"files": [{"path": "a.wav", "sha256": "0" * 64, "size": 5}]},
    "POST upload-parts-complete": {"size": 5},
    "POST upload-commit": {"rows": [{"path": "a.wav", "sha256": "0" * 64}]},
    "POST releases": {"version": "2.0.0", "purposes": ["research.noncommercial"]},
    "POST dry-runs": {"purposes": ["research.noncommercial"]},
    "POST release-sign-offs": {"part": "privacy"},
    "POST stops": {"reason": "A voice."},
    "POST stop-lift": {"reason": "A bird."},
    "POST document-retire": {"reason": "Vote 13 takes its place."},
    "POST release-checklist": {"question": "works_cleared", "answer": "yes"},
    "POST release-deprecate": {"reason": "There is a better one."},
    "POST release-selection": {"clips": ["field/000.wav"]},
    "POST release-flavours": {"sample_rate": 8000, "mono": True},
    "POST release-publications": {"target": "hub"},
    "POST release-publication-plan": {"target": "hub"},
}
CONSENTS = b"contributor,form,form_version,given_at,publish.open\nzoe,voices,2,2026-02-01,allowed\n"
EVENTS = b"path,onset,offset,label\nfield/000.wav,0.1,0.2,click\n"
# What only readies a download: a token for reading is enough.
FOR_READERS = {"POST release-selection", "POST release-flavours"}
STREAMS = {
    "POST draft-events": ("text/plain", EVENTS),
    "POST documents": ("text/plain", b"Assessed."),
    "POST consents": ("text/csv", CONSENTS),
    "PUT upload-blob": ("application/octet-stream", CONTENT),
    "POST upload-pack": ("application/x-tar", b"no tar"),
    "PUT upload-part": ("application/octet-stream", CONTENT),
}


def rows() -> dict[str, list[int]]:
    lines = [line.split() for line in MATRIX.strip().splitlines()[1:]]
    return {f"{method} {route}": list(map(int, codes)) for method, route, *codes in lines}


def send(client: Any, world: World, call: str) -> Any:
    method, route = call.split()
    address = world.address(route) + QUERIES.get(route, "").format(**world.arguments)
    if call == "GET documents":
        address = world.address(route)
    if call in STREAMS:
        content_type, body = STREAMS[call]
        return client.generic(method, address, body, content_type)
    answer = getattr(client, method.lower())(address, BODIES.get(call), format="json")
    if answer.streaming:
        answer.getvalue()
    return answer


def test_the_matrix_names_every_address_and_method() -> None:
    methods = ("get", "post", "put", "patch", "delete")
    there = {
        f"{method.upper()} {name}"
        for name, view in routes()
        for method in methods
        if hasattr(view, method)
    }
    assert there == set(rows())


def test_everybody_gets_what_the_matrix_says(world: World, cast: Cast, call: Caller) -> None:
    clients = {name: call(person(cast, name)) for name in PEOPLE}
    wrong = []
    for named, codes in rows().items():
        for name, code in zip(PEOPLE, codes, strict=True):
            with transaction.atomic():
                answer = send(clients[name], world, named)
                transaction.set_rollback(True)
            if answer.status_code != code:
                said = getattr(answer, "data", None)
                wrong.append(f"{named} {name}: {answer.status_code}, not {code}: {said}")
    assert not wrong, "\n".join(wrong)


def test_no_address_changes_anything_with_a_token_for_reading(
    world: World, cast: Cast, call: Caller
) -> None:
    reader = call(cast.ada, Token.Scope.READ)
    for named in rows():
        if not named.startswith("GET") and named not in FOR_READERS:
            answer = send(reader, world, named)
            assert (answer.status_code, answer.data["code"]) == (403, "request.token_scope"), named


def test_what_reaches_beyond_drafts_needs_a_token_for_everything(
    world: World, cast: Cast, call: Caller
) -> None:
    writer = call(cast.ada, Token.Scope.WRITE)
    views = dict(routes())
    asked = 0
    for named in rows():
        view = views[named.split()[1]]
        if named.startswith("GET") or not issubclass(view, ApiView):
            continue
        if view.write_scope == Token.Scope.ADMIN:
            answer = send(writer, world, named)
            assert (answer.status_code, answer.data["code"]) == (403, "request.token_scope"), named
            asked += 1
    assert asked >= 12


def test_what_is_not_yours_looks_like_what_is_not_there(
    world: World, cast: Cast, call: Caller
) -> None:
    eve = call(cast.eve)
    pairs = (
        (world.address("organisation"), "acme", "nothing"),
        (
            world.address("job"),
            str(world.arguments["job_uid"]),
            "0" * 8 + "-" + "0000-" * 3 + "0" * 12,
        ),
        (
            world.address("upload"),
            str(world.arguments["upload"]),
            "0" * 8 + "-" + "0000-" * 3 + "0" * 12,
        ),
        (
            world.address("finding"),
            str(world.arguments["finding_uid"]),
            "0" * 8 + "-" + "0000-" * 3 + "0" * 12,
        ),
        (world.address("release", version="1.1.0"), "1.1.0", "9.9.9"),
    )
    for address, real, made_up in pairs:
        one, other = eve.get(address), eve.get(address.replace(real, made_up))
        assert one.status_code == other.status_code == 404, address
        assert one.json()["code"] == other.json()["code"]
        assert one.json()["detail"].replace(real, made_up) == other.json()["detail"]
