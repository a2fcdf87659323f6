"""How many cycles an engine takes for a job, from its axes and sizes alone."""
