"""The DVC-backed store: blobs, tables, manifests and versions."""
