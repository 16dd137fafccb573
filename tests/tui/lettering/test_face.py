"""The face of values: every sign of a value, at every height, told apart from all others."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.tui.lettering.face import Height, cells_of, draw, has_all, height_of, width_of
from gonogo.values.symbols import PALETTE

SIGNS = string.ascii_letters + string.digits + "ÄÖÜäöüß⌀±+-×/°,.:;()[]|#%&'\"=<>!?√µ²³⏤⏥○⌭⌒⌓∠⟂∥⌖◎⌯↗⌰□↧⌴⌵▽ⓂⓁⓈⓅⒻⒺⓊⓉ␣"
HEIGHTS = [height_of(rows) for rows in range(3, 13)]


def test_the_face_has_every_sign_of_a_value() -> None:
    assert has_all(SIGNS)
    assert has_all("".join(symbol.glyph for symbol in PALETTE))
    assert not has_all("16,5漢")


@pytest.mark.parametrize("height", HEIGHTS, ids=[f"{height.letter}+{height.below}" for height in HEIGHTS])
def test_no_two_signs_look_the_same(height: Height) -> None:
    shapes: dict[tuple[str, ...], str] = {}
    for sign in SIGNS:
        pixels = tuple(row.rstrip(".") for row in draw(sign, height))
        assert any(pixels), sign
        assert shapes.setdefault(pixels, sign) == sign


def ink_apart(first: str, second: str, height: Height) -> int:
    one, other = draw(first, height), draw(second, height)
    width = max(len(one[0]), len(other[0]))
    rows = zip(one, other, strict=True)
    return sum(a != b for x, y in rows for a, b in zip(x.ljust(width, "."), y.ljust(width, "."), strict=True))


@pytest.mark.parametrize(
    "pair", ["HN", "68", "8B", "5S", "0O", "O⌀", "0⌀", "0D", "36", "38", "17", "DO", "69", "56", "08"]
)
def test_signs_that_a_tolerance_hangs_on_differ_by_more_than_one_pixel(pair: str) -> None:
    for height in HEIGHTS:
        assert ink_apart(pair[0], pair[1], height) >= 2, height


@pytest.mark.parametrize("height", HEIGHTS, ids=str)
def test_a_comma_has_a_tail_and_a_point_has_none(height: Height) -> None:
    comma, point = draw(",", height), draw(".", height)
    ink = [sum(row.count("#") for row in pixels) for pixels in (comma, point)]
    assert ink[0] > ink[1] > 1
    rows = [max(at for at, row in enumerate(pixels) if "#" in row) for pixels in (comma, point)]
    assert rows[0] > rows[1] if height.below else comma[5] != point[5], "a tail below the base line, or to the left"


@given(st.text(alphabet=SIGNS + " ", min_size=1, max_size=12), st.integers(3, 12))
def test_text_is_as_wide_and_as_high_as_it_is_measured(text: str, rows: int) -> None:
    pixels = draw(text, height_of(rows))
    assert len(pixels) == 2 * rows
    assert {len(row) for row in pixels} == {width_of(text, height_of(rows))}
    drawn = cells_of(pixels)
    assert len(drawn) == rows
    assert {len(row) for row in drawn} == {(width_of(text, height_of(rows)) + 1) // 2}
