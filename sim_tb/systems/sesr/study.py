"""``bitloom workload sesr``: photographs doubled by a small network, in floating point, in integers, and on the RTL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hdl.params import ConfigError, EngineParams
from sim_tb.golden import Matrix
from sim_tb.systems.options import Option, file, read_options, whole
from sim_tb.systems.sesr import page
from sim_tb.systems.sesr.photographs import HELD_OUT, photograph
from sim_tb.systems.sesr.pictures import ENDINGS, picture
from sim_tb.systems.sesr.quality import NEAR, Quality, middle, quality
from sim_tb.systems.sesr.quantise import calibration, quantise
from sim_tb.systems.sesr.resize import halve
from sim_tb.systems.sesr.runs import Run, digits, run
from sim_tb.systems.sesr.upscaling import check
from sim_tb.systems.sesr.weights import WEIGHTS, read
from sim_tb.systems.study import Findings, Request

__all__ = ["ENGINES", "QUICK", "study"]

#: The engines of the documentation; the first of them is run both packed and not.
ENGINES = (
    EngineParams(),
    EngineParams(array="matrix_2d", scheme="opt4e", encoder="ent"),
    EngineParams(array="adder_tree", scheme="opt1", depth=16),
)
#: With ``--quick``: fewer engines, pixels of a crop along a side, and pixels of a photograph along a side.
QUICK = (ENGINES[:2], 16, 192)
#: Pixels of a crop along a side.
CROP = 32
#: Of the photograph of which the engine gets a crop: the first one.
SOURCE = HELD_OUT[0]
#: Photographs that are shown, and pixels along a side of what is shown.
SHOWN, WINDOW = ("coffee", "text"), 96


def study(request: Request, say: Callable[[str], None]) -> Findings:
    """Photographs in three ways, and a crop on engines, every result of every layer compared."""
    usual, crop, size = QUICK if request.quick else (ENGINES, CROP, None)
    options = read_options(
        request.options,
        [
            Option("image", None, file(*ENDINGS)),
            Option("weights", WEIGHTS, file(".npz")),
            Option("crop", crop, whole(4, 256)),
        ],
    )
    engines = request.engines(*usual)
    for params in engines:
        check(params)
    network = read(options["weights"])
    crop = options["crop"]
    images = {name: middle(photograph(name), size) for name in HELD_OUT}
    source = images[SOURCE] if options["image"] is None else picture(options["image"], 2 * crop)
    if options["image"] is not None:
        images[options["image"].stem] = source
    try:
        integers = quantise(network, calibration())
    except ConfigError as error:
        raise ConfigError(error.problems, str(options["weights"])) from None
    judged: list[Quality] = []
    shown: dict[str, dict[str, Matrix]] = {}
    for name, image in images.items():
        say(f"doubling {name}")
        found, pictures = quality(name, image, network, integers)
        judged.append(found)
        if name in SHOWN or name not in HELD_OUT:
            shown[name] = {key: middle(each, WINDOW) for key, each in pictures.items()}
    pixels = middle(halve(source), crop)
    runs = []
    for params in engines:
        packs = (False, True) if params is engines[0] else (True,)
        runs += [run(params, integers, pixels, pack=pack, say=say) for pack in packs]
    skipping = next((each for each in engines if each.data_dependent), engines[0])
    counted = digits(integers, pixels, skipping.encoder)
    held_out = judged[: len(HELD_OUT)]
    figures: dict[str, Any] = {
        "network": {"parameters": sum(each.size for each in network.weights), "layers": len(network.weights)},
        "crop": list(pixels.shape),
        "psnr_db": {each.name: each.to_dict() for each in judged},
        "near": sum(each.near for each in held_out),
        "above": sum(each.above for each in held_out),
        "held_out": len(held_out),
        "engines": [each.to_dict() for each in runs],
        "digits": [round(each, 3) for each in counted],
    }
    return Findings(
        "SESR: photographs twice as large",
        f"{figures['network']['parameters']:,} weights of 8 bits, {len(network.weights)} convolutions",
        _lines(held_out, runs),
        figures,
        page.sections(judged, runs, counted, shown),
        all(each.passed for each in runs),
    )


def _lines(held_out: list[Quality], runs: list[Run]) -> list[str]:
    """What is printed."""
    near, above = (sum(getattr(each, key) for each in held_out) for key in ("near", "above"))
    lines = [
        f"quality    INT8 within {NEAR} dB of FP32 on {near} of {len(held_out)} held-out photographs, "
        f"above bicubic and spline on {above}"
    ]
    for each in runs:
        results, differ = each.results
        equal = f"{results:,} results of {len(each.layers)} layers equal to the golden model's"
        state = equal if each.passed else f"{differ:,} of {results:,} results DIFFER from the golden model's"
        ways = "packed" if each.pack else "not packed"
        lines.append(f"{each.title}, {ways}: {state}, {each.cycles:,} cycles, {each.pace}")
    return lines
