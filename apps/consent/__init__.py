"""The ledger: contributors, forms, consents and who takes part in which clip."""
