"""Which way to draw, which viewer to start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gonogo.desk.core.settings import PICTURE_MODES
from gonogo.sheets.models import NoPicture, Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.tui.external_viewer import run_viewer, viewer_command
from gonogo.tui.terminal.capabilities import TerminalCapabilities, usual_mode
from gonogo.tui.terminal.probe import TerminalReplies
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, fake_picture, task
from tests.tui.screen_text import press, settle, text_of


@pytest.mark.parametrize(
    ("environment", "mode"),
    [
        ({}, PictureMode.QUADRANT),
        ({"TERM": "xterm-256color"}, PictureMode.QUADRANT),
        ({"TERM": "xterm-kitty"}, PictureMode.SEXTANT),
        ({"TERM": "foot"}, PictureMode.SEXTANT),
        ({"TERM": "foot-extra"}, PictureMode.SEXTANT),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, PictureMode.SEXTANT),
        ({"TERM": "xterm-256color", "WEZTERM_PANE": "0"}, PictureMode.SEXTANT),
        ({"TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.2.3"}, PictureMode.OCTANT),
        ({"TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.0.1"}, PictureMode.SEXTANT),
        ({"TERM": "xterm-ghostty"}, PictureMode.SEXTANT),
        ({"VTE_VERSION": "7600"}, PictureMode.SEXTANT),
        ({"VTE_VERSION": "5202"}, PictureMode.QUADRANT),
        ({"VTE_VERSION": "²"}, PictureMode.QUADRANT),
        ({"TERM_PROGRAM": "Apple_Terminal"}, PictureMode.QUADRANT),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x", "KITTY_WINDOW_ID": "1"}, PictureMode.QUADRANT),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, PictureMode.BRAILLE),
        ({"TERM": "linux"}, PictureMode.HALF),
    ],
)
def test_the_mode_is_what_the_terminal_is_known_to_draw(environment: dict[str, str], mode: PictureMode) -> None:
    assert usual_mode(environment) is mode


@pytest.mark.parametrize(
    ("answers", "environment", "mode"),
    [
        (TerminalReplies("kitty(0.40.1)", kitty=True, cell=(10, 20)), {}, PictureMode.KITTY),
        (TerminalReplies("kitty(0.26.5)", kitty=True, cell=(10, 20)), {}, PictureMode.SEXTANT),  # before placeholders
        (TerminalReplies("ghostty 1.1.3", kitty=True), {}, PictureMode.KITTY),
        (TerminalReplies("WezTerm 20240203-110809", kitty=True, sixel=True, cell=(8, 16)), {}, PictureMode.SIXEL),
        (TerminalReplies("Konsole 24.08", kitty=True), {}, PictureMode.QUADRANT),
        (TerminalReplies("foot(1.20.1)"), {}, PictureMode.OCTANT),
        (TerminalReplies("foot(1.16.2)"), {}, PictureMode.SEXTANT),
        (TerminalReplies("VTE(7800)"), {}, PictureMode.OCTANT),
        (
            TerminalReplies("XTerm(379)", sixel=True),
            {},
            PictureMode.QUADRANT,
        ),  # no size of a cell: it would miss its place
        (TerminalReplies("XTerm(379)", sixel=True, cell=(8, 16)), {"NO_COLOR": "1"}, PictureMode.BRAILLE),
        (TerminalReplies("tmux 3.3a", kitty=True), {"TMUX": "x", "TERM": "tmux-256color"}, PictureMode.QUADRANT),
        (TerminalReplies("\x1b]0;evil"), {}, PictureMode.QUADRANT),
    ],
)
def test_what_the_terminal_answers_decides(
    answers: TerminalReplies, environment: dict[str, str], mode: PictureMode
) -> None:
    environment = {"TERM": "xterm-256color", **environment}
    assert TerminalCapabilities(environment, answers=answers).mode("auto") is mode


def test_in_tmux_pixels_need_the_terminal_around_it_too() -> None:
    environment, answers = {"TMUX": "x", "TERM": "tmux-256color"}, TerminalReplies("tmux 3.4", sixel=True, cell=(8, 16))
    says = {"client_termfeatures": "256,clipboard,sixel,title", "allow-passthrough": "on"}
    assert (
        TerminalCapabilities(environment, answers=answers, tmux=lambda name: says[name]).mode("auto")
        is PictureMode.SIXEL
    )
    assert (
        TerminalCapabilities(environment, answers=answers, tmux=lambda _: "256,title").mode("auto")
        is PictureMode.QUADRANT
    )
    assert (
        TerminalCapabilities(environment, answers=answers, tmux=lambda name: says[name]).mode("kitty")
        is PictureMode.KITTY
    )
    assert (
        TerminalCapabilities(environment, answers=answers, tmux=lambda _: "off").mode("kitty") is PictureMode.QUADRANT
    )


def test_a_choice_for_pixels_holds_only_where_they_are_drawn(tmp_path: Path) -> None:
    file, environment = tmp_path / "terminals.json", {"TERM": "xterm"}
    sixel = TerminalReplies("XTerm(379)", sixel=True, cell=(8, 16), complete=True)
    TerminalCapabilities(environment, file, answers=sixel).remember("sixel")
    assert TerminalCapabilities(environment, file, answers=sixel).mode("braille") is PictureMode.SIXEL
    assert (
        TerminalCapabilities(environment, file, answers=sixel._replace(sixel=False)).mode("auto")
        is PictureMode.QUADRANT
    )
    assert "sixel" not in TerminalCapabilities(environment).choices()
    assert TerminalCapabilities(environment, answers=sixel).mode("sixel") is PictureMode.SIXEL


@pytest.mark.parametrize("text", ["", "[]", '{"xterm, xterm": 5}', '{"xterm, xterm": "\\u001b[31m"}', "\x00"])
def test_a_file_of_choices_that_makes_no_sense_is_no_choice(tmp_path: Path, text: str) -> None:
    (tmp_path / "terminals.json").write_text(text)
    assert TerminalCapabilities({"TERM": "xterm"}, tmp_path / "terminals.json").remembered == ""


def test_a_setting_wins_but_not_over_missing_colours() -> None:
    assert TerminalCapabilities({}).mode("octant") is PictureMode.OCTANT
    assert TerminalCapabilities({}).mode("octant", color=False) is PictureMode.BRAILLE
    assert TerminalCapabilities({"TERM": "xterm-kitty"}).mode("auto") is PictureMode.SEXTANT
    assert TerminalCapabilities({}).mode("unknown") is PictureMode.QUADRANT


EVERYWHERE = ("quadrant", "half", "braille")
KITTY_NOW = TerminalReplies("kitty(0.41.1)", kitty=True, cell=(10, 20), complete=True)


@pytest.mark.parametrize(
    ("answers", "environment", "choices"),
    [
        (TerminalReplies(), {}, EVERYWHERE),
        (TerminalReplies("XTerm(379)", complete=True), {}, EVERYWHERE),
        (TerminalReplies("kitty(0.35.2)", complete=True), {}, ("sextant", *EVERYWHERE)),
        (TerminalReplies("kitty(0.36.0)", complete=True), {}, ("octant", "sextant", *EVERYWHERE)),
        (KITTY_NOW, {}, ("octant", "sextant", *EVERYWHERE, "kitty")),
        (TerminalReplies("foot(1.21.0)", sixel=True, cell=(8, 16)), {}, ("octant", "sextant", *EVERYWHERE, "sixel")),
        (TerminalReplies("WezTerm 20240203", kitty=True), {}, ("sextant", *EVERYWHERE)),
        (TerminalReplies(), {"TERM": "xterm-kitty", "TMUX": "x"}, EVERYWHERE),
        (TerminalReplies(), {"TERM": "xterm-kitty", "STY": "x"}, EVERYWHERE),
    ],
)
def test_the_mode_key_offers_what_this_terminal_draws(
    answers: TerminalReplies, environment: dict[str, str], choices: tuple[str, ...]
) -> None:
    terminal = TerminalCapabilities({"TERM": "xterm", **environment}, answers=answers)
    assert terminal.choices() == ("auto", *choices)
    seen = ["auto"]
    while (following := terminal.next_choice(seen[-1])) != "auto":
        seen.append(following)
        terminal.remember("auto")
    assert tuple(seen) == terminal.choices()
    assert set(seen) <= set(PICTURE_MODES)


def test_what_the_person_saw_drawn_stays_a_choice(tmp_path: Path) -> None:
    file, environment = tmp_path / "terminals.json", {"TERM": "xterm"}
    TerminalCapabilities(environment, file).remember("sextant", drawn=True)
    TerminalCapabilities(environment, file).remember("half")
    again = TerminalCapabilities(environment, file)
    assert again.mode("auto") is PictureMode.HALF
    assert again.choices() == ("auto", "sextant", *EVERYWHERE)
    again.remember("auto")
    assert TerminalCapabilities(environment, file).mode("auto") is PictureMode.QUADRANT
    assert "sextant" in TerminalCapabilities(environment, file).choices()


@pytest.mark.slow
async def test_the_mode_is_shown_changed_by_key_and_remembered(
    running: Running, clock: Clock, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "TMUX", "TERM_PROGRAM", "KITTY_WINDOW_ID", "WEZTERM_PANE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        assert "quadrant" in text_of(pilot.app.screen)
        await press(pilot, clock, "m")
        assert "quadrant (chosen for this" in text_of(pilot.app.screen)
        await press(pilot, clock, "m", "a")
        assert session.requests[-1].mode is PictureMode.HALF
    assert json.loads((home / "state" / "terminals.json").read_text()) == {"xterm, xterm": "half"}


async def test_a_drawing_that_cannot_be_shown_leaves_its_words(running: Running) -> None:
    words = NoPicture("This file is damaged.", neighbours=("left: 16,5", "below: SECTION A-A"))
    async with running(FakeAnnotateSession([task(1)], draw=lambda *_: words)) as pilot:
        assert "left: 16,5" in text_of(pilot.app.screen)


async def test_without_a_drawing_the_place_is_shown_on_an_empty_sheet(running: Running, clock: Clock) -> None:
    words = NoPicture("The server has no drawing for this part.")
    places = [(0.8, 0.7, 0.6, 0.5), (0.1, 0.1, 0.2, 0.2, 1.0), (120.0, 80.0, 160.0, 100.0)]
    tasks = [task(number, bbox=place) for number, place in enumerate(places)]
    async with running(FakeAnnotateSession(tasks, draw=lambda *_: words)) as pilot:
        first = text_of(pilot.app.screen)
        assert all(corner in first for corner in "┏┓┗┛")
        await press(pilot, clock, "a")
        second = text_of(pilot.app.screen)
        assert "┏" in second
        assert second.index("┏") < first.index("┏")  # further up on the sheet
        await press(pilot, clock, "a")
        assert "┏" not in text_of(pilot.app.screen)  # pixels of a sheet that nobody has seen


async def test_the_sheet_carries_its_own_name(running: Running) -> None:
    def titled(one: object, request: PictureRequest) -> Picture:
        from dataclasses import replace

        return replace(fake_picture(task(), request), title="Halter.pdf")

    async with running(FakeAnnotateSession([task(1)], draw=titled)) as pilot:
        assert "Halter.pdf · sheet 1" in text_of(pilot.app.screen)


@pytest.mark.parametrize(
    ("platform", "environment", "there", "command"),
    [
        ("linux", {"DISPLAY": ":0"}, {"xdg-open"}, ["/bin/xdg-open", "crop.png"]),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, {"gio"}, ["/bin/gio", "open", "crop.png"]),
        ("linux", {"DISPLAY": ":0"}, set(), None),
        ("linux", {}, {"xdg-open"}, None),
        ("darwin", {}, set(), ["open", "crop.png"]),
        ("darwin", {"SSH_CONNECTION": "1 2 3 4"}, set(), None),
    ],
)
def test_the_viewer_is_the_systems_and_never_one_in_this_terminal(
    platform: str, environment: dict[str, str], there: set[str], command: list[str] | None
) -> None:
    command_line = viewer_command(
        Path("crop.png"), environment, platform=platform, which=lambda name: f"/bin/{name}" if name in there else None
    )
    assert command_line == command


async def test_a_viewer_that_fails_is_noticed() -> None:
    assert await run_viewer(["/bin/true"])
    assert not await run_viewer(["/bin/false"])
    assert not await run_viewer(["/nonexistent/viewer"])


async def test_without_a_viewer_the_place_of_the_crop_is_said(
    running: Running, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    session = FakeAnnotateSession([task(1)])
    async with running(session) as pilot:
        await press(pilot, clock, "v")
        assert "This part has no drawing." in " ".join(text_of(pilot.app.screen).split())
        session.exported = tmp_path / "crop.png"
        await press(pilot, clock, "v")
        await settle(pilot)
        assert "No picture viewer was found" in " ".join(text_of(pilot.app.screen).split())
