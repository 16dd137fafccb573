"""Render worker: limits of the child, its end and restart, and that no drawing harms the app."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import os
import platform
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.models import Level, NoPicture, Picture, PictureRequest, PixelCrop
from gonogo.sheets.render_worker import RenderWorker
from tests.sheets.conftest import pdf_bytes, png_header, tiff_of_pages

REQUEST = PictureRequest(52, 24, (0.1, 0.1, 0.2, 0.2))


@pytest.fixture
async def worker() -> AsyncIterator[RenderWorker]:
    started = RenderWorker(DrawingLimits())
    yield started
    await started.aclose()


async def _refused(worker: RenderWorker, path: Path, data: bytes | None = None) -> NoPicture:
    if data is not None:
        await asyncio.to_thread(path.write_bytes, data)
    answer = await worker.draw(path, str(path), REQUEST)
    assert isinstance(answer, NoPicture), answer
    assert answer.reason.endswith(".")
    assert answer.next_step
    return answer


async def test_bombs_become_sentences_and_the_child_lives_on(worker: RenderWorker, folder: Path) -> None:
    assert isinstance(await worker.draw(folder / "sheet.png", "sheet", REQUEST), Picture)
    pid = worker.pid
    huge = await _refused(worker, folder / "huge.png", png_header(30_000, 30_000))
    assert "too many pixels" in huge.reason
    assert "cut off" in (await _refused(worker, folder / "cut.png", png_header(900, 900))).reason
    assert "is text" in (await _refused(worker, folder / "text.pdf", b"not a drawing")).reason
    jpeg = (folder / "sheet.png").read_bytes()
    assert "damaged" in (await _refused(worker, folder / "cut2.png", jpeg[: len(jpeg) // 2])).reason
    assert "more than 200 pages" in (await _refused(worker, folder / "many.tif", tiff_of_pages(10_000))).reason
    assert isinstance(await worker.draw(folder / "vector.pdf", "vector", REQUEST), Picture)
    assert worker.pid == pid


async def test_a_page_as_large_as_a_house_costs_no_more_than_a_pane(worker: RenderWorker, tmp_path: Path) -> None:
    path = tmp_path / "giant.pdf"
    path.write_bytes(pdf_bytes(b"0 0 5000000 5000000 re f", (10_000_000, 10_000_000)))
    answer = await worker.draw(path, "giant", REQUEST)
    assert isinstance(answer, (Picture, NoPicture))
    assert _peak_megabytes(worker) < 300


@pytest.mark.slow
async def test_an_a0_scan_stays_within_300_megabytes(worker: RenderWorker, tmp_path: Path) -> None:
    """300 dpi, two colours as archives keep them and grey as scanners send them, one after the other."""
    for mode in ("1", "L"):
        Image.new(mode, (14_043, 9_933), 1 if mode == "1" else 255).save(tmp_path / f"{mode}.png", compress_level=1)
        for level in Level:
            request = dataclasses.replace(REQUEST, level=level)
            assert isinstance(await worker.draw(tmp_path / f"{mode}.png", mode, request), Picture)
    assert _peak_megabytes(worker) < 300


async def test_the_view_as_pixels(worker: RenderWorker, folder: Path) -> None:
    crop = await worker.pixels(folder / "vector.pdf", "vector", REQUEST, (640, 480))
    assert isinstance(crop, PixelCrop)
    with Image.open(io.BytesIO(crop.png)) as image:
        assert (image.size, image.mode) == ((640, 480), "L")
    assert crop.box is not None
    assert 0 < crop.box[0] < crop.box[2] < 640
    whole = await worker.pixels(folder / "sheet.png", "sheet", PictureRequest(80, 30, level=Level.SHEET), None)
    assert isinstance(whole, PixelCrop)
    assert whole.width >= 1600  # not fewer than the file has
    assert isinstance(await worker.pixels(folder / "gone.png", "gone", REQUEST, None), NoPicture)


async def test_cad_files_are_opened_within_the_same_limits(worker: RenderWorker, folder: Path) -> None:
    """ezdxf would write a list of fonts, and resvg would read files that the drawing names: neither happens here."""
    ezdxf = pytest.importorskip("ezdxf")
    pytest.importorskip("resvg_py")
    document = ezdxf.new()
    document.modelspace().add_text("16,5 H7", height=8)
    document.saveas(folder / "part.dxf")
    (folder / "a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="3" height="9"/></svg>'
    )
    for name in ("part.dxf", "a.svg"):
        assert isinstance(await worker.draw(folder / name, name, PictureRequest(52, 24)), Picture)


@pytest.mark.slow
async def test_memory_is_limited_by_the_kernel(folder: Path) -> None:
    Image.new("RGB", (8_000, 8_000)).save(folder / "large.png", compress_level=1)
    worker = RenderWorker(
        dataclasses.replace(DrawingLimits(), address_space=400 * 1024 * 1024, decoded_bytes=1_000_000_000)
    )
    try:
        first = await worker.draw(folder / "sheet.png", "sheet", REQUEST)
        assert isinstance(first, Picture), first
        refused = await worker.draw(folder / "large.png", "large", REQUEST)
        assert isinstance(refused, NoPicture)
        assert "memory" in refused.reason
        assert isinstance(await worker.draw(folder / "sheet.png", "sheet", REQUEST), Picture)
    finally:
        await worker.aclose()


async def test_a_killed_child_is_replaced(worker: RenderWorker, folder: Path) -> None:
    assert isinstance(await worker.draw(folder / "sheet.png", "sheet", REQUEST), Picture)
    first = worker.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)  # so that it surely dies with the request under way
    asked = asyncio.create_task(worker.draw(folder / "sheet.png", "sheet", REQUEST))
    await asyncio.sleep(0)
    os.kill(first, signal.SIGKILL)
    lost = await asked
    assert isinstance(lost, NoPicture)
    assert lost.retry
    assert isinstance(await worker.draw(folder / "sheet.png", "sheet", REQUEST), Picture)
    assert worker.pid not in (None, first)


async def test_a_drawing_that_takes_too_long_is_stopped_and_not_tried_for_ever(folder: Path) -> None:
    forever = (sys.executable, "-c", "import time; time.sleep(3600)")
    worker = RenderWorker(dataclasses.replace(DrawingLimits(), seconds=0.2), forever)
    answers = [await worker.draw(folder / "sheet.png", "sheet", REQUEST) for _ in range(3)]
    assert all(isinstance(answer, NoPicture) for answer in answers)
    reasons = [answer.reason for answer in answers if isinstance(answer, NoPicture)]
    assert "longer than 0.2 seconds" in reasons[0]
    assert "failed twice" in reasons[2]
    assert worker.pid is None
    await worker.aclose()


async def test_a_child_that_talks_nonsense_is_stopped(folder: Path) -> None:
    nonsense = (sys.executable, "-c", "import sys; sys.stdout.write('Traceback: ' * 1000); sys.stdout.flush(); input()")
    worker = RenderWorker(DrawingLimits(), nonsense)
    answer = await worker.draw(folder / "sheet.png", "sheet", REQUEST)
    assert isinstance(answer, NoPicture)
    assert worker.pid is None
    await worker.aclose()


async def test_a_child_that_cannot_start_says_so(folder: Path) -> None:
    worker = RenderWorker(DrawingLimits(), ("/nonexistent/python",))
    answer = await worker.draw(folder / "sheet.png", "sheet", REQUEST)
    assert isinstance(answer, NoPicture)
    assert "could not be started" in answer.reason
    await worker.aclose()


async def test_urgent_requests_overtake(worker: RenderWorker, folder: Path) -> None:
    order: list[str] = []

    async def ask(name: str, request: PictureRequest, *, urgent: bool) -> None:
        await worker.draw(folder / "sheet.png", "sheet", request, urgent=urgent)
        order.append(name)

    sizes = [PictureRequest(40 + n, 20) for n in range(4)]
    asked = [asyncio.create_task(ask(f"ahead {n}", sizes[n], urgent=False)) for n in range(3)]
    asked.append(asyncio.create_task(ask("now", sizes[3], urgent=True)))
    await asyncio.sleep(0)
    worker.prioritize("sheet", sizes[2])
    await asyncio.gather(*asked)
    assert order == ["ahead 0", "ahead 2", "now", "ahead 1"]


async def test_closing_answers_what_is_under_way(folder: Path) -> None:
    worker = RenderWorker(DrawingLimits(), (sys.executable, "-c", "input()"))
    asked = [asyncio.create_task(worker.draw(folder / "sheet.png", "sheet", PictureRequest(n, 9))) for n in (10, 20)]
    while worker.pid is None:  # noqa: ASYNC110 - it is another process that we wait for
        await asyncio.sleep(0.01)
    await worker.aclose()
    answers = await asyncio.gather(*asked)
    assert [type(answer) for answer in answers] == [NoPicture, NoPicture]
    assert worker.pid is None


async def test_the_child_sees_no_secret_and_writes_no_file(
    worker: RenderWorker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GONOGO_API_KEY", "ak_live_canary")
    await worker.draw(folder / "sheet.png", "sheet", REQUEST)
    proc = Path(f"/proc/{worker.pid}")
    assert b"canary" not in (proc / "environ").read_bytes() + (proc / "cmdline").read_bytes()
    limits = (proc / "limits").read_text()
    assert [line.split()[3] for line in limits.splitlines() if line.startswith("Max file size")] == ["0"]


@pytest.mark.skipif(platform.system() != "Linux", reason="the filter is the Linux kernel's")
def test_no_socket_and_no_program_once_sealed() -> None:
    code = """
import socket, subprocess
from gonogo.sheets.render.seccomp_sandbox import forbid_sockets_and_programs
socket.socket().close()
print(forbid_sockets_and_programs())
for attempt in (socket.socket, socket.socketpair, lambda: subprocess.run(["true"])):
    try:
        attempt()
    except PermissionError:
        print("refused")
"""
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.split() == ["True", "refused", "refused", "refused"]


@pytest.mark.skipif(platform.system() != "Linux", reason="the filter is the Linux kernel's")
async def test_the_child_is_sealed(worker: RenderWorker, folder: Path) -> None:
    await worker.draw(folder / "sheet.png", "sheet", REQUEST)
    process = Path(f"/proc/{worker.pid}")
    status = (process / "status").read_text()
    assert "\nSeccomp:\t2\n" in status


def test_the_program_itself_loads_no_decoder() -> None:
    code = (
        "import sys, gonogo.sheets.drawing_service; "
        "print([m for m in ('numpy', 'PIL', 'pypdfium2', 'httpx') if m in sys.modules])"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


def _peak_megabytes(worker: RenderWorker) -> float:
    status = Path(f"/proc/{worker.pid}/status")
    if worker.pid is None or not status.exists():
        return 0.0
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024
