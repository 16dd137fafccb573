"""Training of `sheets.render.letter_shapes`: draws letters at random angles, fits the perceptron, writes the weights.

`python -m tests.support.letter_shapes_training [--letters N] [--steps N] [--write]`

Needs fonts in `/usr/share/fonts` (DejaVu, URW, Noto) and, for plotter strokes, the package `hershey-fonts`; the tests
draw with other letters. Without `--write` it only reports how well new weights would do.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from gonogo.sheets.render.text import letter_shapes
from gonogo.sheets.render.text.ink_pieces import find_pieces
from gonogo.sheets.render.text.letter_shapes import DIRECTIONS, HIDDEN, SIDE, STEP, WEIGHTS, pack, patches

Floats = NDArray[np.float32]
_FOLDERS = ("truetype/dejavu", "truetype/noto", "truetype/droid", "opentype/urw-base35")
_NOT = ("Symbol", "D050", "Emoji", "Z003", "Serif", "Bookman", "P052", "C059", "Fallback", "CJK")
_LETTERS = "0123456789" * 8 + "RMHxXABCDEFGhØØØ" * 2 + "ABCDEFGHIJKLMNOPRSTUVWXYZ" + "abdefghkmnprst" + "+-±°°/"
_MARGIN = 16
_BATCH, _RATE, _DECAY = 512, 2e-3, 1e-4
_HELD_BACK = 6000


@cache
def _fonts() -> list[str]:
    folders = [Path("/usr/share/fonts") / name for name in _FOLDERS]
    paths = sorted(str(path) for folder in folders for path in folder.glob("*.[ot]tf"))
    return [path for path in paths if not any(word in path for word in _NOT)]


@cache
def _font(path: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, 56)


@cache
def _plotter(name: str) -> Any:
    # Optional, see above.
    from HersheyFonts import HersheyFonts  # type: ignore[import-untyped,import-not-found,unused-ignore]

    font = HersheyFonts()
    font.load_default_font(name)
    return font


def _plotted(text: str, chance: random.Random) -> Image.Image | None:
    font = _plotter(chance.choice(("futural", "futural", "rowmans", "futuram")))
    lines = list(font.lines_for_text(text.replace("±", "+").replace("°", "0").replace("Ø", "0")))
    if not lines:
        return None
    points = np.array(lines, np.float64).reshape(-1, 2)
    scale = np.array([44 / 21 * chance.uniform(0.6, 1.15), 44 / 21])
    points = (points - points.min(axis=0)) * scale + _MARGIN
    width, height = (int(side) + _MARGIN for side in points.max(axis=0))
    image = Image.new("L", (width, height), 255)
    pen, weight = ImageDraw.Draw(image), chance.choice((1, 2, 2, 3, 4, 5, 6, 8))
    for start, end in points.reshape(-1, 2, 2).tolist():
        pen.line((*start, *end), fill=0, width=weight)
        for x, y in (start, end):
            pen.ellipse((x - weight / 2, y - weight / 2, x + weight / 2, y + weight / 2), fill=0)
    if chance.random() < 0.15:  # a diameter sign
        x, y = width / 2, height / 2
        pen.line((x - 14, y + 24, x + 14, y - 24), fill=0, width=weight)
    return image


def _typed(text: str, chance: random.Random) -> Image.Image | None:
    font = _font(chance.choice(_fonts()))
    left, top, right, bottom = (int(side) for side in font.getbbox(text))
    if right <= left or bottom <= top:
        return None
    image = Image.new("L", (right - left + 2 * _MARGIN, bottom - top + 2 * _MARGIN), 255)
    ImageDraw.Draw(image).text((_MARGIN - left, _MARGIN - top), text, font=font, fill=0)
    weight = chance.random()
    if weight < 0.5:
        image = image.filter(ImageFilter.MinFilter(3) if weight < 0.25 else ImageFilter.MaxFilter(3))
    if chance.random() < 0.5:
        image = image.resize((max(8, int(image.width * chance.uniform(0.7, 1.1))), image.height))
    return image


def _letter(chance: random.Random) -> Image.Image:
    """A letter, sometimes two that may touch, sometimes slanted as italics."""
    image = None
    while image is None:
        text = chance.choice(_LETTERS) + (chance.choice("0123456789") if chance.random() < 0.06 else "")
        image = _plotted(text, chance) if chance.random() < 0.45 else _typed(text, chance)
    if chance.random() < 0.25:
        slant = chance.uniform(-0.05, 0.27)
        size = (image.width + int(abs(slant) * image.height) + 4, image.height)
        matrix = (1, slant, -max(0.0, slant) * image.height, 0, 1, 0)
        image = image.transform(size, Image.Transform.AFFINE, matrix, fillcolor=255)
    return image


def _no_letter(chance: random.Random) -> Image.Image:
    """A piece of a drawing: a line, an arc, an arrow head, a corner, a crossing, a sign, a scrawl."""
    image = Image.new("L", (90, 90), 255)
    pen, weight = ImageDraw.Draw(image), chance.choice((1, 2, 3, 4, 6))

    def place() -> tuple[float, float]:
        return chance.uniform(5, 85), chance.uniform(5, 85)

    kind = chance.randrange(6)
    if kind == 0:
        start = chance.uniform(0, 360)
        low, high = chance.uniform(-40, 20), chance.uniform(50, 130)
        pen.arc((low, low, high, high), start, start + chance.uniform(20, 120), fill=0, width=weight)
    elif kind == 1:
        length = chance.uniform(20, 60)
        half = length * chance.uniform(0.08, 0.25)
        pen.polygon([(45 - length / 2, 45), (45 + length / 2, 45 - half), (45 + length / 2, 45 + half)], fill=0)
        if chance.random() < 0.5:
            pen.line((45, 45, 89, 45), fill=0, width=weight)
    elif kind == 2:
        x, y = chance.uniform(20, 70), chance.uniform(20, 70)
        pen.line((x, 5, x, 85), fill=0, width=weight)
        pen.line((5, y, 85, y), fill=0, width=weight)
    elif kind == 3:
        reach = chance.uniform(10, 35)
        pen.ellipse((45 - reach, 45 - reach, 45 + reach, 45 + reach), outline=0, width=weight)
        pen.line((45 - 1.4 * reach, 45, 45 + 1.4 * reach, 45), fill=0, width=weight)
        pen.line((45, 45 - 1.4 * reach, 45, 45 + 1.4 * reach), fill=0, width=weight)
    else:
        corner = place()
        for _ in range(kind - 3):
            pen.line((*corner, *place()), fill=0, width=weight)
    return image


def _sample(chance: random.Random, noise: np.random.Generator) -> tuple[Floats, Floats] | None:
    """A piece of ink as the measurement sees it, and the likelihoods wanted for it."""
    is_letter = chance.random() > 0.1
    image = _letter(chance) if is_letter else _no_letter(chance)
    angle = (
        chance.uniform(0, 360) if chance.random() < 0.8 else chance.choice((0, 90, 180, 270)) + chance.uniform(-3, 3)
    )
    image = image.rotate(angle, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    scale = chance.uniform(0.2, 1.0)
    image = image.resize((max(6, int(image.width * scale)), max(6, int(image.height * scale))), Image.Resampling.BOX)
    if scale < 0.5:
        larger = chance.uniform(1, 3)
        image = image.resize((int(image.width * larger), int(image.height * larger)), Image.Resampling.BICUBIC)
    grey = np.asarray(image, np.float32)
    if chance.random() < 0.3:
        grey = grey + noise.normal(0, chance.uniform(0, 35), grey.shape).astype(np.float32)
    ink = grey < chance.uniform(95, 165)
    if is_letter and chance.random() < 0.06:  # cut by the box
        kept = chance.uniform(0.6, 0.85)
        ink = ink[: int(ink.shape[0] * kept)] if chance.random() < 0.5 else ink[:, : int(ink.shape[1] * kept)]
    if ink.sum() < 8:
        return None
    pieces = find_pieces(ink)
    patch = patches(pieces, ink.shape, np.argsort(-pieces.boxes()[:, 4])[:1])[0]
    wanted = np.zeros(DIRECTIONS + 1, np.float32)
    if is_letter:
        below, part = divmod(angle / STEP % DIRECTIONS, 1)
        wanted[int(below)] += 1 - part
        wanted[(int(below) + 1) % DIRECTIONS] += part
    else:
        wanted[DIRECTIONS] = 1
    return patch.ravel(), wanted


def _samples(count: int, seed: int = 11) -> tuple[Floats, Floats]:
    chance, noise = random.Random(seed), np.random.default_rng(seed)
    rows, wanted = np.empty((count, SIDE * SIDE), np.float32), np.empty((count, DIRECTIONS + 1), np.float32)
    at = 0
    while at < count:
        if (sample := _sample(chance, noise)) is not None:
            rows[at], wanted[at] = sample
            at += 1
    return rows, wanted


def train(rows: Floats, wanted: Floats, steps: int) -> letter_shapes.Weights:
    """Fits the weights by Adam (Kingma and Ba 2015) with a falling rate, on the cross entropy."""
    draw = np.random.default_rng(0)
    weights = [
        draw.normal(0, (2 / SIDE**2) ** 0.5, (SIDE * SIDE, HIDDEN)).astype(np.float32),
        np.zeros(HIDDEN, np.float32),
        draw.normal(0, (1 / HIDDEN) ** 0.5, (HIDDEN, DIRECTIONS + 1)).astype(np.float32),
        np.zeros(DIRECTIONS + 1, np.float32),
    ]
    means, squares = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    for step in range(1, steps + 1):
        batch = draw.integers(0, len(rows), _BATCH)
        slopes = _slopes(rows[batch], wanted[batch], weights)
        rate = _RATE * (1 - step / steps) + 1e-5
        for weight, mean, square, slope in zip(weights, means, squares, slopes, strict=True):
            mean += 0.1 * (slope - mean)
            square += 0.001 * (slope * slope - square)
            move = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
            weight -= rate * (move + (_DECAY * weight if weight.ndim == 2 else 0))
    return tuple(weights)


def _slopes(rows: Floats, wanted: Floats, weights: list[Floats]) -> list[Floats]:
    first, first_bias, second, second_bias = weights
    hidden = np.maximum(rows @ first + first_bias, 0)
    scores = np.exp(hidden @ second + second_bias)
    error = (scores / scores.sum(axis=1, keepdims=True) - wanted) / len(rows)
    back = error @ second.T
    back[hidden <= 0] = 0
    return [rows.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Trains the weights of the letter shapes.")
    parser.add_argument("--letters", type=int, default=300_000)
    parser.add_argument("--steps", type=int, default=30_000)
    parser.add_argument("--write", action="store_true", help="replace the weights of the package")
    chosen = parser.parse_args(arguments)
    rows, wanted = _samples(chosen.letters)
    weights = train(rows[:-_HELD_BACK], wanted[:-_HELD_BACK], chosen.steps)
    seen = letter_shapes.forward(rows[-_HELD_BACK:], letter_shapes.unpack(pack(weights)))
    letters = wanted[-_HELD_BACK:, -1] == 0
    best, true = seen[letters, :-1].argmax(axis=1), wanted[-_HELD_BACK:][letters, :-1].argmax(axis=1)
    off = np.abs((best - true + DIRECTIONS // 2) % DIRECTIONS - DIRECTIONS // 2)
    print(f"cross entropy {-(wanted[-_HELD_BACK:] * seen).sum(axis=1).mean():.3f}")
    print(f"within {STEP}°: {(off <= 1).mean():.3f}, on its head: {(off >= DIRECTIONS // 2 - 1).mean():.3f}")
    if chosen.write:
        (Path(letter_shapes.__file__).parent / WEIGHTS).write_bytes(pack(weights))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
