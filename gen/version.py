"""The version of Bitloom, and of the files it writes."""

from __future__ import annotations

__all__ = ["SCHEMA_VERSION", "VERSION"]

VERSION = "0.1.0"

#: Version of the configuration file and of the JSON files in an output folder; grows when a key changes its meaning.
SCHEMA_VERSION = 1
