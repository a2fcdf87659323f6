"""The controller and its channels in time, without values: the same commands in the same clocks as the hardware."""
