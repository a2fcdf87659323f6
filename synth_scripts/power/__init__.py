"""Power: simulation of netlists, activity and energy."""
