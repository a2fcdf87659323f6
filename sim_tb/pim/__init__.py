"""The DRAM-PIM device seen from outside: its command log, and the rules that the log must keep."""

from sim_tb.pim.check.checker import TimingChecker, Violation, check_log
from sim_tb.pim.check.rules import RULES
from sim_tb.pim.log import Entry, read_log, write_log

__all__ = ["RULES", "Entry", "TimingChecker", "Violation", "check_log", "read_log", "write_log"]
