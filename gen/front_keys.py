"""The keys of what may stand in front of an engine. A table makes it stand there, even an empty one."""

from __future__ import annotations

from gen.key import Key, boolean, integer, operand, texts_fault
from hdl.params.delta import MAX_WORDS, MIN_WORDS
from hdl.params.delta_front import DeltaFront
from hdl.params.gate import MAX_PIXELS, MODES, SEED_BITS, GateParams

__all__ = ["FRONT_KEYS"]

_MODES = {"enum": list(MODES)}

FRONT_KEYS = (
    integer(
        "gate",
        "pixels",
        "bits of the importance map; steps of K behind them are not important",
        GateParams.pixels,
        1,
        MAX_PIXELS,
    ),
    Key(
        "gate",
        "modes",
        "text or list",
        "what can become of the operands of a pruned pixel, beside `off`",
        None,
        ", ".join(f"`{mode}`" for mode in MODES),
        texts_fault("a mode or a list of modes"),
        {"oneOf": [_MODES, {"type": "array", "items": _MODES}]},
        absent="all that the engine can have",
    ),
    integer(
        "gate", "seed", "state of the random number generator after a reset", GateParams.seed, 1, (1 << SEED_BITS) - 1
    ),
    boolean("gate", "observe", "for simulation: add a port that says which pixels are multiplied", default=False),
    operand("delta", "x", "format of the activations that enter; `a` of the engine is that of changes", "u8"),
    integer("delta", "words", "beats of a frame at most", DeltaFront.words, MIN_WORDS, MAX_WORDS),
)
