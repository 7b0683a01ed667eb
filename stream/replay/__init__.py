"""History from files or topics through the pipeline."""
