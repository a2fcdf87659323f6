"""How numbers read."""

from __future__ import annotations

import pytest

from gen.report.figures import count, duration, percent, quantity, rate, ratio, share


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0, "0"),
        (0.00001234, "0.00001234"),
        (0.0123, "0.01230"),
        (0.99996, "1.000"),
        (1e-12, "0.0000000000"),
        (1, "1.000"),
        (9.9996, "10.00"),
        (12.345, "12.35"),
        (123.45, "123.5"),
        (999.96, "1,000"),
        (12345.6, "12,346"),
        (-2.5, "−2.500"),
        (None, "–"),
        (True, "–"),
        ("7", "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_quantity(value, text):
    assert quantity(value) == text


def test_units_and_prefixes():
    assert quantity(3.5, "ns") == "3.500 ns"
    assert rate(4_760_760.1, "MAC/s") == "4.761 MMAC/s"
    assert rate(12.0, "MAC/s") == "12.00 MAC/s"
    assert rate(2.5e12, "OPS") == "2.500 TOPS"
    assert count(1234567) == "1,234,567"
    assert percent(0.98765) == "98.8 %"
    assert duration(1.834) == "1.83 s"
    assert duration(200) == "3 min 20 s"


def test_ratios_of_nothing_are_dashes():
    assert [ratio(value, 1) for value in (1.5, 0.0712, 0.0037, 99.994, 100.4, 1234.5)] == [
        *("1.50×", "0.071×", "0.0037×", "99.99×", "100×", "1,234×")
    ]
    assert ratio(0, 2) == "0.00×"
    assert ratio(3, 0) == ratio(None, 2) == ratio(2, "x") == "–"
    assert share(1, 4) == "25.0 %"
    assert share(1, 0) == share(None, 1) == "–"
