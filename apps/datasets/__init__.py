"""The catalog's rows: vocabularies, datasets, recordings, clips and events."""
