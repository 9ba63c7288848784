"""Datasets in which people were recorded."""

import pytest

from apps.datasets.models import Dataset
from tests.cast import Cast
from tests.factories.drafts import make_dataset


@pytest.fixture
def tones(cast: Cast) -> Dataset:
    """The consortium's only dataset, unless a test asks for another."""
    return make_dataset(cast, "tones")


@pytest.fixture
def streets(cast: Cast, tones: Dataset) -> Dataset:
    return make_dataset(cast, "streets")
