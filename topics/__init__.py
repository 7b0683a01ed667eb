"""What goes in and what comes out: records, codec, topics, event files and their sources."""
