"""What the tests of every door may lean on."""

from tests.apps.storage.test_remote_places import s3

__all__ = ["s3"]
