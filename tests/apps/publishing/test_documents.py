"""The documents that stand beside a release in git."""

import json
from pathlib import Path

import mlcroissant
import pytest
import yaml

from apps.publishing.documents import release_croissant, release_documents
from tests.cast import Cast
from tests.factories.drafts import make_published

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # mlcroissant still uses a graph class that rdflib is retiring.
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning"),
]


def test_the_same_release_always_has_the_same_documents(cast: Cast, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path)
    assert release_documents(release) == release_documents(release)


def test_the_card_says_what_the_release_is(cast: Cast, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path)
    readme = release_documents(release)["README.md"].decode()
    block = yaml.safe_load(readme.split("---\n")[1])
    assert block["license"] == "other"
    assert block["size_categories"] == ["n<1K"]
    assert release.root in readme
    assert "2 clips" in readme


def test_croissant_is_valid_with_and_without_its_files(cast: Cast, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path)
    for with_files in (True, False):
        described = release_croissant(release, with_files=with_files)
        file = tmp_path / f"{with_files}.json"
        file.write_text(json.dumps(described))
        issues = mlcroissant.Dataset(jsonld=str(file)).metadata.ctx.issues
        assert not issues.errors
        assert not issues.warnings
        assert described["identifier"]["value"] == release.root
        assert ("recordSet" in described) is with_files
