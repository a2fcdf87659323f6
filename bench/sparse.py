"""Engines that skip zero digits: cycles per operand of A, against the mean number of digits that are not zero.

Operands are normal, rounded, and rejected outside of [-128, 127]; the mean is exact, from all 256 values. Cycles are
those of a streak of tiles in its steady state: each row works on one operand after the other, so that a tile of inner
size K takes K times the figure. OPT4E works on four operands at once: its figure is cycles times four. Targets, at
K = 1,024 and for sigma 20 and 30: within 3 % of the mean for one row, which waits for nobody, and within 8 % for 16
rows, which share the operands of B and may run apart only as far as the window allows: a window of ``queue`` groups of
``group`` steps, in segments of ``segment`` steps, as the table says. A second table shows the loss of 16 rows by depth
of the queue and by K, with groups and segments as judged and as they are by default.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import NamedTuple

from bench._judge import Judge
from gen.emit.verilog import Emission, emit
from gen.nest.encoders import density
from hdl.params import ENCODERS, EngineParams
from hdl.params.points import named_beside
from sim_tb.rate import measure_streak


class Window(NamedTuple):
    """Keys of an engine whose rows run apart."""

    queue: int
    group: int
    segment: int

    def of(self, engine: EngineParams) -> EngineParams:
        """An engine with this window."""
        return replace(engine, queue=self.queue, group=self.group, segment=self.segment)


K = 1024
SIGMAS = (20, 30)
TARGETS = {1: 0.03, 16: 0.08}
#: Of the judged engines, by rows: a segment is a tile, as every end of a segment costs cycles.
WINDOWS = {1: Window(queue=8, group=4, segment=K), 16: Window(queue=16, group=8, segment=K)}
#: Rows of several lanes work off a group as many times as fast, and need more of them.
QUEUES_OF_LANES = {1: 8, 16: 32}


def engines_that_skip() -> dict[str, EngineParams]:
    """An engine of each scheme whose rows skip their own zeros; columns work alike on all arrays: one is enough."""
    named = named_beside(EngineParams(array="matrix_2d", rows=1, cols=1))
    return {params.scheme: params for params in named if params.sparse}


def cycles(params: EngineParams, hardware: Emission, sigma: float, k: int, tiles: int) -> float:
    """Cycles per operand of a row, times the operands that it works on at once."""
    return measure_streak(params, hardware, k=k, tiles=tiles, sigma=sigma).cycles / k * params.k_step


def judged(engines: list[EngineParams], encoders: list[str], tiles: int, judge: Judge) -> None:
    """Every engine and encoder, with one row and with sixteen."""
    print(f"cycles per operand, K = {K:,}; exact mean of non-zero digits in brackets")
    for rows, window in WINDOWS.items():
        words = ", ".join(f"{key} {value:,}" for key, value in window._asdict().items())
        print(f"  {rows} row{'s' if rows > 1 else ''}: {words}")
    for rows, queue in QUEUES_OF_LANES.items():
        print(f"  {rows} row{'s' if rows > 1 else ''} of several lanes: queue {queue}")
    for engine in engines:
        for encoder in encoders:
            for rows, target in TARGETS.items():
                params = WINDOWS[rows].of(replace(engine, rows=rows, encoder=encoder))
                if params.k_step > 1:
                    params = replace(params, queue=QUEUES_OF_LANES[rows])
                hardware = emit(params)
                for sigma in SIGMAS:
                    mean = density(encoder, params.a, sigma).mean
                    found = cycles(params, hardware, sigma, K, tiles if rows == 1 else max(4, tiles // 4))
                    words = f"{params.scheme}, {encoder}, {rows} row{'s' if rows > 1 else ''}, sigma {sigma}"
                    above = f"{words}: {found:.3f} cycles ({mean:.3f}), above the mean"
                    judge.most(above, target, found / mean - 1, "{:.1%}")


def table(base: EngineParams, queues: list[int], sizes: list[int], sigma: float) -> None:
    """The loss of 16 rows by depth of the queue and by K."""
    mean = density(base.encoder, base.a, sigma).mean
    print(
        f"{base.scheme}, {base.encoder}, {base.rows} rows, groups of {base.group}, segments of {base.segment:,}, "
        f"sigma {sigma:g}: cycles above the mean of {mean:.3f}, by queue and K"
    )
    print("  queue " + "".join(f"{k:>9,}" for k in sizes))
    for queue in queues:
        params = replace(base, queue=queue)
        hardware = emit(params)
        losses = [cycles(params, hardware, sigma, k, max(4, 4096 // k)) / mean - 1 for k in sizes]
        print(f"  {queue:5} " + "".join(f"{loss:>9.1%}" for loss in losses), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    engines = engines_that_skip()
    parser.add_argument("--schemes", nargs="+", choices=engines, default=list(engines))
    parser.add_argument("--encoders", nargs="+", choices=ENCODERS, default=["ent", "naf"], help="of the judged table")
    parser.add_argument("--tiles", type=int, default=16, help="of a streak of one row")
    parser.add_argument("--queues", type=int, nargs="*", default=[2, 8, 32])
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 1024, 4096], help="K of the second table")
    args = parser.parse_args()
    judge = Judge()
    judged([engines[name] for name in args.schemes], args.encoders, args.tiles, judge)
    if args.queues:
        rows = max(TARGETS)
        base = EngineParams(array="matrix_2d", scheme="opt4c", rows=rows, cols=1, encoder=args.encoders[0])
        for form in (replace(base, group=WINDOWS[rows].group, segment=WINDOWS[rows].segment), base):
            table(form, args.queues, args.sizes, SIGMAS[0])
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
