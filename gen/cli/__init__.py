"""The command line: ``bitloom run|generate|simulate|synth|report|check|list|explain|schema``."""

from gen.cli.main import main

__all__ = ["main"]
