"""What instructions are for."""

from __future__ import annotations

import pytest

from gen.pim.compile import OPERATIONS, compile_decoder
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


@pytest.mark.parametrize("make", [toys.gpt2, toys.gpt_neo, toys.opt, toys.llama, toys.mistral, toys.qwen2, toys.phi])
def test_every_instruction_has_an_operation(make):
    compiled = compile_decoder(make(), toys.TINY)
    found = {name: set() for name in ALLOWED}
    for position, options in ((0, {}), (7, {"token": 3, "logits": True}), (39, {"predict": False})):
        programs, operations = compiled.programs(position, **options), compiled.operations(position, **options)
        assert [len(program.words) for program in programs] == [len(each) for each in operations]
        for program, each in zip(programs, operations, strict=True):
            assert set(each) <= set(OPERATIONS)
            for one, operation in zip(program.instructions, each, strict=True):
                found.setdefault(one.op.name, set()).add(operation)
    for name, allowed in ALLOWED.items():
        assert found[name] <= allowed, name
    assert found["VMM"] == ALLOWED["VMM"]
    assert found["MAC_AB"] == ALLOWED["MAC_AB"]
