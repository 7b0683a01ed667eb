"""A labelled synthetic shop: people, their orders and reviews, and the ways shops lose money."""

from topics.simulator.config import SimulatorConfig
from topics.simulator.export import Summary, write_folder
from topics.simulator.shop import Shop, simulate
from topics.simulator.spool import Record

__all__ = ["Record", "Shop", "SimulatorConfig", "Summary", "simulate", "write_folder"]
