"""Two sets of decisions about the same events, compared."""
