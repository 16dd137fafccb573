"""The drawing mode of a screen: what was chosen, the reason in words, and the next one."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.sheets.picture_modes import PictureMode
from gonogo.tui.terminal.capabilities import NO_PICTURES, TerminalCapabilities
from gonogo.tui.terminal.drawing_mode import DrawingMode
from gonogo.tui.terminal.probe import TerminalReplies
from gonogo.tui.viewport import Viewport


def drawing_mode(path: Path, setting: str = "auto", *, color: bool = True) -> DrawingMode:
    return DrawingMode(TerminalCapabilities({"TERM": "xterm-256color"}, path), setting, color=color)


def test_the_setting_is_applied_with_its_reason(tmp_path: Path) -> None:
    mode = drawing_mode(tmp_path / "terminals", "half")
    assert mode.apply(Viewport()).mode is PictureMode.HALF
    assert "half" in mode.description
    assert "set in the settings" in mode.description


def test_without_colours_dots_are_drawn(tmp_path: Path) -> None:
    assert drawing_mode(tmp_path / "terminals", color=False).apply(Viewport()).mode is PictureMode.BRAILLE


def test_the_next_mode_is_another_one_and_kept(tmp_path: Path) -> None:
    mode = drawing_mode(tmp_path / "terminals", NO_PICTURES)
    before = mode.turned_off
    assert mode.next() == ""
    assert (before, mode.turned_off) == (True, False)
    assert drawing_mode(tmp_path / "terminals", NO_PICTURES).apply(Viewport()) == mode.apply(Viewport())


def test_a_choice_that_cannot_be_written_holds_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    mode = drawing_mode(tmp_path / "file" / "terminals", NO_PICTURES)
    assert "not written" in mode.next()


@pytest.mark.parametrize(("name", "size"), [("XTerm(390)", (100, 50)), ("WezTerm 20240203-110809", (200, 60))])
def test_xterm_is_sent_no_picture_that_it_would_not_draw(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    answers = TerminalReplies(name, sixel=True, cell=(10, 20), complete=True)
    terminal = TerminalCapabilities({"TERM": "xterm-256color"}, tmp_path / "terminals", answers=answers)
    view = DrawingMode(terminal, "sixel", color=True).apply(Viewport()).reset()
    request = view.base_request((200, 60))
    assert (request.mode, (request.columns, request.rows)) == (PictureMode.SIXEL, size)
