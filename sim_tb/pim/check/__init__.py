"""The rules of a channel, and a checker of command logs that shares no code with what schedules commands."""
