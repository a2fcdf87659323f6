"""Static timing: OpenSTA, or what stands in where it is missing."""
