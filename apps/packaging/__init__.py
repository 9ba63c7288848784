"""What a release is packed into: content, card, Croissant, reports, shards and snapshots."""
