"""Real pixels on the annotate screen: sent once, put back where a frame wrote over them, gone when the screen is."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Region

from gonogo.sheets.models import Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.terminal import kitty
from gonogo.tui.app import GonogoApp
from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.terminal.capabilities import TerminalCapabilities
from gonogo.tui.terminal.probe import TerminalReplies
from gonogo.tui.widgets.drawing.pixel_protocols import damaged
from tests.tui.fake_services import Clock, FakeAnnotateSession, fake_app, fake_picture, task
from tests.tui.screen_text import press, settle, text_of

SIXEL = TerminalReplies("foot(1.16.2)", sixel=True, cell=(8, 16), complete=True)
KITTY = TerminalReplies("kitty(0.36.4)", kitty=True, cell=(8, 16), complete=True)


def in_pixels(one: Any, request: PictureRequest) -> Picture:
    picture = fake_picture(task(), request)
    if request.mode not in (PictureMode.SIXEL, PictureMode.KITTY):
        return picture
    size = picture.grid.width * request.cell_pixels[0], picture.grid.height * request.cell_pixels[1]
    return replace(picture, pixel_mode=request.mode, pixel_size=size, pixels=b"#0!8~-#1!8~-#2!8~")


class Shown:
    """The app with a terminal that takes pixels; `sent` is what it was sent outside of frames."""

    def __init__(self, app: GonogoApp, pilot: Any, sent: list[str]) -> None:
        self.app, self.pilot, self.sent = app, pilot, sent

    @property
    def screen(self) -> AnnotateScreen:
        screen = self.app.screen_stack[-1]
        assert isinstance(screen, AnnotateScreen)
        return screen

    def frame(self, text: str) -> str:
        """What follows a frame."""
        return self.app.terminal.after_frame(text)

    def writes_at(self, x: int, y: int) -> str:
        return f"\x1b[{y + 1};{x + 1}Htext"


Start = Callable[..., Any]


@pytest.fixture
def start(home: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Start:
    monkeypatch.delenv("NO_COLOR", raising=False)

    @asynccontextmanager
    async def run(answers: TerminalReplies, *, writes: bool = True, draw: Any = in_pixels) -> AsyncIterator[Shown]:
        session = FakeAnnotateSession([task(n) for n in range(4)], draw=draw)
        app = fake_app(session, home, clock=clock)
        sent: list[str] = []
        app.terminal = TerminalCapabilities(
            {"TERM": "xterm-256color"}, home / "state" / "terminals.json", answers=answers
        )
        app.terminal.write = sent.append if writes else None
        async with app.run_test(size=(100, 30), notifications=True) as pilot:
            await settle(pilot)
            clock.pass_(1)
            yield Shown(app, pilot, sent)

    return run


async def test_a_sixel_picture_follows_its_frame_once(start: Start, clock: Clock) -> None:
    async with start(SIXEL) as shown:
        assert "sixel" in text_of(shown.screen)
        sheet = shown.screen.pane.sheet.region
        first = shown.frame("")
        assert first.startswith(f"\x1b7\x1b[{sheet.y + 2};{sheet.x + 2}H\x1bP")
        assert first.endswith("\x1b\\\x1b8")
        assert shown.frame(shown.writes_at(sheet.right + 3, sheet.y + 4)) == ""  # beside it
        assert shown.frame(shown.writes_at(0, 0)) == ""  # the status line
        assert shown.frame(shown.writes_at(sheet.x, sheet.y + 4)) == first  # over it
        await press(shown.pilot, clock, "a")
        assert shown.frame("").startswith("\x1b7")  # the next question's
        assert shown.frame("") == ""


async def test_under_a_window_cells_stand_in_and_the_pixels_come_back(start: Start, clock: Clock) -> None:
    async with start(SIXEL) as shown:
        sheet = shown.screen.pane.sheet
        over = shown.writes_at(sheet.region.x, sheet.region.y + 3)
        first = shown.frame("")
        await press(shown.pilot, clock, "question_mark")
        assert shown.app.screen is not sheet.screen
        assert shown.frame(over) == ""
        assert any(" " * 10 in text for text in shown.sent)  # wiped before the cells came
        await press(shown.pilot, clock, "escape")
        assert shown.frame(over) == first


async def test_where_a_notice_stands_the_picture_ends_above_it(start: Start) -> None:
    async with start(SIXEL) as shown:
        whole = shown.frame("")
        shown.app.show_notice("A notice that is long enough to reach over the drawing. " * 3, seconds=60)
        await settle(shown.pilot)
        sheet = shown.screen.pane.sheet.region
        cut = shown.frame(shown.writes_at(sheet.x, sheet.y + 3))
        toast = shown.screen.query("Toast").first().region
        high = [int(text.partition('"1;1;')[2].split(";")[1].split("#")[0]) for text in (cut, whole)]
        assert high[0] <= (toast.y - sheet.y - 1) * SIXEL.cell[1] < high[1]
        assert high[0] > 0


async def test_inverting_sends_the_same_pixels_in_other_colours(start: Start, clock: Clock) -> None:
    async with start(SIXEL) as shown:
        before = shown.frame("")
        await press(shown.pilot, clock, "i")
        after = shown.frame("")
        assert after != before
        assert after.partition("#0!8~")[2] == before.partition("#0!8~")[2]


async def test_kitty_is_sent_once_shown_as_text_and_taken_back(start: Start, clock: Clock) -> None:
    async with start(KITTY) as shown:
        await settle(shown.pilot)
        assert kitty.PLACEHOLDER in "".join(strip.text for strip in shown.screen.pane.sheet.render_lines(_all(shown)))
        number = _ids(shown.sent)
        assert len(number) == len(set(number)) >= 1
        count = len(shown.sent)
        shown.screen.pane.sheet.refresh()
        await settle(shown.pilot)
        assert len(shown.sent) == count  # a repaint sends nothing
        await press(shown.pilot, clock, "a")
        assert kitty.PLACEHOLDER in "".join(strip.text for strip in shown.screen.pane.sheet.render_lines(_all(shown)))
    deleted = [text for text in "".join(shown.sent).split("\x1b_G") if text.startswith("a=d")]
    assert len(deleted) == len(_ids(shown.sent))


async def test_a_placeholder_row_can_be_cut_anywhere(start: Start) -> None:
    async with start(KITTY) as shown:
        row = shown.screen.pane.sheet.render_lines(_all(shown))[5]
        width = shown.screen.pane.sheet.size.width
        for at in range(1, width - 1):
            left, right = row.crop(0, at), row.crop(at, width)
            assert left.text + right.text == row.text
            assert left.cell_length + right.cell_length == width


async def test_pictures_for_another_size_are_not_shown_in_pixels(start: Start) -> None:
    def other(one: Any, request: PictureRequest) -> Picture:
        return replace(in_pixels(one, request), pixel_size=(10, 10))

    async with start(SIXEL, draw=other) as shown:
        assert shown.app.terminal.overlays == []
        assert "quadrant" in text_of(shown.screen)


async def test_without_a_way_to_the_terminal_there_are_cells(start: Start) -> None:
    async with start(SIXEL, writes=False) as shown:
        assert "quadrant" in text_of(shown.screen)


async def test_a_late_answer_changes_the_drawing(start: Start, clock: Clock) -> None:
    async with start(TerminalReplies()) as shown:
        assert "quadrant" in text_of(shown.screen)
        shown.app.terminal.update(SIXEL)
        await settle(shown.pilot)
        assert "sixel" in text_of(shown.screen)
        await press(shown.pilot, clock, "g")
        assert "foot(1.16.2) draws Sixel pictures" in text_of(shown.app.screen)


@pytest.mark.parametrize(
    ("at", "hit"),
    [((3, 5), True), ((0, 5), True), ((12, 9), True), ((13, 5), False), ((3, 2), False), ((3, 10), False)],
)
def test_damage_is_what_is_written_on_the_place(at: tuple[int, int], hit: bool) -> None:
    assert damaged(f"\x1b[31mx\x1b[{at[1] + 1};{at[0] + 1}Hy", Region(3, 3, 10, 7)) is hit


CHILD = """
import json, os, signal, sys, threading
from textual.app import App
from gonogo.tui.terminal.driver import TerminalDriver
from gonogo.tui.terminal.probe import Probe
from gonogo.tui.terminal.capabilities import TerminalCapabilities
class Keys(App):
    def __init__(self):
        self.probe = Probe(dict(TERM="xterm")); self.probe.ask()
        self.terminal = TerminalCapabilities({}, answers=self.probe.collect()); self.keys = []
        super().__init__(driver_class=TerminalDriver)
    def on_key(self, event):
        self.keys.append(event.key)
        if event.key == "s":
            os.kill(os.getpid(), signal.SIGCONT)
        if event.key == "q":
            self.readers = sum(thread.name == "textual-input" for thread in threading.enumerate())
            self.exit()
app = Keys(); app.run(); app.probe.end()
json.dump([app.keys, app.terminal.answers.name, app.terminal.answers.sixel, app.readers], open(sys.argv[1], "w"))
"""


@pytest.mark.parametrize(
    "pieces",
    [
        (b"a", b"\x1bP>|foot(1.1", b"6.2)\x1b\\\x1b[6;16;8t", b"s\x1b[?62;4", b";22c", b"d", b"q"),
        (b"a\x1bP>|foot(1.16.2)\x1b\\\x1b[6;16;8ts\x1b[?62;4;22cdq",),  # one read: as on a busy machine
    ],
    ids=["pieces", "at once"],
)
def test_answers_that_come_late_are_no_keys(tmp_path: Path, pieces: tuple[bytes, ...]) -> None:
    terminal, program = pty.openpty()
    out = tmp_path / "out.json"
    environment = {**os.environ, "TERM": "xterm-256color"}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(out)], stdin=program, stderr=program, stdout=program, env=environment
    )
    os.close(program)
    seen, ready = bytearray(), threading.Event()

    def read() -> None:
        while True:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                return
            seen.extend(data)
            if b"\x1b[?2004h" in seen:  # keys are read from here on
                ready.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert ready.wait(60), bytes(seen)
    for piece in pieces:
        os.write(terminal, piece)
    assert child.wait(60) == 0
    keys, name, sixel, readers = json.loads(out.read_text())
    assert readers == 1  # a SIGCONT that followed no suspension, as a terminal that goes away sends it
    assert keys == ["a", "s", "d", "q"]
    assert (name, sixel) == ("foot(1.16.2)", True)
    os.close(terminal)
    reader.join(10)


def _all(shown: Shown) -> Region:
    return Region(0, 0, *shown.screen.pane.sheet.size)


def _ids(sent: list[str]) -> list[str]:
    return re.findall(r"\x1b_Ga=T[^;]*,i=(\d+)", "".join(sent))
