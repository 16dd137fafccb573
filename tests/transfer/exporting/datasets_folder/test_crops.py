"""Crops of rows whose boxes a plain server made."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gonogo.sheets.drawing_service import DrawingService
from gonogo.transfer.exporting.datasets_folder.crops import CropMaker


@pytest.mark.parametrize("box", [[0.1, 0.2, 0.3, 0.2], [0.1, 0.2, 0.1, 0.2], [30, 20, 10, 40], [0.1, 0.2, 1e400, 0.3]])
async def test_a_box_without_an_area_is_a_row_without_an_image(tmp_path: Path, box: list[float]) -> None:
    Image.new("L", (60, 40), 255).save(tmp_path / "a.png")
    drawings = DrawingService(tmp_path / "cache", folders=(tmp_path,))
    try:
        crops = CropMaker(drawings)
        assert await crops.crop({"drawing": "a.png", "drawing_bbox": box}) is None
    finally:
        await drawings.aclose()
    assert crops.missing == {"Their boxes have no area.": 1}
