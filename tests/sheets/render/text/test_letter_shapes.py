"""Letter shapes: a letter's direction is known from its shape alone, and the weights survive packing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gonogo.sheets.render.text.ink_pieces import find_pieces
from gonogo.sheets.render.text.letter_shapes import STEP, direction_likelihoods, forward, pack, patches, unpack
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


def test_each_letter_has_likelihoods_of_its_own_that_add_up_to_one() -> None:
    image, box = text_image("R25", height=80)
    ink = np.asarray(image.crop(box)) < 128
    pieces = find_pieces(ink)
    together = direction_likelihoods(pieces, ink.shape, np.arange(pieces.count))
    assert together.shape == (3, 25)
    assert np.exp(together).sum(axis=1) == pytest.approx(np.ones(3), abs=1e-4)
    for number in range(3):
        alone = direction_likelihoods(pieces, ink.shape, np.array([number]))[0]
        assert alone == pytest.approx(together[number], abs=1e-3)


def test_the_network_is_two_layers_and_a_softmax() -> None:
    chance = np.random.default_rng(7)
    first, first_bias, second, second_bias = (
        chance.normal(0, 1, shape).astype(np.float32) for shape in ((256, 64), (64,), (64, 25), (25,))
    )
    rows = chance.random((4, 256), dtype=np.float32)
    hidden = np.maximum(rows @ first + first_bias, 0)
    scores = (hidden @ second + second_bias).astype(np.float64)
    expected = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    assert forward(rows, (first, first_bias, second, second_bias)) == pytest.approx(expected, rel=1e-3, abs=1e-3)


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
