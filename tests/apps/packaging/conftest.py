"""Small shards, for releases of a few clips."""

from tests.apps.packaging.shard_sizes import small_shards

__all__ = ["small_shards"]
