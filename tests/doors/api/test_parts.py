"""Parts of a release: the clips that were asked for, and proof that they are of that release."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core import signing
from django.test import Client as Browser

from apps.access.actions import grant_access, revoke_access
from apps.access.models import Receipt
from apps.accounts.models import Token
from apps.datasets.models import Clip, Dataset
from apps.doors.signed_addresses import open_signed_text, sign_object
from apps.releases.leaves import compute_leaf
from apps.releases.models import Release
from apps.storage.blobs import destroy_blob
from apps.storage.models import Blob
from datasets_catalog.part_proofs import Node, proves_part
from tests.cast import Cast
from tests.doors.api.conftest import Caller, Client
from tests.factories.drafts import OPEN_PURPOSES, PURPOSES, approve, make_published
from tests.factories.drafts import make_release as freeze_release
from tests.factories.published import set_access

BASE = "/api/v1/datasets/acme/tones/releases/1.0.0/"


@pytest.fixture
def release(cast: Cast, tmp_path: Path) -> Release:
    """Four clips, open to everybody: 0 and 1 in train, 2 and 3 in test; CC0 and CC-BY by turns."""
    row = make_published(cast, tmp_path, purposes=OPEN_PURPOSES)
    set_access(Dataset.Access.OPEN, dataset=row.dataset)
    return Release.objects.select_related("dataset__organisation").get(pk=row.pk)


def taken(client: Client, query: str = "") -> dict[str, bytes]:
    answer = client.get(f"{BASE}archive/{query}")
    content = answer.getvalue()
    assert answer.status_code == 200, content
    assert int(answer.headers["Content-Length"]) == len(content)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {m.name: file.read() for m in tar if (file := tar.extractfile(m))}


def clips_in(files: dict[str, bytes]) -> list[str]:
    mark = "tones-1.0.0/audio/"
    return [name.removeprefix(mark) for name in files if name.startswith(mark)]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [0, 1, 2, 3]),
        ("?labels=tone-0", [0, 3]),
        ("?recording=session-1", [2, 3]),
        ("?recording=session-0&environment=studio&synthetic=false&place=", [0, 1]),
        ("?labels=tone-0&labels=tone-1", [0, 1, 3]),
        ("?splits=test", [2, 3]),
        ("?licences=CC0-1.0&splits=test", [2]),
        ("?clips=field/001.wav&clips=field/003.wav", [1, 3]),
        ("?clips=field/001.wav&clips=field/003.wav&labels=tone-1", [1]),
    ],
)
def test_a_part_holds_what_was_asked_for_in_order(
    release: Release, call: Caller, query: str, numbers: list[int]
) -> None:
    wanted = [f"field/{number:03d}.wav" for number in numbers]
    files = taken(call(), query)
    assert clips_in(files) == wanted
    table = pq.read_table(io.BytesIO(files["tones-1.0.0/clips.parquet"]))
    assert table["path"].to_pylist() == wanted
    events = pq.read_table(io.BytesIO(files["tones-1.0.0/events.parquet"]))
    assert events["path"].to_pylist() == wanted
    told = call().get(f"{BASE}selection/{query}").json()
    assert (told["clips"], told["examples"]) == (len(wanted), wanted)
    assert told["size"] == sum(len(files[f"tones-1.0.0/audio/{path}"]) for path in wanted)


def test_a_part_proves_itself_against_the_root_of_the_whole(release: Release, call: Caller) -> None:
    files = taken(call(), "?labels=tone-1&labels=tone-2")
    about = json.loads(files["tones-1.0.0/MANIFEST.json"])
    assert about["root"] == release.root
    for each in about["files"]:
        content = files[f"tones-1.0.0/{each['path']}"]
        assert hashlib.sha256(content).hexdigest() == each["sha256"], each
    lines = [json.loads(line) for line in files["tones-1.0.0/proof.jsonl"].splitlines()]
    numbers = [n for x in lines if "first" in x for n in range(x["first"], x["first"] + x["count"])]
    nodes = [Node(x["level"], x["number"], bytes.fromhex(x["hash"])) for x in lines if "hash" in x]
    rows: list[Any] = pq.read_table(io.BytesIO(files["tones-1.0.0/clips.parquet"])).to_pylist()
    for row in rows:
        audio = files[f"tones-1.0.0/audio/{row['path']}"]
        assert hashlib.sha256(audio).hexdigest() == row["sha256"]
    leaves = dict(zip(numbers, map(compute_leaf, rows), strict=True))
    size, root = about["clips_in_release"], bytes.fromhex(release.root)
    assert proves_part(leaves=leaves, size=size, nodes=nodes, root=root)
    leaves[numbers[0]] = compute_leaf(rows[0] | {"licence": "CC0-1.0"})
    assert not proves_part(leaves=leaves, size=size, nodes=nodes, root=root)


def test_the_rights_of_the_part_come_along(release: Release, call: Caller) -> None:
    files = taken(call(), "?clips=field/001.wav")
    assert "tones-1.0.0/LICENSES/CC-BY-4.0.txt" in files
    assert "tones-1.0.0/LICENSES/CC0-1.0.txt" not in files
    credits_ = files["tones-1.0.0/ATTRIBUTION.csv"].decode()
    assert "field/001.wav,Tone 1,Ada" in credits_
    assert "field/003.wav" not in credits_


def test_a_transfer_is_taken_up_in_the_middle(release: Release, call: Caller) -> None:
    url = f"{BASE}archive/?splits=test"
    whole = call().get(url)
    content = whole.getvalue()
    assert call().head(url).headers["Content-Length"] == str(len(content))
    for start in (0, 1, 700, len(content) // 2, len(content) - 1):
        condition = {"Range": f"bytes={start}-", "If-Range": whole.headers["ETag"]}
        rest = call().get(url, headers=condition)
        assert (rest.status_code, rest.getvalue()) == (206, content[start:])
    assert call().get(url, headers={"Range": f"bytes={len(content)}-"}).status_code == 416
    assert call().get(url, headers={"Range": f"bytes={'9' * 30}-"}).getvalue() == content
    same = {"If-None-Match": whole.headers["ETag"]}
    assert call().get(url, headers=same).status_code == 304
    other = call().get(f"{BASE}archive/", headers=same)
    assert (other.status_code, len(other.getvalue())) != (200, len(content))


def test_only_what_an_earlier_version_lacks(release: Release, cast: Cast, call: Caller) -> None:
    Clip.objects.filter(dataset=release.dataset, path="field/002.wav").update(
        title="Another", touched=10**6
    )
    Dataset.objects.filter(pk=release.dataset_id).update(draft_serial=10**6)
    later = approve(cast, freeze_release(cast, Dataset.objects.get(pk=release.dataset_id), "1.1.0"))
    ada = call(cast.ada)
    address = BASE.replace("1.0.0", later.version)
    told = ada.get(f"{address}selection/?since=1.0.0").json()
    assert told["examples"] == ["field/002.wav"]
    missing = ada.get(f"{address}selection/?since=9.9.9").json()
    assert missing["code"] == "release.unknown"


def test_words_that_name_nothing_are_named(release: Release, call: Caller) -> None:
    for query, word in (
        ("labels=tone-7", "tone-7"),
        ("splits=dev", "dev"),
        ("licences=CC-BY-9.9", "CC-BY-9.9"),
        ("clips=field/../000.wav", "field/../000.wav"),
    ):
        for route in ("selection", "archive", "manifest"):
            answer = call().get(f"{BASE}{route}/?{query}")
            assert (answer.status_code, answer.json()["code"]) == (400, "selection.unknown")
            assert word in answer.json()["detail"]
    empty = call().get(f"{BASE}archive/?labels=tone-0&clips=field/001.wav")
    assert empty.json()["code"] == "selection.empty"


def test_a_long_list_is_kept_and_named(release: Release, cast: Cast, call: Caller) -> None:
    dan = call(cast.dan, Token.Scope.READ)
    body = {"clips": ["field/003.wav", "field/000.wav", "field/003.wav"]}
    kept = dan.post(f"{BASE}selection/", body).json()
    again = dan.post(f"{BASE}selection/", {"clips": ["field/000.wav", "field/003.wav"]}).json()
    assert kept["selection"] == again["selection"]
    query = "?" + kept["archive"].partition("?")[2]
    assert clips_in(taken(call(), query)) == ["field/000.wav", "field/003.wav"]
    unknown = call().get(f"{BASE}archive/?selection={'0' * 64}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "selection.forgotten")


def test_a_destroyed_clip_is_in_no_part(release: Release, call: Caller) -> None:
    clip = Clip.objects.select_related("blob").get(path="field/000.wav")
    destroy_blob(clip.blob)
    answer = call().get(f"{BASE}archive/")
    assert (answer.status_code, answer.json()["code"]) == (410, "object.gone")
    assert clips_in(taken(call(), "?splits=test")) == ["field/002.wav", "field/003.wav"]


def manifest(client: Client, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"{BASE}manifest/{query}")
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.getvalue().splitlines()]


def path_of(url: str) -> str:
    return url.removeprefix("http://testserver")


def test_signed_addresses_give_the_bytes_without_a_token(release: Release, call: Caller) -> None:
    about, *rows = manifest(call(), "?splits=test")
    assert about["root"] == release.root
    assert [row["path"] for row in rows] == ["field/002.wav", "field/003.wav"]
    for row in rows:
        answer = Browser().get(path_of(row["url"]), headers={"Range": "bytes=4-"})
        assert answer.status_code == 206
        whole = Browser().get(path_of(row["url"])).getvalue()
        assert hashlib.sha256(whole).hexdigest() == row["sha256"]
        assert whole.endswith(answer.getvalue())
    table = Browser().get(path_of(about["tables"]["clips"])).getvalue()
    assert pq.read_table(io.BytesIO(table)).num_rows == 4


def status(url: str) -> int:
    answer = Browser().get(url)
    if answer.streaming:
        answer.getvalue()
    return answer.status_code


def closed_to_dan(release: Release, cast: Cast) -> None:
    dataset = Dataset.objects.get(pk=release.dataset_id)
    set_access(Dataset.Access.REQUEST, dataset=dataset)
    dataset.entitlements.create(
        user=cast.dan, granted_by=cast.ada, purposes=["research.noncommercial"]
    )


def test_a_signed_address_dies_with_grant_token_and_account(
    release: Release, cast: Cast, call: Caller
) -> None:
    closed_to_dan(release, cast)
    dan = call(cast.dan)
    url = path_of(manifest(dan)[1]["url"])
    assert status(url) == 200
    receipt = Receipt.objects.get()
    assert (receipt.holder, receipt.door, receipt.release) == ("dan", "api", release)
    token = Token.objects.get(user=cast.dan)
    Token.objects.filter(pk=token.pk).update(revoked_at=token.created_at)
    assert Browser().get(url).json()["code"] == "access.signature_expired"
    Token.objects.filter(pk=token.pk).update(revoked_at=None)
    assert status(url) == 200
    revoke_access(actor=cast.ada, dataset=release.dataset, holder=cast.dan)
    assert Browser().get(url).status_code == 403
    assert manifest_refused(call(cast.eve)) == 403


def manifest_refused(client: Client) -> int:
    return int(client.get(f"{BASE}manifest/").status_code)


def test_a_signed_address_opens_one_object_of_one_release(
    release: Release, cast: Cast, call: Caller
) -> None:
    blob = release.clips_table
    assert blob is not None
    text = sign_object(cast.ada, release, blob)
    assert open_signed_text(text).found.blob == blob
    for changed in (text[:-1] + ("A" if text[-1] != "A" else "B"), f"x{text}", "a" * 40):
        answer = call().get(f"/api/v1/signed/?key={changed}")
        assert (answer.status_code, answer.json()["code"]) == (403, "access.signature_invalid")
    late = sign_object(cast.ada, release, blob, seconds=-1)
    assert call().get(f"/api/v1/signed/?key={late}").json()["code"] == "access.signature_expired"
    stranger = Blob.objects.create(store=release.dataset.uid, oid="0" * 32, sha256="0" * 64, size=1)
    other = sign_object(cast.ada, release, stranger)
    assert call().get(f"/api/v1/signed/?key={other}").json()["code"] == "object.unknown"
    forged = signing.dumps([1, 0, release.pk, blob.pk, 10**12, ""], salt="another")
    assert call().get(f"/api/v1/signed/?key={forged}").status_code == 403


def test_a_file_name_cannot_add_headers(release: Release, cast: Cast, call: Caller) -> None:
    assert release.clips_table is not None
    text = sign_object(cast.ada, release, release.clips_table, name='a"\r\nSet-Cookie: x=1\r\n.wav')
    answer = call().get(f"/api/v1/signed/?key={text}")
    assert answer.status_code == 200
    answer.getvalue()
    assert "Set-Cookie" not in answer.headers
    assert "\n" not in answer.headers.get("Content-Disposition", "")


@pytest.fixture
def gated(cast: Cast, tmp_path: Path) -> Release:
    """Given on request, and cleared for two uses."""
    return make_published(cast, tmp_path, purposes=(*PURPOSES, "train.discriminative"))


def test_a_reader_states_what_a_download_is_for_and_the_receipt_keeps_it(
    gated: Release, cast: Cast, call: Caller
) -> None:
    uses = ["research.noncommercial", "train.discriminative"]
    grant_access(actor=cast.ada, dataset=gated.dataset, holder=cast.dan, purposes=uses)
    client = call(cast.dan)
    stated = "?purpose=train.discriminative"
    clip = Clip.objects.filter(dataset=gated.dataset)[0]
    for address in (f"clips/{clip.uid}/audio/", "tables/clips.parquet", "archive/"):
        answer = client.get(f"{BASE}{address}{stated}")
        assert (answer.status_code, bool(answer.getvalue())) == (200, True)
    lines = client.get(f"{BASE}manifest/{stated}").getvalue().splitlines()
    assert client.get(json.loads(lines[1])["url"]).getvalue()
    client.get(f"{BASE}tables/events.parquet").getvalue()
    kept = Receipt.objects.filter(holder="dan").values_list("stated", "purposes")
    assert sorted(kept) == [("", uses), ("train.discriminative", ["train.discriminative"])]


@pytest.mark.parametrize(
    ("purpose", "status", "code"),
    [
        ("train.voice_synthesis", 403, "access.purpose_refused"),
        ("train.discriminative", 403, "access.purpose_needs_answer"),
        ("publish.open", 400, "request.invalid"),
        ("fun", 400, "request.invalid"),
    ],
)
def test_a_purpose_that_does_not_fit_takes_nothing(
    gated: Release, cast: Cast, call: Caller, purpose: str, status: int, code: str
) -> None:
    uses = ["research.noncommercial"]
    grant_access(actor=cast.ada, dataset=gated.dataset, holder=cast.dan, purposes=uses)
    clip = Clip.objects.filter(dataset=gated.dataset)[0]
    for address in (f"clips/{clip.uid}/audio/", "tables/clips.parquet", "archive/", "manifest/"):
        answer = call(cast.dan).get(f"{BASE}{address}?purpose={purpose}")
        assert answer.status_code == status, address
        assert code in answer.getvalue().decode()
    assert not Receipt.objects.exists()
