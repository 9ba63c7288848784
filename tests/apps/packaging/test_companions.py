"""Card, licences and Croissant of a snapshot."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import mlcroissant
import pytest
import yaml

from apps.packaging.shards import Shard
from apps.packaging.small_files import build_dataset_info, make_small_files
from datasets_catalog.purposes import Purpose
from tests.apps.packaging.made_up import MadeUpRelease, parquet_bytes
from tests.stand_ins.hub.cards import problems_of

# mlcroissant still uses what rdflib and pandas are retiring.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword:pandas.errors.Pandas4Warning"),
]


def shard(split: str, number: int, rows: int) -> Shard:
    path = f"data/{split}-{number:05}-of-00002.parquet"
    return Shard(path, split, "k", rows, 1000, 2000, "a" * 64, "b" * 64)


SHARDS = (shard("test", 0, 3), shard("train", 0, 5), shard("train", 1, 7))


def files(
    made: MadeUpRelease, shards: Sequence[Shard] = SHARDS, *, gated: bool = False
) -> dict[str, bytes]:
    return make_small_files(
        made.content(), shards, link=lambda path: f"https://hub.example/{path}", gated=gated
    )


def card(written: dict[str, bytes]) -> dict[str, object]:
    block = yaml.safe_load(written["README.md"].decode().split("---\n")[1])
    assert isinstance(block, dict)
    return block


def test_the_card_matches_its_shards() -> None:
    block = card(files(MadeUpRelease.of(8)))
    assert block["configs"] == [
        {
            "config_name": "default",
            "data_files": [
                {"split": "test", "path": "data/test-*"},
                {"split": "train", "path": "data/train-*"},
            ],
        }
    ]
    info = build_dataset_info(SHARDS)
    assert block["dataset_info"] == info
    assert [(s["name"], s["num_examples"]) for s in info["splits"]] == [("test", 3), ("train", 12)]
    assert info["download_size"] == 3000


@pytest.mark.parametrize("gated", [True, False])
def test_the_hub_finds_nothing_wrong_with_the_card(*, gated: bool) -> None:
    written = files(MadeUpRelease.of(8), gated=gated)
    assert problems_of(written["README.md"].decode()) == []
    assert ("extra_gated_fields" in card(written)) is gated


def test_titles_cannot_break_out_of_the_yaml_block() -> None:
    made = MadeUpRelease.of(2)
    content = made.content()
    nasty = replace(content, card=replace(content.card, title="x\n---\nlicense: mit\n# ' \" :"))
    written = make_small_files(nasty, SHARDS, link=str, gated=False)
    block = card(written)
    assert block["pretty_name"] == "x\n---\nlicense: mit\n# ' \" :"
    assert block["license"] != "mit"


def test_every_licence_has_its_text_and_is_listed() -> None:
    written = files(MadeUpRelease.of(2))
    assert written["LICENSES/LicenseRef-acme-1.txt"] == b"Ask Acme.\n"
    listed = written["LICENSES.md"].decode()
    assert "LICENSES/CC0-1.0.txt" in listed
    assert "LICENSES/LicenseRef-acme-1.txt" in listed
    assert written["ATTRIBUTION.csv"].startswith(b"path,")


def croissant_of(made: MadeUpRelease, folder: Path) -> mlcroissant.Dataset:
    """Written beside the tables it names, so that its records can be read."""
    content = made.content()
    written = make_small_files(content, SHARDS, link=str, gated=False)
    (folder / "tables").mkdir()
    for name, batches in (("clips", content.clips), ("events", content.events)):
        table = made.table(batches)
        (folder / f"tables/{name}.parquet").write_bytes(parquet_bytes(table))
    (folder / "croissant.json").write_bytes(written["croissant.json"])
    return mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))


def test_croissant_is_valid_and_its_records_can_be_read(tmp_path: Path) -> None:
    made = MadeUpRelease.of(20)
    described = croissant_of(made, tmp_path)
    issues = described.metadata.ctx.issues
    assert not issues.errors
    assert not issues.warnings
    clips = list(described.records("clips"))
    assert {row["clips/path"].decode() for row in clips} == set(made.audio)
    events = list(described.records("events"))
    assert len(events) == made.content().card.events
    assert all(row["events/onset"] < row["events/offset"] for row in events)


def test_croissant_names_root_purposes_and_every_shard_by_hash() -> None:
    made = MadeUpRelease.of(4)
    described = json.loads(files(made)["croissant.json"])
    assert described["identifier"]["value"] == made.content().root
    assert described["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    linked = {f["@id"]: f.get("sha256") for f in described["distribution"]}
    assert all(linked[one.path] == one.sha256 for one in SHARDS)
    offer, *terms = described["usageInfo"]
    permitted = json.dumps(offer["odrl:permission"])
    assert Purpose.RESEARCH_NONCOMMERCIAL.value in permitted
    assert Purpose.TRAIN_VOICE_SYNTHESIS.value in json.dumps(offer["odrl:prohibition"])
    assert [term["termCode"] for term in terms] == ["DUO_0000046"]


def test_croissant_claims_nothing_that_is_not_known() -> None:
    described = json.loads(files(MadeUpRelease.of(4))["croissant.json"])
    assert "rai:personalSensitiveInformation" not in described
    assert "rai:dataBiases" not in described
    assert "inLanguage" not in described
