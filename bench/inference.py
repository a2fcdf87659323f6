"""Networks on the RTL: results of all layers that differ from ONNX Runtime's integers, which shall be none.

The digits network, and, where the package is installed (``pip install --no-deps rapidocr-onnxruntime==1.4.4``), its
network of 53 convolutions which tells whether a line of text stands on its head, quantised on pieces of a photographed
page. Zeros that fill up tiles are counted apart: a depthwise convolution uses one column of the array.
"""

from __future__ import annotations

import argparse
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bench._judge import Judge
from gen.emit.verilog import emit
from hdl.params import EngineParams
from sim_tb.golden import Matrix
from sim_tb.run import run_workload
from sim_tb.workloads import digits_onnx
from sim_tb.workloads.quantised.integer import Crop
from sim_tb.workloads.quantised.prepare import Request, prepare

#: The package, its network in it, and the shape of its input.
PACKAGE, NETWORK = "rapidocr_onnxruntime", "models/ch_ppocr_mobile_v2.0_cls_infer.onnx"
SHAPE = (1, 3, 48, 192)


def shipped() -> Path | None:
    """The package's network; None where it isn't installed."""
    found = find_spec(PACKAGE)
    folders = found.submodule_search_locations if found else None
    paths = [path for folder in folders or () if (path := Path(folder, NETWORK)).exists()]
    return paths[0] if paths else None


def pieces(count: int = 16) -> Matrix:
    """Pieces of a photographed page, of the network's shape."""
    from skimage import data

    page = data.page().astype(np.float32) / 127.5 - 1  # type: ignore[no-untyped-call]  # the package has no types
    rng = np.random.default_rng(1)
    corners = zip(rng.integers(0, 192, count), rng.integers(0, 143, count), strict=True)
    return np.stack([np.stack([page[y : y + SHAPE[2], x : x + SHAPE[3]]] * 3) for x, y in corners])


def requests(folder: Path, crop: Crop) -> list[Request]:
    """What is computed."""
    network, train, test = digits_onnx.write(folder)
    found = [Request(path=str(network), calibration=train, inputs=test, crop=crop)]
    if path := shipped():
        np.save(folder / "pieces.npy", pieces())
        found.append(Request(path=str(path), calibration=folder / "pieces.npy", shapes={"x": SHAPE}, crop=crop))
    else:
        print(f"{PACKAGE} is not installed: its network is left out")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=16, help="rows and columns of the array")
    parser.add_argument("--crop", type=int, help="at most so many rows, columns and groups of a layer")
    args = parser.parse_args()
    judge = Judge()
    params = EngineParams(rows=args.size, cols=args.size)
    hardware = emit(params)
    with tempfile.TemporaryDirectory() as folder:
        for request in requests(Path(folder), Crop(args.crop)):
            work = prepare(request, params)
            answer = run_workload(params, hardware, workload=work)
            layers = answer["network"]["layers"]
            results = sum(layer["elements_checked"] for layer in layers)
            differ = sum(layer["mismatches"] for layer in layers)
            name = f"{work.about['file']}, {len(layers)} layers on {args.size}x{args.size}"
            print(f"{name}: {work.macs:,} multiply-accumulates in {answer['cycles']:,} cycles")
            what = f"{name}: results that differ from ONNX Runtime's"
            judge.says(what, f"0 of {results:,}", f"{differ:,}", met=differ == 0 and answer["passed"])
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
