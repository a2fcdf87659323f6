"""What the instructions of a decoder's programs are for."""

from __future__ import annotations

__all__ = ["OPERATIONS"]

#: The operations of a decoder by their names, in the order of their use.
OPERATIONS = {
    "embedding": "the token's embedding and its position",
    "vectors": "gains and biases, from the banks",
    "normalisation": "normalisations",
    "attend": "product that gives queries, keys and values",
    "rotation": "rotation of queries and keys",
    "caches": "the token's key and value, to the banks",
    "scores": "queries times keys",
    "softmax": "scores to probabilities",
    "values": "probabilities times values",
    "mix": "product of what the heads give",
    "up": "product up to the inner width, with the gate's",
    "activation": "activation between the two, and the gate",
    "down": "product down to the width",
    "residual": "sums with the residual stream",
    "output": "product that gives the logits",
    "choice": "the most likely token",
    "control": "start, loop over layers, and end",
}
