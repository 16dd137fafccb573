"""Picture modes: the table, and its glyphs against the names in Unicode."""

from __future__ import annotations

import unicodedata

import pytest

from gonogo.desk.core import settings
from gonogo.sheets.models import CellGrid
from gonogo.sheets.picture_modes import CELL_MODES, PICTURE_MODES, PIXEL_MODES, PictureMode, glyphs_of, subpixels_of
from gonogo.tui.widgets.drawing.picture_painter import Inks, Painter


@pytest.mark.parametrize("mode", CELL_MODES)
def test_every_pattern_has_its_own_character(mode: PictureMode) -> None:
    across, down = subpixels_of(mode)
    assert len(glyphs_of(mode)) == 2 ** (across * down) == len(set(glyphs_of(mode)))


def test_sextants_are_named_after_their_patterns() -> None:
    for pattern, char in enumerate(glyphs_of(PictureMode.SEXTANT)):
        name = unicodedata.name(char)
        if name.startswith("BLOCK SEXTANT-"):
            assert pattern == sum(1 << int(digit) - 1 for digit in name.removeprefix("BLOCK SEXTANT-"))
        else:
            assert {0: "SPACE", 21: "LEFT HALF BLOCK", 42: "RIGHT HALF BLOCK", 63: "FULL BLOCK"}[pattern] == name


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        # Unicode 16, chart U1CC00: BLOCK OCTANT-<parts>
        ("3", 0x1CD00), ("23", 0x1CD01), ("123", 0x1CD02), ("4", 0x1CD03), ("14", 0x1CD04), ("124", 0x1CD05),
        ("34", 0x1CD06), ("134", 0x1CD07), ("234", 0x1CD08), ("5", 0x1CD09), ("15", 0x1CD0A), ("25", 0x1CD0B),
        ("125", 0x1CD0C), ("135", 0x1CD0D), ("235", 0x1CD0E), ("1235", 0x1CD0F), ("45", 0x1CD10), ("145", 0x1CD11),
        ("245", 0x1CD12), ("1245", 0x1CD13), ("345", 0x1CD14), ("1345", 0x1CD15), ("2345", 0x1CD16),
        ("2345678", 0x1CDE5), ("1345678", 0x1CDE4),
        # the 26 that are older or were encoded apart
        ("", 0x20), ("1", 0x1CEA8), ("2", 0x1CEAB), ("12", 0x1FB82), ("13", 0x2598), ("24", 0x259D), ("1234", 0x2580),
        ("35", 0x1FBE6), ("46", 0x1FBE7), ("123456", 0x1FB85), ("7", 0x1CEA3), ("57", 0x2596), ("1357", 0x258C),
        ("2457", 0x259E), ("123457", 0x259B), ("8", 0x1CEA0), ("68", 0x2597), ("1368", 0x259A), ("2468", 0x2590),
        ("123468", 0x259C), ("78", 0x2582), ("5678", 0x2584), ("135678", 0x2599), ("245678", 0x259F),
        ("345678", 0x2586), ("12345678", 0x2588),
    ],
)  # fmt: skip
def test_octants(parts: str, code: int) -> None:
    assert glyphs_of(PictureMode.OCTANT)[sum(1 << int(digit) - 1 for digit in parts)] == chr(code)


def test_the_octant_block_is_used_wholly_and_in_order() -> None:
    own = [ord(char) for char in glyphs_of(PictureMode.OCTANT) if 0x1CD00 <= ord(char) <= 0x1CDE5]
    assert own == list(range(0x1CD00, 0x1CDE6))


def test_braille_dots_are_named_after_their_places() -> None:
    place = {"1": 0, "4": 1, "2": 2, "5": 3, "3": 4, "6": 5, "7": 6, "8": 7}
    for pattern, char in enumerate(glyphs_of(PictureMode.BRAILLE)):
        dots = unicodedata.name(char).removeprefix("BRAILLE PATTERN ").removeprefix("DOTS-").replace("BLANK", "")
        assert pattern == sum(1 << place[dot] for dot in dots)


def test_quadrants_and_halves() -> None:
    assert glyphs_of(PictureMode.QUADRANT) == " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
    assert glyphs_of(PictureMode.HALF) == " ▀▄█"


def test_each_mode_has_a_row_and_the_key_goes_from_fine_cells_to_pixels() -> None:
    assert set(PICTURE_MODES) == set(PictureMode)
    assert [*CELL_MODES, *PIXEL_MODES] == ["octant", "sextant", "quadrant", "half", "braille", "kitty", "sixel"]


def test_settings_take_every_mode() -> None:
    assert set(PictureMode) | {"auto", "none"} == set(settings.PICTURE_MODES)


def test_the_painter_shows_the_glyphs_of_every_mode() -> None:
    text = "".join(glyphs_of(mode) for mode in CELL_MODES)
    grid = CellGrid(len(text), 1, PictureMode.QUADRANT, (text,), b"", b"", b"")
    (segments,) = Painter(Inks("#ffffff", "#000000", "#ff0000", "#888888")).paint(grid)
    assert "".join(segment.text for segment in segments) == text


def test_a_character_that_terminals_draw_wrongly_has_one_around_it_that_they_draw() -> None:
    for mode in CELL_MODES:
        misdrawn = PICTURE_MODES[mode].misdrawn
        for pattern, around in misdrawn.items():
            assert pattern & around == pattern
            assert around not in misdrawn
            assert len(glyphs_of(mode)) - 1 - pattern not in misdrawn
