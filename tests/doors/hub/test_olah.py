"""Olah, a mirror of others' making, stands before us and gives on what we give."""

from pathlib import Path

import pytest
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from tests.doors.hub.conftest import HubSite, token_of
from tests.doors.web_server import ROOT, free_port, running

OLAH = ROOT / ".venv" / "clients" / "hub1" / "bin" / "olah-cli"
NAME = "acme/tones"


def files(folder: str | Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file() and ".cache" not in path.parts
    }


def mirror_command(url: str, port: int, folder: Path) -> list[str]:
    host = url.removeprefix("http://")
    command = [str(OLAH), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--hf-scheme", "http", "--hf-netloc", host, "--hf-lfs-netloc", host]
    command += ["--mirror-scheme", "http", "--mirror-netloc", f"127.0.0.1:{port}"]
    command += ["--mirror-lfs-netloc", f"127.0.0.1:{port}"]
    return [*command, "--repos-path", str(folder / "repos"), "--log-path", str(folder / "logs")]


def test_a_snapshot_through_the_mirror_has_the_same_bytes(
    open_hub: HubSite, tmp_path: Path
) -> None:
    port = free_port()
    with running(mirror_command(open_hub.url, port, tmp_path), port):
        through = snapshot_download(
            NAME,
            repo_type="dataset",
            revision="v1.0.0",
            endpoint=f"http://127.0.0.1:{port}",
            token=False,
            local_dir=tmp_path / "through",
        )
    straight = snapshot_download(
        NAME,
        repo_type="dataset",
        revision="v1.0.0",
        endpoint=open_hub.url,
        token=False,
        local_dir=tmp_path / "straight",
    )
    assert files(through) == files(straight)
    assert files(through)


def test_what_is_gated_is_gated_behind_the_mirror_too(hub_site: HubSite, tmp_path: Path) -> None:
    port = free_port()
    with running(mirror_command(hub_site.url, port, tmp_path), port):
        address = f"http://127.0.0.1:{port}"
        with pytest.raises(HfHubHTTPError):
            snapshot_download(
                NAME,
                repo_type="dataset",
                revision="v1.0.0",
                endpoint=address,
                token=token_of(hub_site.cast.eve),
                local_dir=tmp_path / "refused",
            )
    assert not [name for name in files(tmp_path / "refused") if name.endswith(".parquet")]
