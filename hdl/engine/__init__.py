"""The top level around any array: streams, job control, drain and counters."""
