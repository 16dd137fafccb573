"""Views of the legibility benchmark: marked texts, and the pictures that the annotate screen shows of them.

The real application runs at each size of a terminal on a list of tasks; its requests and its panel are its own. Only
the session is a list, and pictures are drawn in this process by the child's own code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image, ImageDraw

from gonogo.desk.core.models import DeskTask
from gonogo.desk.core.settings import Settings
from gonogo.sheets.drawing_limits import CannotShowError
from gonogo.sheets.models import NoPicture, Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode, subpixels_of
from gonogo.sheets.render.crop import CropView, Rect, turned_rect, turned_size
from gonogo.sheets.render.draw_request import ChosenView, OpenDrawings, choose_view, draw_picture, in_strips
from gonogo.sheets.render.mosaic import to_grey
from gonogo.sheets.render.rasterizer import fit_contrast, render_view
from gonogo.sheets.render.text.long_text_strips import Strip
from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.widgets.task.task_pane import AHEAD_SECONDS
from tests.support.ocr_readers import Pixels, padded
from tests.support.unseen_sheets import UnseenSheet
from tests.tui.fake_services import Clock, FakeAnnotateSession, fake_app, task
from tests.tui.screen_text import press, settle

CELL = (10, 20)  # pixels of a cell in the pictures that are read
TEXT_PIXELS = (40, 80)  # heights of characters at which readers read best
_FULL_MOST = 3000

# Directions of text that a person saw on the shared drawings, in degrees counter-clockwise; the rest reads upright.
SHARED_ANGLES = {
    "halter-02": 90, "BM_part-06": 90, "BM_part-07": 90, "BM_part-15": 90, "BM_part-16": 90, "BM_part-27": 90,
    "BM_part-19": 45, "LIU0010-07": 90, "LIU0010-10": 90, "LIU0010-15": 90, "LIU0010-16": -74, "Adapterplatte-06": 90,
    "Adapterplatte-07": 90, "Adapterplatte-08": 90, "Adapterplatte-09": 90, "Adapterplatte-10": 90,
    "Adapterplatte-12": 45,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MarkedText:
    """Marked text of a drawing: its parts as drawn, its box, and its direction in degrees counter-clockwise.

    `smallest` is the height of its smallest characters in page units, where that is known.
    """

    name: str
    path: Path
    parts: tuple[str, ...]
    bbox: tuple[float, ...]
    angle: int
    smallest: float | None = None


@dataclass(frozen=True, slots=True)
class ShownText:
    """Marked text as the program shows it: its request, the picture, the view and the view's strips."""

    text: MarkedText
    request: PictureRequest
    picture: Picture
    chosen: ChosenView
    strips: tuple[Strip, ...]

    @property
    def turn_error(self) -> int:
        """Degrees between the rotation shown and the one at which the text reads left to right, −180 … 179."""
        return (self.picture.rotation - self.text.angle + 180) % 360 - 180

    @property
    def subpixels(self) -> float | None:
        """Height of the smallest characters in sub-pixels where it is known, else of most, as measured."""
        height, strip = self.text.smallest or self.chosen.metrics.text_height, self.strips[0]
        if height is None:
            return None
        return height * strip.rows / strip.view.rect.height * subpixels_of(self.picture.grid.mode)[1]


def shared_texts(folder: Path) -> list[MarkedText]:
    """Returns each marked text of the shared drawings once, with what a person read there."""
    out: dict[tuple[str, tuple[float, ...]], MarkedText] = {}
    for line in (folder / "predictions.jsonl").read_text().splitlines():
        item = json.loads(line)
        name, bbox = item["id"].rpartition("-")[0], tuple(item["bbox"])
        parts = tuple(item["truth"]["text"].split())
        out.setdefault(
            (item["drawing"], bbox),
            MarkedText(name, folder / item["drawing"], parts, bbox, SHARED_ANGLES.get(name, 0)),
        )
    return list(out.values())


def unseen_texts(sheets: Iterable[UnseenSheet], folder: Path) -> list[MarkedText]:
    """Writes the sheets to `folder`, and returns their texts."""
    out = []
    for sheet in sheets:
        (folder / sheet.name).write_bytes(sheet.data)
        for number, box in enumerate(sheet.boxes):
            name = f"{sheet.name}-{number}"
            out.append(MarkedText(name, folder / sheet.name, box.parts, box.bbox, box.angle, box.smallest))
    return out


async def shown_by_the_app(
    texts: Sequence[MarkedText], size: tuple[int, int], mode: PictureMode, drawings: OpenDrawings, home: Path
) -> list[ShownText]:
    """Runs the annotate screen at `size` in `mode`, answers all tasks, and returns what it showed of each."""
    by_id = {f"task-{number}": text for number, text in enumerate(texts)}

    def draw(item: DeskTask, request: PictureRequest) -> Picture | NoPicture:
        path = by_id[item.id].path
        try:
            return draw_picture(drawings, path, str(path), request)
        except CannotShowError as refused:
            return NoPicture(refused.reason)

    tasks = [_task(number, text) for number, text in enumerate(texts)]
    session, clock = FakeAnnotateSession(tasks, draw=draw), Clock()
    app = fake_app(session, home, clock=clock, profile=Settings(picture_mode=mode.value))
    out = []
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for item in tasks:
            screen = cast(AnnotateScreen, app.screen)
            picture = screen.pane.sheet.shown
            assert isinstance(picture, Picture), f"{item.id}: {picture}"
            text = by_id[item.id]
            request = session.asked[item.id]
            chosen, strips = in_strips(choose_view(drawings, text.path, str(text.path), request), request)
            out.append(ShownText(text, request, picture, chosen, strips))
            await pilot.pause(1.5 * AHEAD_SECONDS)  # the next picture is looked at meanwhile
            await press(pilot, clock, "a")
    return out


def _task(number: int, text: MarkedText) -> DeskTask:
    value = {"text": " ".join(text.parts)}
    return replace(
        task(number, value), bbox=text.bbox, part_revision_id=str(text.path), links=(("part", text.path.stem),)
    )


def cells_as_pixels(shown: ShownText) -> list[Pixels]:
    """Returns the box in the shown cells as a terminal paints them, at the sizes that readers like.

    Strips are laid side by side, as the eye joins them: each begins in the middle of what it repeats of the one before.
    """
    grid, whole = shown.picture.grid, shown.chosen.view.rect
    plain = replace(grid, mark=bytes(len(grid.mark)))
    size = grid.width * CELL[0], grid.height * CELL[1]
    painted = np.asarray(Image.fromarray(to_grey(plain)).resize(size, Image.Resampling.NEAREST))
    unit = size[0] / shown.strips[0].view.rect.width
    joined = np.full((round(whole.height * unit), round(whole.width * unit)), 255, np.uint8)
    end = whole.x
    for strip in shown.strips:
        part, left = painted[strip.top * CELL[1] : (strip.top + strip.rows) * CELL[1]], strip.view.rect.x
        skipped = round(max(end - left, 0.0) / 2 * unit)
        x, y = round((left - whole.x) * unit), round((strip.view.rect.y - whole.y) * unit)
        _paste(joined, part[:, skipped:], x + skipped, y)
        end = left + strip.view.rect.width
    return _at_reading_sizes(joined, shown.chosen.view, shown.chosen.outline, shown.chosen.metrics.text_height)


def _paste(canvas: Pixels, part: Pixels, x: int, y: int) -> None:
    """Pastes `part` at (x, y) where it lies on the canvas."""
    part = part[max(-y, 0) :, max(-x, 0) :]
    x, y = max(x, 0), max(y, 0)
    room = canvas[y : y + part.shape[0], x : x + part.shape[1]]
    room[:] = part[: room.shape[0], : room.shape[1]]


def full_resolution(shown: ShownText) -> list[Pixels]:
    """Returns the same box without cells, at the drawing's own resolution and turned as a person would turn it."""
    page, box, rotation = shown.chosen.page, shown.chosen.box, shown.text.angle % 360
    assert box is not None
    rect = turned_rect(box, page.width, page.height, rotation)
    margin = 0.05 * max(rect.width, rect.height)
    rect = Rect(rect.x - margin, rect.y - margin, rect.width + 2 * margin, rect.height + 2 * margin)
    view = CropView(rect, *turned_size(page.width, page.height, rotation), rotation, 10.0)
    height = shown.chosen.metrics.text_height or 0.7 * min(rect.width, rect.height)
    scale = min(max(TEXT_PIXELS) / height, _FULL_MOST / max(rect.width, rect.height))
    rendered = render_view(page, view, round(rect.width * scale), round(rect.height * scale))
    pixels = fit_contrast(rendered, rendered)
    outline = replace(shown.chosen, view=view).outline
    return _at_reading_sizes(pixels, view, outline, height)


def _at_reading_sizes(
    pixels: Pixels, view: CropView, outline: tuple[tuple[float, float], ...], height: float | None
) -> list[Pixels]:
    """Returns the part within `outline` at two heights of its characters, all else as paper."""
    unit_x, unit_y = pixels.shape[1] / view.rect.width, pixels.shape[0] / view.rect.height
    corners = [((x - view.rect.x) * unit_x, (y - view.rect.y) * unit_y) for x, y in outline]
    inside = Image.new("1", (pixels.shape[1], pixels.shape[0]))
    ImageDraw.Draw(inside).polygon(corners, fill=1, outline=1)
    cut = np.where(np.asarray(inside), pixels, 255).astype(np.uint8)
    left, right = (min(max(int(f(x for x, _ in corners)), 0), pixels.shape[1]) for f in (min, max))
    top, bottom = (min(max(int(f(y for _, y in corners)), 0), pixels.shape[0]) for f in (min, max))
    cut = cut[top : bottom + 1, left : right + 1]
    now = (height or 0.7 * (bottom - top) / unit_y) * unit_y
    out = []
    for wanted in TEXT_PIXELS:
        scale = min(wanted / max(now, 1.0), _FULL_MOST / max(cut.shape))
        size = max(8, round(cut.shape[1] * scale)), max(8, round(cut.shape[0] * scale))
        out.append(padded(np.asarray(Image.fromarray(cut).resize(size, Image.Resampling.BICUBIC))))
    return out
