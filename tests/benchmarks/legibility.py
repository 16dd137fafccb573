"""How much of a marked text can be read from the cells that the annotate screen shows.

`python -m tests.benchmarks.legibility [--boxes N] [--sizes 80x24,120x40] [--modes quadrant,octant] [--worst FOLDER]`

All boxes of the shared drawings (where they lie beside this repository) and of generated sheets are shown by the real
application at each size; the cells are painted as blocks, as a terminal paints them; the box is read by tesseract (as
one line and as a block) and by rapidocr. "Full resolution" is the same box without cells, turned by hand. A value
counts when any reader reads all of it. Intervals are bootstrapped over drawings.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.models import Level, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.draw_request import OpenDrawings, choose_view, draw_picture
from tests.benchmarks.legibility_views import (
    MarkedText,
    ShownText,
    cells_as_pixels,
    full_resolution,
    shared_texts,
    shown_by_the_app,
    unseen_texts,
)
from tests.shared_material import DRAWINGS
from tests.support.lumps import text_shape
from tests.support.ocr_readers import Pixels, Reader, Reading, available_readers, best_reading
from tests.support.unseen_sheets import unseen_sheets

MODES = (PictureMode.QUADRANT, PictureMode.SEXTANT, PictureMode.OCTANT, PictureMode.BRAILLE)
SIZES = ((80, 24), (120, 40), (200, 60))
SEEDS = range(1000, 1006)
LEAST = {PictureMode.QUADRANT: 0.9, PictureMode.SEXTANT: 0.95, PictureMode.OCTANT: 0.95}
SUBPIXELS, SUBPIXELS_SHARE = 8, 0.95
WRONG_TURNS, TURN_SLACK, UPSIDE_DOWN = 0.01, 10, 120
CELLS_MS = 5.0
_RESAMPLES = 500
_TIMED = 40


@dataclass(frozen=True, slots=True)
class Judged:
    """A shown text with its readings from cells and at full resolution."""

    shown: ShownText
    cells: Reading
    full: Reading
    is_lump: bool


def run(
    boxes: int | None = 60,
    sizes: Sequence[tuple[int, int]] = SIZES,
    modes: Sequence[PictureMode] = MODES,
    worst: Path | None = None,
) -> dict[str, Any]:
    """Figures a set, size and mode, and for each promise whether it was met. `boxes` limits each set; `None` is all."""
    readers = available_readers()
    if not readers:
        return {"skipped": "neither tesseract nor rapidocr-onnxruntime is installed"}
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, drawings = Path(name), OpenDrawings(DrawingLimits())
        sets = {"unseen": unseen_texts(unseen_sheets(SEEDS), folder)}
        if DRAWINGS is not None:
            sets = {"shared": shared_texts(DRAWINGS), **sets}
        for label, texts in sets.items():
            sample = _sample(texts, boxes)
            full: dict[str, Reading] = {}
            for columns, lines in sizes:
                for mode in modes:
                    home = folder / f"{label}-{columns}-{mode.value}"
                    shown = asyncio.run(shown_by_the_app(sample, (columns, lines), mode, drawings, home))
                    judged = _judge(shown, readers, full, drawings)
                    key = f"{label}, {columns}×{lines}, {mode.value}"
                    rows[key] = _figures(judged)
                    print(key, json.dumps(rows[key], ensure_ascii=False), file=sys.stderr, flush=True)
                    if worst is not None:
                        _write_worst(judged, worst, key)
        cells = _crop_to_cells(sets["unseen"])
    return {"readers": sorted(readers), "met": _met(rows, cells), "rows": rows, "crop to cells 100×40, ms": cells}


def _sample(texts: list[MarkedText], most: int | None) -> list[MarkedText]:
    if most is None or most >= len(texts):
        return texts
    kept = sorted(random.Random(1).sample(range(len(texts)), most))
    return [texts[number] for number in kept]


def _judge(
    shown: list[ShownText], readers: dict[str, Reader], full: dict[str, Reading], drawings: OpenDrawings
) -> list[Judged]:
    whole = [full_resolution(item) for item in shown]
    cells = [cells_as_pixels(item) for item in shown]
    if missing := [number for number, item in enumerate(shown) if item.text.name not in full]:
        read = _read([shown[number] for number in missing], [whole[number] for number in missing], readers)
        full.update({shown[number].text.name: reading for number, reading in zip(missing, read, strict=True)})
    return [
        Judged(item, reading, full[item.text.name], _is_lump(item, drawings))
        for item, reading in zip(shown, _read(shown, cells, readers), strict=True)
    ]


def _read(shown: list[ShownText], pictures: list[list[Pixels]], readers: dict[str, Reader]) -> list[Reading]:
    """Returns the best reading of each text by any reader at any size."""
    texts: list[list[str]] = [[] for _ in shown]
    for several in (False, True):
        chosen = [number for number, item in enumerate(shown) if (len(item.text.parts) > 1) == several]
        for name, reader in readers.items():
            if several and name == "tesseract 7":
                continue
            for size in range(len(pictures[0]) if pictures else 0):
                read = reader([pictures[number][size] for number in chosen], lines=several)
                for number, text in zip(chosen, read, strict=True):
                    texts[number].append(text)
    return [best_reading(item.text.parts, seen) for item, seen in zip(shown, texts, strict=True)]


def _is_lump(shown: ShownText, drawings: OpenDrawings) -> bool:
    path = shown.text.path
    return text_shape(drawings, path, str(path), shown.request).is_lump


def _figures(judged: list[Judged]) -> dict[str, Any]:
    turned = [item.shown for item in judged]
    high = [item.subpixels for item in turned if item.subpixels is not None]
    unsure = sum(not item.picture.angle_is_sure for item in turned)
    wrong = sum(item.picture.angle_is_sure and abs(item.turn_error) > TURN_SLACK for item in turned)
    upside = [item.text.name for item in turned if abs(item.turn_error) >= UPSIDE_DOWN]
    return {
        "boxes": len(judged),
        "values": round(float(np.mean([item.cells.is_whole for item in judged])), 3),
        "values at full resolution": round(float(np.mean([item.full.is_whole for item in judged])), 3),
        "values ratio": _ratio([(item, item.cells.is_whole, item.full.is_whole) for item in judged]),
        "characters": round(float(np.mean([item.cells.characters for item in judged])), 3),
        "characters ratio": _ratio([(item, item.cells.characters, item.full.characters) for item in judged]),
        "below half of full": [item.shown.text.name for item in judged if _below_half(item)],
        f"share with ≥ {SUBPIXELS} sub-pixels": round(float(np.mean(np.array(high) >= SUBPIXELS)), 3) if high else None,
        f"below {SUBPIXELS} sub-pixels": {
            item.text.name: round(item.subpixels, 1)
            for item in turned
            if item.subpixels is not None and item.subpixels < SUBPIXELS
        },
        "lumps": [item.shown.text.name for item in judged if item.is_lump],
        "wrong turns": round(wrong / len(judged), 4),
        "unsure": round(unsure / len(judged), 4),
        "upside down": upside,
    }


def _below_half(item: Judged) -> bool:
    return item.cells.characters < 0.5 * item.full.characters


def _ratio(rows: list[tuple[Judged, float, float]]) -> dict[str, float]:
    """Returns the ratio of sums with its 95 % interval, drawings resampled."""
    by_drawing: dict[Path, list[tuple[float, float]]] = {}
    for item, cells, full in rows:
        by_drawing.setdefault(item.shown.text.path, []).append((float(cells), float(full)))
    sums = np.array([np.sum(pairs, axis=0) for pairs in by_drawing.values()])
    chance = np.random.default_rng(1)
    drawn = sums[chance.integers(0, len(sums), (_RESAMPLES, len(sums)))].sum(axis=1)
    ratios = drawn[:, 0] / np.maximum(drawn[:, 1], 1e-9)
    total = sums.sum(axis=0)
    low, high = np.percentile(ratios, (2.5, 97.5))
    return {
        "ratio": round(float(total[0] / max(total[1], 1e-9)), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
    }


def _met(rows: dict[str, Any], cells: dict[str, float]) -> dict[str, bool]:
    met = {f"crop to cells ≤ {CELLS_MS:g} ms": max(v for k, v in cells.items() if "measuring" not in k) <= CELLS_MS}
    for key, row in rows.items():
        mode = PictureMode(key.rpartition(", ")[2])
        if mode in LEAST and "200×60" not in key:
            met[f"{key}: characters ≥ {LEAST[mode]} of full"] = row["characters ratio"]["ratio"] >= LEAST[mode]
        if mode is PictureMode.QUADRANT and "80×24" in key:
            share = row[f"share with ≥ {SUBPIXELS} sub-pixels"]
            met[f"{key}: sub-pixels"] = share is not None and share >= SUBPIXELS_SHARE
        met[f"{key}: no lump, none upside down"] = not row["lumps"] and not row["upside down"]
        met[f"{key}: wrong turns"] = row["wrong turns"] <= WRONG_TURNS
    return met


def _crop_to_cells(texts: list[MarkedText]) -> dict[str, float]:
    """Median milliseconds of processor time from an open page to 100×40 cells, turning included; and to measure."""
    out = {}
    upright, slanted = [t for t in texts if t.angle == 0], [t for t in texts if t.angle % 90]
    for label, chosen in (("upright", upright), ("slanted", slanted)):
        measured: list[float] = []
        for mode in MODES[:3]:
            drawings, taken = OpenDrawings(DrawingLimits()), []
            for text in chosen[:_TIMED]:
                request = PictureRequest(100, 40, text.bbox, mode=mode)
                draw_picture(drawings, text.path, str(text.path), replace(request, level=Level.SHEET))
                begun = time.process_time()
                choose_view(drawings, text.path, str(text.path), request)
                measured.append(time.process_time() - begun)
                begun = time.process_time()
                draw_picture(drawings, text.path, str(text.path), request)
                taken.append(time.process_time() - begun)
            out[f"{mode.value}, {label}"] = round(1000 * float(np.median(taken)), 2)
        out[f"measuring, {label}"] = round(1000 * float(np.median(measured)), 2)
    return out


def _write_worst(judged: list[Judged], folder: Path, key: str, most: int = 12) -> None:
    """Writes pictures of the texts that lose most against full resolution: cells above, full resolution below."""
    folder.mkdir(parents=True, exist_ok=True)
    for item in sorted(judged, key=lambda item: item.cells.characters - item.full.characters)[:most]:
        if item.cells.characters >= item.full.characters:
            continue
        pair = cells_as_pixels(item.shown)[-1], full_resolution(item.shown)[-1]
        sheet = Image.new("L", (max(p.shape[1] for p in pair), sum(p.shape[0] for p in pair)), 200)
        sheet.paste(Image.fromarray(pair[0]), (0, 0))
        sheet.paste(Image.fromarray(pair[1]), (0, pair[0].shape[0]))
        sheet.save(folder / f"{key} {item.shown.text.name} {item.cells.characters:.2f}.png".replace(", ", "-"))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="What can be read from the cells.")
    parser.add_argument("--boxes", type=int, help="at most so many boxes of each set")
    parser.add_argument("--sizes", default=",".join(f"{columns}x{rows}" for columns, rows in SIZES))
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--worst", type=Path, help="folder for pictures of the texts that lose most")
    chosen = parser.parse_args(arguments)
    sizes = [
        (int(columns), int(rows)) for columns, _, rows in (size.partition("x") for size in chosen.sizes.split(","))
    ]
    modes = [PictureMode(mode) for mode in chosen.modes.split(",")]
    print(json.dumps(run(chosen.boxes, sizes, modes, chosen.worst), indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
