"""The benchmarks of `riskstream bench`, one file each."""
