"""Imported by the process that workers are forked from, so that they come with compiled code."""

from stream.settings import Settings
from stream.warm import warm_up
from stream.worker.build import build_processor

warm_up(*build_processor(Settings(scoring="none")))
