"""The documents that stand beside a release in git."""

import json
from pathlib import Path

import mlcroissant
import pytest
import yaml

from apps.datasets.actions import update_dataset
from apps.deliveries.parts import Part
from apps.deliveries.selections import Selection
from apps.packaging.content_loading import load_content
from apps.packaging.documents import build_release_croissant, render_release_documents
from apps.packaging.statements import load_statement
from apps.publishing.release_publication import publish_release_here
from apps.releases.forecasts import forecast_licence
from apps.releases.gate_results import judge_draft
from apps.releases.release_usage import compute_usage
from datasets_catalog.purposes import Purpose
from tests.cast import Cast
from tests.factories.drafts import approve, make_draft, make_published, make_release
from tests.factories.reviews import hold_to_less

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # mlcroissant still uses a graph class that rdflib is retiring.
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning"),
]


def test_the_same_release_always_has_the_same_documents(cast: Cast, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path)
    assert render_release_documents(release) == render_release_documents(release)


def test_the_card_says_what_the_release_is(cast: Cast, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path)
    readme = render_release_documents(release)["README.md"].decode()
    block = yaml.safe_load(readme.split("---\n")[1])
    assert block["license"] == "other"
    assert block["size_categories"] == ["n<1K"]
    assert release.root in readme
    assert "2 clips" in readme


@pytest.mark.parametrize(("wanted", "whole"), [("", "CC-BY-4.0"), ("CC-BY-SA-4.0", "CC-BY-SA-4.0")])
def test_an_adaptation_goes_out_under_the_licence_that_its_dataset_aims_at(
    cast: Cast, tmp_path: Path, wanted: str, whole: str
) -> None:
    """Its clips are under CC0 and CC-BY, which permit both."""
    dataset = make_draft(cast, tmp_path)
    update_dataset(actor=cast.ada, dataset=dataset, changes={"wanted_licence": wanted})
    hold_to_less(cast, dataset, use="adaptation")
    release = publish_release_here(
        actor=cast.rita, release=approve(cast, make_release(cast, dataset))
    )
    assert release.licence == whole
    assert load_statement(release).outbound.licence == whole
    readme = render_release_documents(release)["README.md"].decode()
    assert yaml.safe_load(readme.split("---\n")[1])["license"] == whole.lower()
    texts = {"CC0-1.0", "CC-BY-4.0", whole}
    assert {licence.id for licence in load_content(release).licences} == texts
    part = Part(release, Selection())
    try:
        files = {entry["path"] for entry in part.about()["files"]}
    finally:
        part.close()
    assert {f"LICENSES/{name}.txt" for name in texts} == {f for f in files if "LICENSES" in f}


def test_what_the_whole_goes_out_under_takes_purposes_away(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    update_dataset(actor=cast.ada, dataset=dataset, changes={"wanted_licence": "CC-BY-NC-4.0"})
    hold_to_less(cast, dataset, use="adaptation")
    release = make_release(cast, dataset, purposes=["research.commercial"])
    failing = {verdict.code for verdict in judge_draft(release) if not verdict.passed}
    assert "rights.purposes" in failing
    assert compute_usage(release, on=release.created_at.date()).permitted == ()
    dataset.refresh_from_db()
    permitted = forecast_licence(dataset).usage.permitted
    assert Purpose.RESEARCH_NONCOMMERCIAL in permitted
    assert Purpose.RESEARCH_COMMERCIAL not in permitted


def test_croissant_is_valid_with_and_without_its_files(cast: Cast, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path)
    for with_files in (True, False):
        described = build_release_croissant(release, with_files=with_files)
        file = tmp_path / f"{with_files}.json"
        file.write_text(json.dumps(described))
        issues = mlcroissant.Dataset(jsonld=str(file)).metadata.ctx.issues
        assert not issues.errors
        assert not issues.warnings
        assert described["identifier"]["value"] == release.root
        assert ("recordSet" in described) is with_files
