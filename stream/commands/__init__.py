"""One file per command of the ``riskstream`` script: arguments and printing, nothing else."""
