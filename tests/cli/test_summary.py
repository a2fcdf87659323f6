from __future__ import annotations

import pytest

from gen.cli.summary import against


@pytest.mark.parametrize(("engine", "words"), [(0.9999, "1.00x"), (0.99, "only 0.99x"), (1.2, "1.20x")])
def test_what_is_no_less_is_not_called_only(engine, words):
    ratios = {"area_engine": engine, "area_core": 1.5, "energy_engine": None, "energy_core": None}
    said = against({"scheme": "nest", "activity": ""}, {"scheme": "mac", "activity": "", "ratios": ratios})
    assert said.startswith(f"nest against mac: the engine gives {words} the throughput per area (the core alone 1.50x)")
