"""From draft to published: facts, gates, sign-offs, freeze, approve, publish."""
