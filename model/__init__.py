"""Learning: text encoder, event Transformer, isolation forest, calibration and the saved artifact."""
