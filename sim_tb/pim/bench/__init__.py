"""The controller's hardware in simulation: alone, with its device models, and behind its host interface."""
