"""What drawings cost in memory and on the screen: part of `sheets`.

Memory is the peak that the kernel tells: of a fresh program with Textual and the drawings' facade while every hostile
file is opened, and of its child process while an A0 sheet of 300 dpi is. A repaint is all that the screen does in
Python between two pictures, or two texts, of 100×40 cells: the rows, and the bytes that are sent.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image
from rich.console import Console
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import Static

from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.models import Level, Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.draw_request import OpenDrawings, draw_picture
from gonogo.tui.widgets.drawing.sheet_view import SheetView
from tests.sheets.conftest import pdf_bytes, png_header, sheet_image, tiff_of_pages

SIZE = (100, 40)
ROUNDS = 40
A0_PIXELS = (14_043, 9_933)

_OPEN_ALL = """
import asyncio, json, sys
from pathlib import Path
import gonogo.tui.app
from gonogo.sheets.drawing_service import DrawingService
from gonogo.sheets.models import Level, NoPicture, PictureRequest, SheetRef

def peak(pid):
    status = Path(f"/proc/{pid}/status")
    return int(status.read_text().split("VmHWM:")[1].split()[0]) // 1024 if status.exists() else 0

async def main():
    folder = Path(sys.argv[1])
    sheets = DrawingService(folder / "cache", folders=(folder / "drawings",))
    shown, child = {}, 0
    for path in sorted((folder / "drawings").iterdir()):
        for level in Level:
            answer = await sheets.picture(SheetRef(part=path.stem), PictureRequest(76, 32, (0.1, 0.1, 0.2, 0.2), level))
            shown[path.name] = answer.reason if isinstance(answer, NoPicture) else "shown"
        child = max(child, peak(sheets._worker.pid))
    await sheets.aclose()
    print(json.dumps({"app": peak("self"), "child": child, "shown": shown}))

asyncio.run(main())
"""


def memory() -> dict[str, Any]:
    """Peaks in MB with the hostile files and with A0 sheets, what became of each file, and whether the bounds held."""
    with tempfile.TemporaryDirectory() as name:
        hostile = _opened(Path(name) / "hostile", bombs())
        sheets = _opened(Path(name) / "a0", {"grey.png": _a0("L"), "two-colours.png": _a0("1")})
    return {
        "hostile files": hostile,
        "A0 300 dpi": sheets,
        "met": {
            "app ≤ 512 MB with the hostile files": hostile["app"] <= 512,
            "child ≤ 300 MB with A0 sheets": sheets["child"] <= 300 and set(sheets["shown"].values()) == {"shown"},
        },
    }


def bombs() -> dict[str, bytes]:
    """Files that would cost much, or pretend to be drawings."""
    uses = "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 12))
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
    whole = _encoded(sheet_image(), "JPEG")
    return {
        "many-pixels.png": png_header(30_000, 30_000),
        "many-pages.tif": tiff_of_pages(10_000),
        "giant-page.pdf": pdf_bytes(b"0 0 5000000 5000000 re f", (10_000_000, 10_000_000)),
        "nested.svg": f'{svg}<defs><g id="a0"><path d="M0 0L9 9"/></g>{uses}</defs><use href="#a11"/></svg>'.encode(),
        "outside.svg": f'{svg}<image href="file:///etc/hostname" width="9" height="9"/></svg>'.encode(),
        "cut.jpg": whole[: len(whole) // 2],
        "text.pdf": b"Dear customer, see attachment.\n",
    }


def _a0(mode: str) -> bytes:
    return _encoded(Image.new(mode, A0_PIXELS, 1 if mode == "1" else 255), "PNG")


def _encoded(image: Image.Image, kind: str) -> bytes:
    with tempfile.TemporaryFile() as file:
        image.save(file, kind)
        file.seek(0)
        return file.read()


def _opened(folder: Path, files: dict[str, bytes]) -> dict[str, Any]:
    (folder / "drawings").mkdir(parents=True)
    for name, data in files.items():
        (folder / "drawings" / name).write_bytes(data)
    command = [sys.executable, "-c", _OPEN_ALL, str(folder)]
    told: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return told


def repaint() -> dict[str, float]:
    """Milliseconds to repaint a pane with a picture made ahead, one that was not, and text; and ratios to the text."""
    return asyncio.run(_repaint())


class _Panes(App[None]):
    CSS = "SheetView, Static { width: 102; height: 42; }"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        names = ("drawing-paper", "drawing-ink", "drawing-mark", "line", "quiet", "strong")
        return dict(zip(names, ("#ffffff", "#000000", "#c05000", "#808080", "#606060", "#000000"), strict=True))

    def compose(self) -> ComposeResult:
        yield SheetView()
        yield Static(markup=False)


async def _repaint() -> dict[str, float]:
    pictures, chance = _pictures(), random.Random(5)
    texts = ["\n".join(_line(chance) for _ in range(SIZE[1] + 2)) for _ in pictures]
    app = _Panes()
    taken: dict[str, list[float]] = {"picture": [], "picture not made ahead": [], "text": []}
    async with app.run_test(size=(104, 90)) as pilot:
        view, text = app.query_one(SheetView), app.query_one(Static)
        await pilot.pause()
        for picture in pictures:
            view.prebuild(picture, "detail")
        for number in range(ROUNDS):
            at = number % 2
            taken["picture"].append(_timed(view, app.console, lambda at=at: view.show(pictures[at], "detail")))  # type: ignore[misc]
            fresh = replace(pictures[at])
            taken["picture not made ahead"].append(
                _timed(view, app.console, lambda new=fresh: view.show(new, "detail"))  # type: ignore[misc]
            )
            taken["text"].append(_timed(text, app.console, lambda at=at: text.update(texts[at], layout=False)))  # type: ignore[misc]
    times = {what: median(measured) for what, measured in taken.items()}
    ratios = {f"{what} / text": value / times["text"] for what, value in times.items() if what != "text"}
    return {what: round(value, 3) for what, value in {**times, **ratios}.items()}


def _timed(widget: Widget, console: Console, change: Callable[[], object]) -> float:
    start = time.perf_counter()
    change()
    _painted(widget, console)
    return (time.perf_counter() - start) * 1000


def _painted(widget: Widget, console: Console) -> int:
    rows = widget.render_lines(Region(0, 0, *widget.size))
    return sum(len(row.render(console)) for row in rows)


def _line(chance: random.Random) -> str:
    return "".join(chance.choice("abcdefgh ") for _ in range(SIZE[0] + 2))


def _pictures() -> list[Picture]:
    request = PictureRequest(*SIZE, (0.1, 0.1, 0.2, 0.2), Level.DETAIL, PictureMode.OCTANT)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "sheet.png"
        sheet_image().save(path)
        drawings = OpenDrawings(DrawingLimits())
        return [draw_picture(drawings, path, "sheet", replace(request, zoom=zoom)) for zoom in (1.0, 1.5)]
