"""The ways out to other places: targets, publications, the Hugging Face Hub."""
