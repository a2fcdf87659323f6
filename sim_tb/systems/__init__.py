"""Systems that people run on the engines, each a study of its own: ``bitloom workload NAME``."""
