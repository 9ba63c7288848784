"""A dataset of its own for every test of the room."""

import pytest

from apps.datasets.models import Dataset
from tests.cast import Cast
from tests.factories.drafts import make_dataset


@pytest.fixture
def tones(cast: Cast) -> Dataset:
    """A dataset of acme's without any clip; Ada keeps it."""
    return make_dataset(cast, "tones")
