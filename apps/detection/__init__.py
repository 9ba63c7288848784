"""What is in a sound and in the texts beside it: kinds, detectors, scans and findings."""
