"""A scoreboard that can't fail proves nothing."""

from __future__ import annotations

import numpy as np

from sim_tb.scoreboard import Scoreboard


def test_equal_results_pass() -> None:
    board = Scoreboard()
    board.compare(np.ones((2, 2, 3)), np.ones((2, 2, 3)))
    assert board.passed
    assert (board.checked, board.mismatches, board.tiles) == (12, 0, 2)


def test_nothing_compared_is_no_pass() -> None:
    assert not Scoreboard().passed


def test_a_difference_is_located() -> None:
    board = Scoreboard()
    board.compare(np.zeros((1, 2, 2), int), np.zeros((1, 2, 2), int))
    got = np.zeros((3, 2, 2), int)
    got[1, 0, 1] = 7
    board.compare(np.zeros((3, 2, 2), int), got)
    assert not board.passed
    assert board.mismatches == 1
    assert board.problems == ["tile 2, C[0, 1]: expected 0, got 7"]


def test_missing_tiles_count_as_different() -> None:
    board = Scoreboard()
    board.compare(np.zeros((3, 2, 2), int), np.zeros((1, 2, 2), int))
    assert not board.passed
    assert board.mismatches == 8
    assert board.problems == ["2 tiles never came out, first tile 1"]


def test_few_differences_are_spelled_out() -> None:
    board = Scoreboard()
    board.compare(np.zeros((1, 40, 40), int), np.ones((1, 40, 40), int))
    assert board.mismatches == 1600
    assert len(board.problems) == 10
