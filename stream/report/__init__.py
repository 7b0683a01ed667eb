"""The report of a backtest: one self-contained page, made from the content of ``metrics.json``."""
