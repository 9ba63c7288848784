"""The workbench: the queue, the case, what is heard of it and what is said of it."""
