"""Ink pieces: the same as a flood fill finds, and what is a line, a frame or dirt is no letter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw

from gonogo.sheets.render.text.ink_pieces import Ink, InkPieces, find_pieces, letters_of

inks = arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 14)))


def _flooded(ink: Ink) -> list[set[tuple[int, int]]]:
    """The pieces, each as its samples (row, column); sides and corners connect."""
    left = {(int(row), int(column)) for row, column in zip(*np.nonzero(ink), strict=True)}
    pieces = []
    while left:
        piece, edge = set(), [left.pop()]
        while edge:
            row, column = edge.pop()
            piece.add((row, column))
            around = {(row + y, column + x) for y in (-1, 0, 1) for x in (-1, 0, 1)} & left
            left -= around
            edge += around
        pieces.append(piece)
    return pieces


def _samples(pieces: InkPieces, shape: tuple[int, ...]) -> list[set[tuple[int, int]]]:
    labels = pieces.labels(shape)
    return [{(int(y), int(x)) for y, x in zip(*np.nonzero(labels == n), strict=True)} for n in range(pieces.count)]


@given(inks)
def test_pieces_are_those_of_a_flood_fill(ink: Ink) -> None:
    pieces = find_pieces(ink)
    assert sorted(map(sorted, _samples(pieces, ink.shape))) == sorted(map(sorted, _flooded(ink)))
    assert np.array_equal(pieces.mask(ink.shape), ink)
    assert np.array_equal(pieces.labels(ink.shape) < 0, ~ink)


@given(inks)
def test_boxes_hold_their_piece_and_count_its_ink(ink: Ink) -> None:
    pieces = find_pieces(ink)
    boxes = pieces.boxes()
    assert boxes.dtype == np.intp
    for (left, top, right, bottom, area), samples in zip(boxes, _samples(pieces, ink.shape), strict=True):
        rows, columns = zip(*samples, strict=True)
        assert (left, top, right, bottom) == (min(columns), min(rows), max(columns) + 1, max(rows) + 1)
        assert area == len(samples)


@given(ink=inks, chosen=st.integers(0, 2**20))
def test_selected_pieces_are_numbered_anew(ink: Ink, chosen: int) -> None:
    pieces = find_pieces(ink)
    kept = np.array([bool(chosen >> n & 1) for n in range(pieces.count)], np.bool_)
    selected = pieces.select(kept)
    before = [samples for samples, stays in zip(_samples(pieces, ink.shape), kept, strict=True) if stays]
    assert _samples(selected, ink.shape) == before


@given(inks)
def test_the_outline_spans_each_row_of_ink(ink: Ink) -> None:
    points = {(float(x), float(y)) for x, y in find_pieces(ink).outline()}
    expected = set()
    for row in np.flatnonzero(ink.any(axis=1)):
        columns = np.flatnonzero(ink[row])
        expected |= {(float(x), float(y)) for x in (columns[0], columns[-1] + 1) for y in (row, row + 1)}
    assert points == expected
    assert find_pieces(np.zeros((3, 3), np.bool_)).outline().shape == (0, 2)


# --- letters ---------------------------------------------------------------------------------------------


def _drawing() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Two ring-shaped letters, 30 high, in a crop of 160 × 80."""
    image = Image.new("1", (160, 80), 0)
    pen = ImageDraw.Draw(image)
    for x in (50, 90):
        pen.rectangle((x, 25, x + 20, 54), outline=1, width=5)
    return image, pen


def _letters(image: Image.Image) -> list[tuple[int, int]]:
    """Left and top of the pieces that can be letters."""
    ink = np.asarray(image, np.bool_)
    return sorted((int(left), int(top)) for left, top, *_ in letters_of(find_pieces(ink), ink.shape).boxes())


LETTERS = [(50, 25), (90, 25)]


@pytest.mark.parametrize(
    "line",
    [(0, 70, 159, 70), (35, 0, 35, 79), (0, 20, 45, 0), (120, 79, 159, 10), (0, 5, 100, 5), (118, 2, 158, 78)],
    ids=["across", "down", "slanting up", "slanting down", "over the text", "falling, whole"],
)
def test_a_long_thin_line_is_no_letter(line: tuple[int, int, int, int]) -> None:
    image, pen = _drawing()
    pen.line(line, fill=1, width=2)
    assert _letters(image) == LETTERS


def test_a_digit_one_is_a_letter_though_it_is_a_line() -> None:
    image, pen = _drawing()
    pen.rectangle((76, 25, 77, 54), fill=1)  # as high as the others, wholly inside
    assert _letters(image) == [(50, 25), (76, 25), (90, 25)]
    tall, pen = _drawing()
    pen.rectangle((76, 6, 77, 74), fill=1)  # higher than any letter: an extension line
    assert _letters(tall) == LETTERS
    small = Image.new("1", (160, 40), 0)  # the line is as long as the letters and long for the crop, but comes in
    pen = ImageDraw.Draw(small)
    pen.rectangle((50, 0, 70, 39), outline=1, width=5)
    pen.rectangle((90, 0, 110, 39), outline=1, width=5)
    pen.rectangle((78, 0, 78, 39), fill=1)
    assert _letters(small) == [(50, 0), (90, 0)]


@pytest.mark.parametrize(
    ("place", "tops"),
    [((150, 20, 159, 24), True), ((150, 75, 154, 79), True), ((0, 40, 4, 44), True), ((60, 0, 64, 4), True)],
)
def test_a_short_piece_at_any_edge_can_be_a_letter(place: tuple[int, int, int, int], tops: bool) -> None:
    image, pen = _drawing()
    pen.rectangle(place, fill=1)
    assert ((place[0], place[1]) in _letters(image)) is tops


def test_a_frame_around_two_letters_is_none_and_a_letter_around_a_dot_stays() -> None:
    image, pen = _drawing()
    pen.rectangle((40, 15, 120, 64), outline=1, width=2)
    assert _letters(image) == LETTERS
    alone = Image.new("1", (160, 80), 0)
    pen = ImageDraw.Draw(alone)
    pen.rectangle((40, 15, 90, 64), outline=1, width=2)
    pen.rectangle((60, 35, 70, 45), fill=1)  # one piece inside: "⊙", or a letter in a circle
    assert _letters(alone) == [(40, 15), (60, 35)]
    heavy, pen = _drawing()
    pen.rectangle((40, 15, 120, 64), outline=1, width=12)  # mostly ink: no box drawn around something
    assert (40, 15) in _letters(heavy)
    narrow = Image.new("1", (160, 80), 0)  # hardly larger than what it holds: a letter with holes
    pen = ImageDraw.Draw(narrow)
    pen.rectangle((40, 15, 90, 64), outline=1, width=1)
    pen.rectangle((43, 18, 87, 58), outline=1, width=2)
    pen.rectangle((60, 35, 64, 39), fill=1)
    assert (40, 15) in _letters(narrow)


def test_dirt_is_no_letter_unless_there_is_nothing_else() -> None:
    image, pen = _drawing()
    pen.point((10, 10), fill=1)  # one sample of 12,800
    assert _letters(image) == LETTERS
    pen.rectangle((30, 50, 32, 52), fill=1)  # nine samples: a comma
    assert _letters(image) == [(30, 50), *LETTERS]
    dirt = Image.new("1", (160, 80), 0)
    ImageDraw.Draw(dirt).point([(10, 10), (100, 50)], fill=1)
    assert _letters(dirt) == [(10, 10), (100, 50)]


def test_lines_alone_are_all_there_is() -> None:
    lines = Image.new("1", (160, 80), 0)
    ImageDraw.Draw(lines).line((0, 20, 159, 20), fill=1, width=2)
    ImageDraw.Draw(lines).line((0, 60, 159, 60), fill=1, width=2)
    assert len(_letters(lines)) == 2
