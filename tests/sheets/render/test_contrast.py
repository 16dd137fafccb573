"""Contrast: ink and paper are found whatever their levels, and noise is no ink."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.sheets.render.contrast import Grey, ink_levels, stretch, stretch_sheet


def _strokes(ink: int, paper: int, noise: float = 0.0) -> Grey:
    """A box with a few lines across it, as a scanner sees them."""
    picture = np.full((60, 120), float(paper))
    picture[10:50, 20:24] = picture[10:14, 20:90] = picture[30:33, 40:100] = ink
    picture += np.random.default_rng(7).normal(0, noise, picture.shape) if noise else 0
    box: Grey = np.rint(picture).clip(0, 255).astype(np.uint8)
    return box


@given(ink=st.integers(0, 215), apart=st.integers(40, 255))
def test_ink_and_paper_are_the_boxes_own(ink: int, apart: int) -> None:
    paper = min(ink + apart, 255)
    levels = ink_levels(_strokes(ink, paper))
    assert levels is not None
    assert (levels.ink, levels.paper, levels.reversed) == (ink, paper, False)
    assert ink < levels.middle <= paper


@pytest.mark.parametrize(("ink", "paper", "noise"), [(190, 215, 3), (120, 180, 8), (60, 130, 12), (0, 255, 0)])
def test_grey_scans_and_faint_pens_become_full_ink_on_white(ink: int, paper: int, noise: float) -> None:
    box = _strokes(ink, paper, noise)
    levels = ink_levels(box)
    assert levels is not None
    fitted = stretch(box, levels)
    drawn = _strokes(0, 255) == 0
    assert np.median(fitted[drawn]) < 60
    assert np.median(fitted[~drawn]) > 230


def test_white_strokes_on_black_are_strokes() -> None:
    levels = ink_levels(255 - _strokes(20, 240))
    assert levels is not None
    assert levels.reversed
    assert (levels.ink, levels.paper) == (20, 240)


def test_bold_text_that_fills_half_of_its_box_is_not_reversed() -> None:
    box = np.full((40, 100), 255, np.uint8)
    box[3:-3, 3:-3] = 0
    box[10:30, 10:90:8] = 255
    levels = ink_levels(box)
    assert levels is not None
    assert not levels.reversed


@given(seed=st.integers(0, 200), level=st.integers(60, 200), noise=st.floats(0, 10))
def test_noise_on_paper_is_no_ink(seed: int, level: int, noise: float) -> None:
    empty = np.random.default_rng(seed).normal(level, noise, (40, 80)).round().clip(0, 255).astype(np.uint8)
    assert ink_levels(empty) is None


def test_a_wide_view_keeps_its_hairlines_and_an_empty_one_its_paper() -> None:
    sheet = np.full((100, 100), 230, np.uint8)
    assert (stretch_sheet(sheet) == 230).all()
    sheet[50] = 120
    assert (stretch_sheet(sheet)[50] == 0).all()
    assert stretch_sheet(sheet)[10, 10] == 255
