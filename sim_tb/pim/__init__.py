"""The DRAM-PIM device seen from outside: its command log, and the rules that the log must keep."""

from sim_tb.pim.checker import TimingChecker, Violation, check_log
from sim_tb.pim.log import Entry, read_log, write_log
from sim_tb.pim.rules import RULES

__all__ = ["RULES", "Entry", "TimingChecker", "Violation", "check_log", "read_log", "write_log"]
