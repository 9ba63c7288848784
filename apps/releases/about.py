"""What a dataset says of itself, fixed with each release that is frozen from it."""

from apps.datasets.models import Dataset
from apps.releases.models import Release
from datasets_catalog.description_sheets import parse_sheet
from datasets_catalog.plain_json import from_plain
from datasets_catalog.release_about import ReleaseAbout


def describe_dataset_now(dataset: Dataset) -> ReleaseAbout:
    """What the dataset says of itself now."""
    sheet, organisation = parse_sheet(dataset.sheet), dataset.organisation
    return ReleaseAbout(
        title=dataset.title or dataset.full_name,
        description=dataset.description,
        publisher=organisation.title or organisation.name,
        provenance=sheet.provenance,
        limitations=sheet.limitations,
        funding=sheet.funding,
        languages=sheet.languages,
        creators=sheet.creators,
    )


def load_release_about(release: Release) -> ReleaseAbout | None:
    """What it said when the release was frozen; None where that was not noted."""
    return from_plain(ReleaseAbout, release.about) if release.about else None
