"""What a backtest's decisions were worth: the metrics of ``metrics.json``."""
