"""The hub door: the Hugging Face Hub's protocol, for reading."""
