"""Who may have what, decided in one place, and the receipts of what was taken."""
