"""``bitloom workload macs``: the adapter of MACS, six rows at a time, with random weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from gen.emit.verilog import emit
from hdl.params import CheckFailed, EngineParams
from hdl.params.title import Title
from sim_tb.golden import Matrix
from sim_tb.run import run_workload
from sim_tb.systems.macs import pages
from sim_tb.systems.macs.adapter import FULL, SMALL, Adapter
from sim_tb.systems.macs.engines import compared, of_user, schedules, usual
from sim_tb.systems.macs.integers import IntegerAdapter
from sim_tb.systems.macs.sources import draw, order, quantised
from sim_tb.systems.options import Option, read_options, whole
from sim_tb.systems.study import Findings, Request
from sim_tb.workloads.workload import at_once

__all__ = ["study"]

#: Sets of sources that ranges are taken from, and the distance of their seed.
CALIBRATION, APART = 8, 1000

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Asked:
    """What is to be done, checked."""

    adapter: Adapter
    engines: tuple[EngineParams, ...]
    batch: int
    draws: int
    sets: int
    seed: int

    @classmethod
    def of(cls, request: Request) -> _Asked:
        """Of the request. Raises ConfigError with what is wrong."""
        options = (
            Option("batch", 1, whole(1, 16)),
            Option("draws", 200 if request.quick else 2000, whole(1, 100_000)),
            Option("sets", 4 if request.quick else 50, whole(1, 1000)),
        )
        values = read_options(request.options, options)
        sizes = SMALL if request.quick else FULL
        own = None if request.config is None else (of_user(request.config.engine),)
        engines = own or usual(8 if request.quick else 16)
        return cls(Adapter.drawn(sizes, request.seed), engines, **values, seed=request.seed)


def study(request: Request, say: Say) -> Findings:
    """Do it. Raises BitloomError for what a user can mend, and where results differ."""
    asked = _Asked.of(request)
    width = asked.adapter.sizes.embedding
    calibration = draw(width, CALIBRATION, asked.seed + APART)[0]
    work = IntegerAdapter.of(asked.adapter, *draw(width, asked.batch, asked.seed), calibration)
    runs = {str(Title(params)): _run(params, work, asked, request, say) for params in asked.engines}
    say("comparing with floating point")
    found = [each for params in compared() for each in schedules(params, FULL)]
    figures = {
        "sizes": asdict(asked.adapter.sizes),
        "rows": len(work.arrays["embeddings"]),
        "macs": work.macs,
        "runs": runs,
        "cosine": _cosine(asked, calibration),
        "ranks": _ranks(asked),
        "schedules": [asdict(each) for each in found],
        "units": {"macs": "MAC", "cycles": "cycles", "utilisation": "share", "possible": "share"},
    }
    subtitle = (
        f"{len(work.arrays['embeddings'])} rows, {width} to {asked.adapter.sizes.hidden} to {asked.adapter.sizes.token}"
    )
    return Findings("MACS adapter GEMMs", subtitle, pages.lines(figures), figures, pages.sections(figures))


def _run(params: EngineParams, work: IntegerAdapter, asked: _Asked, request: Request, say: Say) -> dict[str, Any]:
    """All products on the RTL. Raises CheckFailed where a result differs."""
    answer = run_workload(
        params, emit(params), workload=work, seed=asked.seed + 1, effort="quick", keep=request.folder, say=say
    )
    if not answer["passed"]:
        where = f"macs on {Title(params)}, seed {asked.seed + 1}"
        raise CheckFailed(f"{where}: {'; '.join(answer['problems'])}")
    results = sum(product.output_elements for product in work.topology)
    return {"results": results, "cycles": answer["measured"]["cycles"], "total": answer["cycles"]}


async def _exactly(a: Matrix, b: Matrix, initial: Matrix | None = None) -> Matrix:
    """Products of integers in floating point, which is quicker: sums of fewer than 53 bits are exact."""
    found: Matrix = (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64)
    return found if initial is None else found + initial


def _cosine(asked: _Asked, calibration: np.ndarray[Any, Any]) -> dict[str, float]:
    """Tokens in integers against those in FP64: the cosine of every row, over many sets."""
    sources, mixture = draw(asked.adapter.sizes.embedding, asked.sets, asked.seed + 1)
    whole = replace(asked.adapter, sizes=replace(asked.adapter.sizes, heads=()), heads=())
    tokens = at_once(IntegerAdapter.of(whole, sources, mixture, calibration).compute(_exactly))["tokens"]
    exact = asked.adapter.tokens(sources).reshape(tokens.shape)
    lengths = np.linalg.norm(tokens, axis=1) * np.linalg.norm(exact, axis=1)
    cosines = (tokens * exact).sum(axis=1) / lengths
    return {"least": float(cosines.min()), "mean": float(cosines.mean()), "rows": len(cosines)}


def _ranks(asked: _Asked) -> dict[str, float]:
    """How often integers put sources into the order that floating point puts them into."""
    sources, mixtures = draw(asked.adapter.sizes.embedding, asked.draws, asked.seed + 2)
    exact = order(np.einsum("cse,ce->cs", sources, mixtures))
    sums = [
        quantised(each, float(np.abs(each).max())) @ quantised(mixture, float(np.abs(mixture).max()))
        for each, mixture in zip(sources, mixtures, strict=True)
    ]
    kept = (exact == order(np.array(sums))).all(axis=1)
    return {"kept": float(kept.mean()), "draws": asked.draws}
