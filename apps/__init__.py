"""The rooms of the house; imports only go down the list in docs/architecture.md."""
