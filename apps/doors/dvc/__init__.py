"""The dvc door."""
