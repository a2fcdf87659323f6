"""The machine in time on integers: functions of a small part of Python, which become machine code."""
