"""The channels: command sequencers with their timing rules, and the ways of words between them and SRAM."""
