"""Learning: text encoder, event Transformer, forest, calibration and the saved artifact."""
