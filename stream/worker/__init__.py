"""The Faust worker: transport, store, agents and watchdog around the pipeline."""
