"""Lumps: no text becomes one in any cell mode, on the real drawings and on texts of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from gonogo.sheets.models import PictureRequest
from gonogo.sheets.picture_modes import CELL_MODES, PictureMode
from gonogo.sheets.render import rasterizer
from gonogo.sheets.render.draw_request import OpenDrawings
from gonogo.sheets.render.text.strokes import Grey, thicken
from gonogo.sheets.render.text.text_metrics import TextMetrics
from tests.shared_material import DRAWINGS
from tests.support.lumps import text_shape

PANES = ((44, 20), (78, 13), (75, 36), (118, 25), (126, 56), (198, 40))
"""Panes of the drawing at 80×24, 120×40 and 200×60, beside the question and above it."""


class Case(NamedTuple):
    """A text on a sheet: how it is drawn there."""

    text: str
    height: int = 40
    turned: int = 0
    ink: int = 0
    paper: int = 255
    noise: float = 0.0
    pen: int = 0


CASES = [
    *(Case("4×⌀6.60 +0.40 −0.10", turned=turned) for turned in (0, 7, 30, 47, 60, 83)),
    Case("4×⌀6.60 +0.40 −0.10", 14, turned=30),
    Case("⌀16,5 +0,1", 30, ink=120, paper=180, noise=8),
    Case("⌀16,5 +0,1", 30, ink=205, paper=245, noise=2),
    Case("⌀16,5 +0,1", 30, ink=255, paper=0),
    Case("88 e8 B8 6", 18, ink=60, paper=200, noise=10, pen=1),
    Case("REMOVE ALL BURRS 0.2 MAX", 24),
    Case("Edges ISO 13715: -0,3", 18, ink=90, paper=150, noise=6),
    Case("8", 40),
    Case("R60,06", 60, pen=2),
    Case("2×R0,8", 22, turned=-35, ink=80, paper=230, noise=5),
]


def _sheet(case: Case, path: Path) -> tuple[float, float, float, float]:
    """Draws the case on a sheet of its own; returns the box of the text."""
    font = ImageFont.load_default(case.height)
    left, top, right, bottom = font.getbbox(case.text)
    word = Image.new("L", (int(right - left) + 16, int(bottom - top) + 16), 0)
    ImageDraw.Draw(word).text((8 - left, 8 - top), case.text, font=font, fill=255, stroke_width=case.pen)
    word = word.rotate(case.turned, expand=True, resample=Image.Resampling.BICUBIC)
    mask = Image.new("L", (1600, 1200), 0)
    mask.paste(word, (600, 400))
    grey = case.paper + (case.ink - case.paper) * (np.asarray(mask) / 255.0)
    grey += np.random.default_rng(11).normal(0, case.noise, grey.shape) if case.noise else 0
    Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(path)
    return 600.0, 400.0, 600.0 + word.width, 400.0 + word.height


def _real_boxes() -> list[tuple[str, tuple[float, ...]]]:
    """Every box of the real drawings, once."""
    assert DRAWINGS is not None
    lines = [json.loads(line) for line in (DRAWINGS / "predictions.jsonl").read_text().splitlines()]
    return list(dict.fromkeys((line["drawing"], tuple(line["bbox"])) for line in lines))


@pytest.mark.slow
@pytest.mark.skipif(DRAWINGS is None, reason="the real drawings are not beside this repository")
@pytest.mark.parametrize("mode", CELL_MODES)
@pytest.mark.parametrize("pane", PANES)
def test_no_text_of_the_real_drawings_becomes_a_lump(
    drawings: OpenDrawings, mode: PictureMode, pane: tuple[int, int]
) -> None:
    assert DRAWINGS is not None
    lumps = []
    for name, box in _real_boxes():
        shape = text_shape(drawings, DRAWINGS / name, name, PictureRequest(*pane, box, mode=mode))
        if shape.is_lump:
            lumps.append((name, box, shape))
    assert not lumps


@pytest.mark.slow  # all of them together; each one is quick
@pytest.mark.parametrize("mode", CELL_MODES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.text} {case.height}px {case.turned}°")
def test_no_text_of_our_own_becomes_a_lump(
    drawings: OpenDrawings, tmp_path: Path, mode: PictureMode, case: Case
) -> None:
    box = _sheet(case, tmp_path / "text.png")
    for pane in PANES:
        shape = text_shape(drawings, tmp_path / "text.png", "text", PictureRequest(*pane, box, mode=mode))
        assert not shape.is_lump, (pane, shape)


def test_the_measure_sees_a_lump(drawings: OpenDrawings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without gaps that are kept, and with a height three times too large, as slanted text once had, all are lumps."""

    def closing(fine: Grey, by: int, gap: tuple[int, int], level: int) -> Grey:
        return thicken(fine, by)

    monkeypatch.setattr(rasterizer, "widen", closing)
    monkeypatch.setattr(TextMetrics, "missing_weight", property(lambda metrics: (metrics.text_height or 0.0) / 2))
    for case in CASES[:6]:
        box = _sheet(case, tmp_path / "text.png")
        request = PictureRequest(44, 20, box)
        assert text_shape(drawings, tmp_path / "text.png", case.text + str(case.turned), request).is_lump
        drawings.forget()
