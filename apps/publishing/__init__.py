"""The ways out to other places: snapshots, cards, Croissant, the Hugging Face Hub."""
