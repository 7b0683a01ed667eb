"""Imported by the process that workers are forked from, so that they come with compiled code."""

from stream.settings import Settings
from stream.worker.build import build_processor

build_processor(Settings(scoring="none"))
