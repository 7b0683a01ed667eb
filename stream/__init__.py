"""The stream processor: pipeline, worker, replay and the command line."""
