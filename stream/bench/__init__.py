"""Named benchmarks: measurements of the product as it runs."""
