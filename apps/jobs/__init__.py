"""Long work: a row per job is the truth, the broker's message only wakes a worker."""
