"""Real orders, browsing and reviews through a real worker on a real Kafka; `make real` runs it."""
