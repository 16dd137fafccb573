"""Letter shapes: a letter's direction is known from its shape alone, and the weights survive packing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gonogo.sheets.render.text.ink_pieces import find_pieces
from gonogo.sheets.render.text.letter_shapes import STEP, direction_likelihoods, pack, patches, unpack
from tests.sheets.conftest import text_image


@pytest.mark.parametrize("letter", ["2", "4", "5", "7", "R", "3"])
@pytest.mark.parametrize("angle", [0, 45, 90, 180, 270])
def test_a_letter_says_its_direction(letter: str, angle: int) -> None:
    image, box = text_image(letter, turned=angle, height=80)
    ink = np.asarray(image.crop(box)) < 128
    pieces = find_pieces(ink)
    likelihoods = direction_likelihoods(pieces, ink.shape, np.array([0]))[0]
    best = int(np.argmax(likelihoods[:-1])) * STEP
    assert abs((best - angle + 180) % 360 - 180) <= STEP


def test_a_piece_fills_its_square_alone() -> None:
    ink = np.zeros((60, 60), np.bool_)
    ink[10:50, 20:24] = True  # a bar, and a dot beside it that is another piece
    ink[12, 26] = True
    pieces = find_pieces(ink)
    largest = int(np.argmax(pieces.boxes()[:, 4]))
    patch = patches(pieces, ink.shape, np.array([largest]))[0]
    assert patch.shape == (16, 16)
    assert patch[:, 7:9].mean() > 0.6
    assert patch[:, :6].max() == patch[:, 10:].max() == 0


def test_weights_survive_packing() -> None:
    chance = np.random.default_rng(3)
    shapes = ((256, 64), (64,), (64, 25), (25,))
    weights = tuple(chance.normal(0, 1, shape).astype(np.float32) for shape in shapes)
    for before, after in zip(weights, unpack(pack(weights)), strict=True):
        assert after.shape == before.shape
        assert np.abs(after - before).max() <= np.abs(before).max() / 127


def test_a_patch_of_an_image_is_what_the_image_shows() -> None:
    ink = np.asarray(Image.new("1", (32, 32), 1), np.bool_)
    assert patches(find_pieces(ink), ink.shape, np.array([0])).min() == 1
