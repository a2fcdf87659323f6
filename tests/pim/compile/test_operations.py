"""What instructions are for."""

from __future__ import annotations

import pytest

from gen.pim.compile import OPERATIONS, Compiled, compile_decoder
from tests.pim.compile import toys

#: Operations that an instruction can be for.
ALLOWED = {
    "VMM": {"attend", "mix", "up", "down", "output"},
    "SOFTMAX": {"softmax"},
    "LAYERNORM": {"normalisation"},
    "RMSNORM": {"normalisation"},
    "VGELU": {"activation"},
    "VGELUE": {"activation"},
    "VRELU": {"activation"},
    "VSILU": {"activation"},
    "VMADD": {"rotation"},
    "VADD": {"residual", "embedding"},
    "WR_SB": {"caches"},
    "WR_ELEM": {"caches"},
    "RD_ITEM": {"embedding"},
    "RD_SB": {"vectors", "embedding"},
    "MAC_AB": {"scores", "values"},
    "RD_MAC": {"scores", "values"},
    "WR_GB": {"scores", "values"},
    "ARGMAX": {"choice"},
    "RMAX": {"choice"},
    "SKEEP": {"choice"},
    "OUT": {"output"},
    "HALT": {"control"},
}
#: Likewise, of what caches of 8 bits add.
PACKED = {
    **ALLOWED,
    "VQUANT": {"caches"},
    "WR_BYTE": {"caches"},
    "RD_SB": {"vectors", "embedding", "values"},
    "SCALE_AB": {"scores"},
    "SOFTMUL": {"softmax"},
    # Products, too, where there are several accumulators.
    **dict.fromkeys(("MAC_AB", "RD_MAC", "WR_GB"), ALLOWED["VMM"] | {"scores", "values"}),
}


@pytest.mark.parametrize("make", [toys.gpt2, toys.gpt_neo, toys.opt, toys.llama, toys.mistral, toys.qwen2, toys.phi])
def test_every_instruction_has_an_operation(make):
    found = operations_of(compile_decoder(make(), toys.TINY), ALLOWED)
    assert found["VMM"] == ALLOWED["VMM"]
    assert found["MAC_AB"] == ALLOWED["MAC_AB"]


def test_those_of_caches_of_8_bits():
    found = operations_of(compile_decoder(toys.llama(), toys.system(int8=True, accumulators=2), caches="int8"), PACKED)
    assert found["RD_SB"] == PACKED["RD_SB"]
    assert found["VQUANT"] == found["WR_BYTE"] == {"caches"}
    assert (found["SCALE_AB"], found["SOFTMUL"], found["SOFTMAX"]) == ({"scores"}, {"softmax"}, set())


def operations_of(compiled: Compiled, legal: dict[str, set[str]]) -> dict[str, set[str]]:
    """The operations of every instruction, which are legal ones."""
    found: dict[str, set[str]] = {name: set() for name in legal}
    for position, options in ((0, {}), (7, {"token": 3, "logits": True}), (39, {"predict": False})):
        programs, operations = compiled.programs(position, **options), compiled.operations(position, **options)
        assert [len(program.words) for program in programs] == [len(each) for each in operations]
        for program, each in zip(programs, operations, strict=True):
            assert set(each) <= set(OPERATIONS)
            for one, operation in zip(program.instructions, each, strict=True):
                found.setdefault(one.op.name, set()).add(operation)
    for name, allowed in legal.items():
        assert found[name] <= allowed, name
    return found
