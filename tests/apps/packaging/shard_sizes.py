"""How large shards are in tests."""

import pytest

from apps.packaging import layout


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of some 200 kB, so that small releases have many."""
    monkeypatch.setattr(layout, "SHARD_MIN", 200_000)
    monkeypatch.setattr(layout, "SHARDS_WANTED", 10**6)
