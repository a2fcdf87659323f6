"""The issuer: programs, their loops, checks and hazards; one instruction at a time to its unit."""
