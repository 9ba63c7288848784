"""An existing DVC repository, made with the real client, is read at a revision."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings

from apps.storage.dvc_sources import SourceFile, open_revision
from apps.storage.errors import (
    BlobMismatchError,
    FileUnreadableError,
    ImportRefusedError,
    PathUnsafeError,
)
from apps.storage.version_writing import VersionRepo, write_version
from tests.apps.storage.conftest import (
    NASTY,
    keep_tree,
    read_folder,
    runner,
    stamp,
    write_folder,
)

pytestmark = pytest.mark.timeout(600)

Run = Callable[..., str]
FIRST = {"data/ü/a.wav": b"first", "data/b.wav": b"b", "one.wav": b"one"}
SECOND = {**FIRST, "data/b.wav": b"changed"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return runner(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """Somebody's repository: two commits, a remote, a git file, two imports from elsewhere."""
    folder = tmp_path_factory.mktemp("foreign")
    other, work = folder / "other", folder / "work"
    for repository in (other, work):
        repository.mkdir()
        run("git", "init", "-q", "-b", "main", cwd=repository)
        run("dvc", "init", "-q", cwd=repository)
    write_folder(other, {"theirs/x.wav": b"x"})
    run("dvc", "add", "-q", "theirs", cwd=other)
    commit(other, run, "other")
    (folder / "secret").write_text("of this machine")

    run("dvc", "remote", "add", "-q", "-d", "store", folder / "remote", cwd=work)
    write_folder(work, {**FIRST, "meta.csv": b"path\n", ".gitattributes": b""})
    run("dvc", "add", "-q", "data", "one.wav", cwd=work)
    run("dvc", "import", "-q", other, "theirs", cwd=work)
    run("dvc", "import-url", "-q", folder / "secret", "secret.txt", cwd=work)
    commit(work, run, "first")
    run("git", "tag", "v1", cwd=work)
    run("dvc", "push", "-q", cwd=work)
    write_folder(work, {"data/b.wav": SECOND["data/b.wav"]})
    run("dvc", "add", "-q", "data", cwd=work)
    commit(work, run, "second")
    run("dvc", "push", "-q", cwd=work)
    return work


def commit(repository: Path, run: Run, message: str) -> None:
    run("git", "add", "-A", cwd=repository)
    run("git", "commit", "-q", "-m", message, cwd=repository)


@pytest.mark.parametrize(("revision", "tree"), [("v1", FIRST), (None, SECOND), ("main", SECOND)])
def test_a_revision_is_fetched_with_its_hashes_checked(
    foreign: Path, tmp_path: Path, run: Run, revision: str | None, tree: dict[str, bytes]
) -> None:
    with open_revision(str(foreign), revision) as source:
        name = revision or "HEAD"
        assert source.commit == run("git", "rev-parse", f"{name}^{{commit}}", cwd=foreign).strip()
        files = list(source.files())
        for file in files:
            source.fetch(file, tmp_path)
    assert read_folder(tmp_path) == {**tree, "meta.csv": b"path\n"}
    assert [file.path for file in files if file.md5 is None] == ["meta.csv"]


def test_what_the_repository_imports_itself_is_refused(foreign: Path) -> None:
    with open_revision(str(foreign), "v1") as source:
        assert source.foreign == ("secret.txt", "theirs")
        for path in ("secret.txt", "theirs/x.wav"):
            with pytest.raises(ImportRefusedError):
                source.open(path)


def test_a_clone_with_a_local_remote_is_refused_unless_it_is_named(
    foreign: Path, tmp_path: Path
) -> None:
    url = f"file://{foreign}"
    with pytest.raises(ImportRefusedError, match="store"), open_revision(url):
        pass
    named = {"url": str(foreign.parent / "remote")}
    with open_revision(url, "v1", remote="store", remote_config=named) as source:
        assert source.fetch(next(source.files()), tmp_path).read_bytes() == b"b"


@pytest.mark.parametrize("revision", ["nothing", "0" * 40])
def test_an_unknown_revision_is_refused(foreign: Path, revision: str) -> None:
    with pytest.raises(ImportRefusedError), open_revision(str(foreign), revision):
        pass


def test_what_is_no_repository_is_refused(tmp_path: Path) -> None:
    for location in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ImportRefusedError), open_revision(str(location)):
            pass


def test_lost_and_changed_objects_of_the_remote_are_named(
    foreign: Path, tmp_path: Path, run: Run
) -> None:
    lost, changed = tmp_path / "lost", tmp_path / "work"
    run("git", "clone", "-q", foreign, changed)
    run("cp", "-r", foreign.parent / "remote", lost)
    with open_revision(
        str(changed), "v1", remote="store", remote_config={"url": str(lost)}
    ) as source:
        first, second, *_ = source.files()
        assert first.md5
        assert second.md5
        (lost / "files/md5" / first.md5[:2] / first.md5[2:]).unlink()
        target = lost / "files/md5" / second.md5[:2] / second.md5[2:]
        target.chmod(0o644)
        target.write_bytes(b"other")
        with pytest.raises(FileUnreadableError):
            source.fetch(first, tmp_path / "out")
        with pytest.raises(BlobMismatchError):
            source.fetch(second, tmp_path / "out")
    assert read_folder(tmp_path / "out") == {}


def test_nothing_is_written_outside_of_the_folder(foreign: Path, tmp_path: Path) -> None:
    with open_revision(str(foreign)) as source, pytest.raises(PathUnsafeError):
        source.fetch(SourceFile("../escaped", None, None), tmp_path / "out")
    assert not (tmp_path / "escaped").exists()


@pytest.mark.django_db
def test_our_own_versions_can_be_imported(tmp_path: Path) -> None:
    repo = VersionRepo(uuid4(), "org/name")
    files = keep_tree(repo.store, NASTY)
    write_version(repo, files, documents={"README.md": b"# Card\n"}, stamp=stamp("v1.0.0"))
    config = {"url": str(Path(settings.BLOBS_ROOT) / str(repo.store))}
    with open_revision(str(repo.path), "v1.0.0", remote="earmark", remote_config=config) as source:
        for file in source.files():
            source.fetch(file, tmp_path)
    tree = {f"data/{path}": content for path, content in NASTY.items()}
    assert read_folder(tmp_path) == {**tree, "README.md": b"# Card\n"}
