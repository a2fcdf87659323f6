"""The command line as its own tests run it."""

from tests.cli.conftest import bitloom, here

__all__ = ["bitloom", "here"]
