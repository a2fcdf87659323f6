"""Everything a user touches: configuration files, generation, reports and the command line."""

from gen.version import VERSION as __version__

__all__ = ["__version__"]
