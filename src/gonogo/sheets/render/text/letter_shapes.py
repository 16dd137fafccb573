"""Letter shapes: tells from the shape of a piece of ink how far the letter is turned. Pure numpy; child process only.

A perceptron of one hidden layer looks at the piece, scaled to 16 × 16, and returns the likelihood of 24 directions and
of "no letter". A letter that looks the same upside down gets two directions of equal likelihood, so that adding up the
letters of a text lets the others decide. Trained on fonts by `tests/support/letter_shapes_training.py`; the weights lie
beside this file, as bytes with a scale for each array.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from gonogo.sheets.render.text.ink_pieces import InkPieces

SIDE, DIRECTIONS, HIDDEN = 16, 24, 64
STEP = 360 // DIRECTIONS
WEIGHTS = "letter_shapes.bin"
_FINE = 3  # samples across each of the squares that a piece is scaled to
_SHAPES = ((SIDE * SIDE, HIDDEN), (HIDDEN,), (HIDDEN, DIRECTIONS + 1), (DIRECTIONS + 1,))

Floats = NDArray[np.float32]
Weights = tuple[Floats, ...]


def direction_likelihoods(pieces: InkPieces, shape: tuple[int, ...], chosen: NDArray[np.intp]) -> Floats:
    """Returns the logarithms of the likelihoods, one row for each of the `chosen` pieces.

    Column `n` is "written at `15 n` degrees counter-clockwise"; the last column is "no letter".
    """
    return forward(patches(pieces, shape, chosen).reshape(-1, SIDE * SIDE), _weights())


def patches(pieces: InkPieces, shape: tuple[int, ...], chosen: NDArray[np.intp]) -> Floats:
    """Returns the chosen pieces, each alone, its longer side scaled to 16; 1 is ink. Shape (pieces, 16, 16)."""
    left, top, right, bottom = pieces.boxes()[chosen, :4].T.astype(np.float64)
    longer = np.maximum(right - left, bottom - top)[:, None]
    samples = SIDE * _FINE
    places = (np.arange(samples) + 0.5) / samples - 0.5
    x = np.floor((left + right)[:, None] / 2 + longer * places).astype(np.intp)
    y = np.floor((top + bottom)[:, None] / 2 + longer * places).astype(np.intp)
    labels = np.pad(pieces.labels(shape), 1, constant_values=-1)
    x, y = np.clip(x + 1, 0, shape[1] + 1), np.clip(y + 1, 0, shape[0] + 1)
    inked = labels[y[:, :, None], x[:, None, :]] == chosen[:, None, None]
    share: Floats = inked.reshape(-1, SIDE, _FINE, SIDE, _FINE).mean(axis=(2, 4), dtype=np.float32)
    return share


def forward(rows: Floats, weights: Weights) -> Floats:
    """Returns the log likelihoods of pieces, one a row of 256 shares of ink."""
    first, first_bias, second, second_bias = weights
    scores = np.maximum(rows @ first + first_bias, 0) @ second + second_bias
    scores -= scores.max(axis=1, keepdims=True)
    likelihoods: Floats = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return likelihoods


@cache
def _weights() -> Weights:
    return unpack(files(__package__).joinpath(WEIGHTS).read_bytes())


def pack(weights: Weights) -> bytes:
    """Returns the arrays as signed bytes, each behind its scale."""
    parts = []
    for array in weights:
        scale = np.float32(np.abs(array).max() / 127)
        parts.append(scale.tobytes() + np.rint(array / scale).astype(np.int8).tobytes())
    return b"".join(parts)


def unpack(data: bytes) -> Weights:
    """Inverts `pack`."""
    arrays, at = [], 0
    for shape in _SHAPES:
        size = int(np.prod(shape))
        scale = np.frombuffer(data, np.float32, 1, at)[0]
        arrays.append(np.frombuffer(data, np.int8, size, at + 4).reshape(shape).astype(np.float32) * scale)
        at += 4 + size
    return tuple(arrays)
