"""The doors: HTTP lives only here."""
