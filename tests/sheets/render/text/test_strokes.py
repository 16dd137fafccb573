"""Strokes: lines grow by what they lack, and no gap between two of them closes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.sheets.render.text.strokes import Grey, thicken, widen

INK = 128


def _paper(side: int = 60) -> Grey:
    return np.full((side, side), 255, np.uint8)


@given(by=st.integers(0, 12), width=st.integers(1, 5))
def test_a_line_grows_by_what_it_lacks(by: int, width: int) -> None:
    for fine in (_paper(), _paper().T):
        fine[:, 30 : 30 + width] = 0
        for thick in (thicken(fine, by), widen(fine, by, (3, 3), INK)):
            assert thick.shape == fine.shape
            assert (thick[30] == 0).sum() == width + by
            middle = np.flatnonzero(thick[30] == 0).mean()
            assert abs(middle - (30 + (width - 1) / 2)) <= 0.5


@given(by=st.integers(0, 40), free=st.integers(1, 12), gap=st.integers(1, 6))
def test_a_gap_between_two_lines_stays_open(by: int, free: int, gap: int) -> None:
    fine = _paper()
    fine[:, 20:22] = fine[:, 22 + free : 24 + free] = 0
    for picture in (fine, fine.T):
        thick = widen(picture, by, (gap, gap), INK)
        across = thick if picture is fine else thick.T
        assert (across[30, 22 : 22 + free] == 255).sum() >= min(gap, free)
        assert (across[30, 20:22] == 0).all()


@given(by=st.integers(0, 40), side=st.integers(1, 20), gap=st.integers(1, 6))
def test_a_counter_stays_open(by: int, side: int, gap: int) -> None:
    fine = _paper()
    fine[18 : 24 + side, 18 : 24 + side] = 0
    fine[21 : 21 + side, 21 : 21 + side] = 255
    inside = widen(fine, by, (gap, gap), INK)[21 : 21 + side, 21 : 21 + side]
    assert (inside == 255).any(axis=0).sum() >= min(gap, side)
    assert (inside == 255).any(axis=1).sum() >= min(gap, side)


@pytest.mark.parametrize("slope", [1, 2])
def test_a_slanting_gap_stays_open(slope: int) -> None:
    rows, columns = np.mgrid[:60, :60]
    place = columns + rows * slope
    fine = np.where((np.abs(place - 70) < 3) | (np.abs(place - 80) < 3), 0, 255).astype(np.uint8)
    thick = widen(fine, 12, (3, 3), INK)
    open_columns = (thick == 255) & (np.abs(place - 75) <= 2)
    assert open_columns.any(axis=1)[20:35].all()


@given(seed=st.integers(0, 1000), by=st.integers(0, 9), gap=st.tuples(st.integers(1, 6), st.integers(1, 9)))
def test_widening_takes_no_ink_away_and_adds_none_far_from_ink(seed: int, by: int, gap: tuple[int, int]) -> None:
    fine = np.where(np.random.default_rng(seed).random((40, 50)) < 0.05, 0, 255).astype(np.uint8)
    thick = widen(fine, by, gap, INK)
    assert (thick <= fine).all()
    assert (thick >= thicken(fine, by)).all()
