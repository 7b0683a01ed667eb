"""The pure part: events and states in, decisions and new states out."""
