"""The demo: a simulated shop through a real worker on a broker inside this process."""
