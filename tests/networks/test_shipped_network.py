"""A convolutional network as people have it: quantised on photographs, every layer on the RTL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.inference import SHAPE, pieces, shipped
from sim_tb.run import run_workload
from sim_tb.workloads.quantised.integer import Crop
from sim_tb.workloads.quantised.prepare import Request, prepare
from tests.sim.engines import hardware, params


@pytest.mark.sim
@pytest.mark.skipif(shipped() is None, reason="needs rapidocr-onnxruntime 1.4.4: pip install --no-deps")
def test_every_layer_of_a_mobile_network(tmp_path: Path) -> None:
    path = shipped()
    assert path is not None
    assert pieces(3).shape == (3, *SHAPE[1:])
    np.save(tmp_path / "pieces.npy", pieces(4))
    engine = "mixed_sign"
    request = Request(path=str(path), calibration=tmp_path / "pieces.npy", shapes={"x": SHAPE}, crop=Crop(6))
    work = prepare(request, params(engine))
    assert (len(work.layers), work.about["elsewhere"]) == (54, {})
    answer = run_workload(params(engine), hardware(engine), workload=work)
    assert answer["passed"], answer["problems"]
    layers = answer["network"]["layers"]
    assert sum(layer["mismatches"] for layer in layers) == 0
    assert sum(layer["elements_checked"] for layer in layers) > 1000
    assert sum(layer["kind"] == "ConvDepthwise" for layer in layers) == 11
