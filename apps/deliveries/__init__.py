"""What a reader takes of a release: selections, parts, flavours and tars."""
