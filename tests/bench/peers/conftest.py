"""Leaves out what cannot be imported here: it runs in the peers' own environments."""

collect_ignore = ["bytewaxjob.py", "quix.py"]
