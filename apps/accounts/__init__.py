"""Users, organisations, memberships and tokens; the one answer to who may do what."""
