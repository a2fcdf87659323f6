"""What the ratios on the page of results stand on: claims of the paper, and other machines, with where each is from.

How sure a number is: *read* in the source that is named, *recalled* by who wrote this and not read again, *assumed*, or
*derived* from the others here.
"""

from __future__ import annotations

from dataclasses import dataclass

from gen.pim.model import Decoder

__all__ = ["CLAIMS", "FACTS", "MACHINES", "Fact", "Machine", "bytes_of"]

ABSTRACT = "abstract of arXiv 2310.09385, versions 1 and 2"
#: Ranges of the paper, over eight models: from the least to the greatest.
CLAIMS = {
    "speed over the GPU": (41, 137, ABSTRACT),
    "speed over the CPU": (631, 1074, ABSTRACT),
    "energy of the GPU": (123, 383, "abstract of version 2; 339 to 1,085 in version 1"),
    "energy of the CPU": (320, 602, "abstract of version 2; 890 to 1,632 in version 1"),
}


@dataclass(frozen=True)
class Fact:
    """A number from elsewhere: what it is, as it is written, how sure it is, and where it is from."""

    what: str
    value: str
    sure: str
    source: str


@dataclass(frozen=True)
class Machine:
    """A machine that reads its weights from memory: bytes a second, and watts."""

    name: str
    bandwidth: float
    watts: float


MACHINES = {
    "gpu": Machine("T4", 320e9, 70),
    "cpu": Machine("Xeon Gold 6154", 128e9, 200),
}
#: Seconds a token of GPT-2 (124 million parameters) in Hugging Face's library, one sequence of 64 tokens at a time.
EAGER = 78.04 / 6400
#: Bytes a second of the V100 that this was measured on.
EAGER_BANDWIDTH = 900e9

FACTS = (
    Fact("the GPU is a T4", "", "recalled", "a survey that was read says so too, second-hand"),
    Fact("the CPU is a Xeon Gold 6154", "", "recalled", "the paper's evaluation"),
    Fact("bandwidth of a T4", "320 GB/s", "read", "PNY's manual of the board"),
    Fact("power of a T4, its limit", "70 W", "read", "the same"),
    Fact("bandwidth of the CPU", "128 GB/s", "recalled", "six channels of DDR4-2666"),
    Fact("power of the CPU, its TDP", "200 W", "recalled", "Intel's data sheet"),
    Fact("time of the GPU and of the CPU, of any model", "", "unknown", "only ratios could be read"),
    Fact("power of the GPU and of the CPU", "", "unknown", "likewise; assumed above: limit and TDP"),
    Fact("tokens, length of prompts, data type on the GPU", "", "unknown", "1,024 tokens recalled"),
    Fact("whether times include the output matrix", "", "unknown", "hence both, here"),
    Fact("alternate sparse attention of GPT-3", "", "unknown", "here all layers see all tokens"),
    Fact("heads of GPT-3 XL", "16", "assumed", "the 24 of Brown et al. don't make up its width"),
    Fact("DRAM times, currents, controller", "`pimgpt_paper`", "recalled", "`bitloom pim list timing` says each"),
    Fact("whether the controller and the banks overlap", "", "unknown", "here: `--no-overlap` and without"),
    Fact("GPT-2 in eager PyTorch on a V100", "12.2 ms a token", "read", "microsoft.github.io/batch-inference"),
    Fact("bandwidth of a V100", "900 GB/s", "recalled", "NVIDIA's data sheet"),
    Fact("TensorRT over eager PyTorch, GPT-2 and T5, GPU", "3 to 6", "read", "NVIDIA's blog on TensorRT 8.2"),
    Fact("the same, over eager PyTorch on a CPU", "9 to 21", "read", "the same"),
)


def bytes_of(decoder: Decoder, tokens: int, *, predict: bool, element: int = 2) -> int:
    """Bytes that a machine with its weights in memory reads for a token, with so many tokens in the caches."""
    layer = sum(each.inputs * each.outputs for each in decoder.layer_matrices())
    output = decoder.width * decoder.vocabulary if predict else 0
    caches = 2 * decoder.attention.groups * decoder.attention.head_width * tokens
    return element * (decoder.layers * (layer + caches) + output)
