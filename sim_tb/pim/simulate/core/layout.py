"""Where each number of the machine's state lies in its array, and each number of the system in its own.

The state is one array of integers, ``S``. A channel's numbers begin at ``CHANNELS + number * CHANNEL``, and are named
by their distance from there; all others have one place. A queue is a number of entries, and room for them; the oldest
one is the first. What never changes is ``P``.
"""

from __future__ import annotations

#: A clock that does not come; and the greatest queues. What doesn't fit is refused.
NEVER = 1 << 62
BANKS, WORDS, JOBS, ACCESSES, RANGES = 16, 4096, 10, 8192, 6
CONTEXTS, RING, BEATS, ENDINGS, BUSY, BUFFERS = 8, 128, 32, 64, 2048, 16
KEPT = 64
CODES = 16

# --- a channel --------------------------------------------------------------------------------------------------------
(VALID, ENDS, BASE, QUIET, WAKE, BEGUN, REFRESHES, OPEN, TOGETHER) = range(9)
(CODE, BANK, ROW, COL, WORD, COUNT, GBS, RISES, PRODUCTS) = range(10, 19)  # the operation, as `Operation` has it
(QUEUED, FED, OWED, PICK, LOOK, TAKING, GIVING, READING, STALE) = range(19, 28)
(JOBS_N, ARRIVALS_N, LEAVES_N, ANSWERS_N, POPS_N, BUSY_N) = range(28, 34)
READY = 34  # by code
FILLED = READY + CODES  # by buffer
ACTS = FILLED + BUFFERS
ROWS = ACTS + 4
BANK_READY = ROWS + BANKS  # by single command
JOB = BANK_READY + 4 * BANKS  # from when on it is there, and the operation
ARRIVALS = JOB + JOBS * 10
LEAVES = ARRIVALS + WORDS
ANSWERS = LEAVES + WORDS
POPS = ANSWERS + WORDS
BUSIES = POPS + WORDS  # first clock, distance, last clock
CHANNEL = BUSIES + 3 * BUSY

# --- the feeder and the collector -------------------------------------------------------------------------------------
# Each begins with VALID to WAKE, as a channel does.
F = 0
C = F + 512 + 2 * ACCESSES
(F_ADDRESS, F_START, F_LEFT, F_INDEX, F_WHO, F_MORE) = range(5, 11)
(C_MASK, C_INDEX, C_TURN) = range(5, 8)
(CARRIED, CARRIER_JOBS_N, ACCESSES_N, ACCESSES_FIRST) = range(11, 15)
CARRIER_JOB = 16  # the job at work: 9 or 6 numbers
CARRIER_JOBS = 32  # two of them, and from when on each is there
ACCESS = 64
(J_MASK, J_ADDRESS, J_WORDS, J_STRIDE, J_EACH, J_SLOT, J_MORE, J_HALF, J_ZERO) = range(9)
(K_MASK, K_ADDRESS, K_WORDS, K_SLOT, K_MORE, K_STRIDE) = range(6)

# --- the mover, and what keeps words ----------------------------------------------------------------------------------
M = C + 512 + 2 * ACCESSES
(M_INPUTS, M_LEFT, M_ADDRESS, M_OUT, M_QUIET, M_WAKE, M_WORDS) = range(M, M + 7)
B = M + 16
(FEEDS_N, COLLECTS_N, MOVED, MOVED_PAST, MOVED_WRITES) = range(B, B + 5)
FEEDS = B + 8  # first, past, from when on it counts no longer
COLLECTS = FEEDS + 3 * KEPT
VECTOR_RANGES_N = COLLECTS + 3 * KEPT
VECTOR_RANGES = VECTOR_RANGES_N + CONTEXTS

# --- the vector unit --------------------------------------------------------------------------------------------------
V = VECTOR_RANGES + CONTEXTS * RANGES * 3
(TIME, DUE, SHOWN, STARTS, NOW, FREE, SLOT, ACTIVE, GIVERS, TARGET, DONE) = range(V, V + 11)
(NUMBERS, SUMS, VECTORS, SCANS, OLDEST, AGED, COMPLETE, ENDINGS_N) = range(V + 11, V + 19)
(ASKED, STEP, FRONT, LEFT_BEATS, OFFSET, OPENS, WHOLES, WRITING, LAST_OF) = range(V + 19, V + 28)
(B_N, C_N, BACK_N, RESULTS_N) = range(V + 28, V + 32)
(SCAN_WORD, SCAN_WHICH, SCAN_BEATS, SCAN_OPENS) = range(V + 32, V + 36)
(READS_N, WRITES_N) = range(V + 36, V + 38)
START = V + 40  # plan, n, a, b, c, d, stride, target, gives
ENDING = START + 10  # clock, and whose
TASKS = ENDING + 2 * ENDINGS
TASK = 12
(T_PLAN, T_NUMBER, T_LEFT, T_A, T_B, T_C, T_D, T_BEATS, T_STRIDE, T_TARGET, T_GIVES) = range(11)
# Operands a, b and c: how many wait, how many are there, elements collected; waiting (word, stride); there (clock).
OPERANDS = TASKS + CONTEXTS * TASK
OPERAND = 4 + 3 * BEATS
(O_WAITING, O_THERE, O_COUNT) = range(3)
O_WAIT, O_CLOCK = 4, 4 + 2 * BEATS
B_WORDS = OPERANDS + 3 * OPERAND  # by step: a word, or -1
C_WORDS = B_WORDS + RING
BACK = C_WORDS + RING  # by step: whose or -1, offset, last, number
RESULTS = BACK + 4 * RING  # by step: whose or -1, offset, last

# --- the issuer -------------------------------------------------------------------------------------------------------
#: Words that ports ask for in a clock, to be read and to be written: the first one, and how many.
READS = RESULTS + 3 * RING
WRITES = READS + 12
I = WRITES + 12
(STAGE, CLOCK, WAITING, I_WAKE, INDEX, RECORD, ERROR, STOPPED, LAST) = range(I, I + 9)
(MARKED, ENDED, ENDED_ERROR, GIVES_N, LOG_N, FULL, RESTING_N, VECTOR_N, MOVES_N, OWES) = range(I + 9, I + 19)
PRESENT = I + 19  # the clock up to which everything has happened
#: By how many clocks refreshes might be due earlier, or later, without anything being another way.
EARLIER, LATER = I + 20, I + 21
GIVES = I + 24
# Spans of what goes on beside operations: first clock, and the one past the last.
SPANS = 256
RESTING = GIVES + 256
CALCULATING = RESTING + 2 * SPANS
MOVING = CALCULATING + 2 * SPANS
#: Rows that a state may have; and room for them, for their ranks, and for an order of banks.
KEPT_ROWS = 1024
SCRATCH = MOVING + 2 * SPANS
CHANNELS = SCRATCH + 2 * KEPT_ROWS + BANKS

# --- the system -------------------------------------------------------------------------------------------------------
(N_CHANNELS, N_BANKS, LANES, ROW_COLS, INTERVAL, URGENT, WINDOW, N_BUFFERS, ARRIVES, WRITE_DEPTH) = range(10)
(READ_DEPTH, LOW, N_CONTEXTS, PER_BEAT, GAP, SUM_LATENCY, FULL_CHAIN, SHORT_CHAIN, SCAN_GREATEST) = range(10, 19)
(SCAN_SUM, SCAN_GAP, VECTOR_LANES, BITS, TRFC, TMOD, APART) = range(19, 26)
STEPS = 32  # by code: the shortest distance of two of them
LATENCIES = STEPS + CODES
SINGLES = LATENCIES + CODES  # the number of a command to a single bank, or -1
TAKES = SINGLES + CODES
GIVING_CODES = TAKES + CODES
REGISTERS = GIVING_CODES + CODES
ROWED = REGISTERS + CODES
RUNS = ROWED + CODES
CAUSES_OF = RUNS + CODES
COLUMN = CAUSES_OF + CODES
ACTIVATE = COLUMN + CODES
MODES = ACTIVATE + CODES
WAITS = MODES + CODES  # by code and code: clocks, or less than none
BANK_WAITS = WAITS + CODES * CODES  # by code and number of a command to a single bank
PLACES = BANK_WAITS + CODES * 4  # of the channels' elements in a slot
SLOTS = PLACES + 64  # by word of a slot: mask of channels
PLANS = SLOTS + 4096  # by plan and number of the phase: a stage
PHASES = 8
STAGE_SIZE = 20
(G_SCANS, G_RUNS, G_VECTOR, G_GATHERS, G_SUMS, G_WRITES, G_PACKS, G_SINGLE, G_B, G_C, G_EARLY) = range(11)
(G_FINAL, G_PARTS, G_AGAINS, G_AGAIN) = range(11, 15)
#: Of a plan, in its first stage: its operands b and c of the lanes.
(G_B_IS_A, G_C_IS_B) = range(18, 20)
#: The operation that closes all banks.
CLOSES_ALL = PLANS + 32 * PHASES * STAGE_SIZE
SYSTEM = CLOSES_ALL + 9

# --- an instruction, or a part of one ---------------------------------------------------------------------------------
(R_KIND, R_NAME, R_FENCED, R_WRAPS, R_SCALAR, R_LOCATES, R_MULTIPLIES, R_CROSSES, R_INNER, R_GOES_ON) = range(10)
(R_IRQ, R_FAULT, R_ABSENT, R_RANGES, R_COLLECTED, R_MASK, R_FEEDS, R_COLLECTS) = range(10, 18)
(R_READS, R_READS_FIRST, R_READS_PAST, R_WRITES, R_WRITES_FIRST, R_WRITES_PAST) = range(18, 24)
R_RANGE = 24  # whether there is one, first, past, write
R_OPERATION = R_RANGE + 4 * RANGES
R_FEED = R_OPERATION + 9
R_COLLECT = R_FEED + 9
R_START = R_COLLECT + 6
R_ROWED = R_START + 9
R_AWAITS = R_ROWED + 1  # scalar registers decide what it is: a stop once they are all written
R_HANDED = R_AWAITS + 1  # the clock in which it had been handed on as a whole; -1 before
RECORD_SIZE = R_HANDED + 1
#: What an instruction is handed to; names that matter.
(CONTROL, STREAM, VECTOR, CHANNEL_WORK, VMM) = range(5)
(OTHER, HALT, FENCE, MARK, OUT) = range(5)

# --- commands that were decided ---------------------------------------------------------------------------------------
ENTRY = 11
(E_CHANNEL, E_FIRST, E_STEP, E_MANY, E_CODE, E_BANK, E_ROW, E_COL, E_RISES, E_PRODUCTS, E_AHEAD) = range(ENTRY)
#: In the place of a code: an operation begins, or ends.
BEGINS, OVER = -1, -2
