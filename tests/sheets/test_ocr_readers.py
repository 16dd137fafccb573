"""OCR readers of the legibility benchmark: which readings count as right."""

from __future__ import annotations

import pytest

from tests.support.ocr_readers import best_reading


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("16,5",), "16,5"),
        (("⌀16,5",), "016,5"),
        (("⌀16,5",), "16.5\n"),
        (("2x⌀4.80", "+0.1", "0"), "+0.1\n2xØ4.80\n0"),
        (("M8",), "m8"),
        (("150",), "I5O"),
    ],
)
def test_a_right_reading_counts_whatever_the_reader_makes_of_signs(parts: tuple[str, ...], text: str) -> None:
    assert best_reading(parts, ["", text]).is_whole


@pytest.mark.parametrize(("parts", "text"), [(("16,5",), "16,6"), (("20",), "120"), (("⌀16",), "1016"), (("45°",), "")])
def test_a_wrong_digit_does_not_count(parts: tuple[str, ...], text: str) -> None:
    reading = best_reading(parts, [text])
    assert not reading.is_whole
    assert reading.characters < 1
