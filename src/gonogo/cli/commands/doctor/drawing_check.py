"""Drawing check of `gonogo doctor`: draws one sheet in the render process, as the workstation does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from gonogo.demo.parts import draw_all
from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.models import NoPicture, PictureRequest
from gonogo.sheets.render_worker import RenderWorker

PART = "GX-2210 bracket"
_REQUEST = PictureRequest(40, 12, (0.1, 0.1, 0.2, 0.2))
_ERROR_MOST = 200


class DrawingCheck(NamedTuple):
    """Result: `ok` if the sheet was drawn; a sentence, and what to do next if something is missing."""

    ok: bool
    sentence: str
    next_step: str = ""
    refused_limits: tuple[str, ...] = ()


def check_drawing(limits: DrawingLimits | None = None) -> DrawingCheck:
    """Draws a sample sheet in a render process, and asks which of its limits this system refuses."""
    limits = limits or DrawingLimits()
    child = subprocess.run(
        [sys.executable, "-P", "-m", "gonogo.sheets.render.main", "--limits"],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=limits.seconds,
        check=False,
    )
    if child.returncode != 0:
        last = (child.stderr.strip().splitlines() or ["it ended without a message"])[-1]
        return DrawingCheck(
            False,
            f"the viewer doesn't start: {last[:_ERROR_MOST]}",
            "Install gonogo again; if that doesn't help, report this line.",
        )
    refused = tuple(child.stdout.splitlines())
    start = time.monotonic()
    answer = asyncio.run(_draw(limits))
    if isinstance(answer, NoPicture):
        return DrawingCheck(False, answer.reason, answer.next_step, refused)
    took = time.monotonic() - start
    return DrawingCheck(True, f"one sheet drawn in {took:.1f} s", refused_limits=refused)


async def _draw(limits: DrawingLimits) -> object:
    worker = RenderWorker(limits)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "doctor.pdf"
            await asyncio.to_thread(path.write_bytes, draw_all()[PART].pdf())
            return await worker.draw(path, "doctor", _REQUEST)
    finally:
        await worker.aclose()
