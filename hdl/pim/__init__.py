"""The controller of DRAM that computes: issue, command sequencers, data paths and memories."""
