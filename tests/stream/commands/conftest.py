"""What several tests of commands read."""

from tests.stream.commands.smallshop import shop

__all__ = ["shop"]
