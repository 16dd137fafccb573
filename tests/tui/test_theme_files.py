"""Themes are files: ours are good, a broken one is named and left out."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
from textual.color import Color
from textual.pilot import Pilot
from textual.widgets import OptionList

from gonogo.desk.core.settings import Settings
from gonogo.tui.terminal.capabilities import TerminalCapabilities
from gonogo.tui.terminal.probe import TerminalReplies
from gonogo.tui.theme_files import ThemeError, emergency_theme, load_themes, read_theme, themes_folder
from tests.support.labeling_server import until
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, task
from tests.tui.screen_text import appears, press, segments, settle, text_of

OURS = [
    "colour-blind-dark",
    "colour-blind-light",
    "dark",
    "high-contrast",
    "high-contrast-light",
    "light",
    "paper",
    "sixteen",
]
DARK = (themes_folder() / "dark.toml").read_text(encoding="utf-8")


def test_our_themes_are_found_where_they_are_installed() -> None:
    looks, problems = load_themes([themes_folder()])
    assert (sorted(looks), problems) == (OURS, [])


@pytest.mark.parametrize("name", OURS)
def test_our_themes_can_be_read_by_eye(name: str) -> None:
    look = read_theme(themes_folder() / f"{name}.toml")
    grounds = [Color.parse(look.colors[ground]) for ground in ("background", "pane", "raised")]
    words = ["text", "strong", "quiet", "accent", "correct", "incorrect", "unsure", "warning", "error"]
    for ground, word in itertools.product(grounds, words):
        assert contrast(Color.parse(look.colors[word]), ground) >= (7 if name.startswith("high-contrast") else 4.5), (
            word
        )
    paper, ink, mark = (Color.parse(look.drawing[key]) for key in ("paper", "ink", "mark"))
    assert contrast(ink, paper) >= 10
    assert contrast(mark, paper) >= 3


# Colours as people see them who lack one kind of cone, in linear RGB (Machado, Oliveira, Fernandes 2009, severity 1).
VISIONS = {
    "usual": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("name", ["colour-blind-dark", "colour-blind-light"])
def test_verdicts_differ_in_colour_for_every_eye(name: str, vision: str) -> None:
    colors = read_theme(themes_folder() / f"{name}.toml").colors
    verdicts = [_seen(Color.parse(colors[verdict]), VISIONS[vision]) for verdict in ("correct", "incorrect", "unsure")]
    assert min(math.dist(one, other) for one, other in itertools.combinations(verdicts, 2)) > 40  # 2.3 is just seen


def _seen(color: Color, vision: tuple[tuple[float, float, float], ...]) -> tuple[float, float, float]:
    """CIE Lab of a colour as this vision sees it."""
    linear = [min(max(sum(k * c for k, c in zip(row, _linear(color), strict=True)), 0), 1) for row in vision]
    to_xyz = ((0.4339, 0.3762, 0.1899), (0.2126, 0.7152, 0.0722), (0.0177, 0.1095, 0.8729))  # over the white point
    x, y, z = (sum(k * c for k, c in zip(row, linear, strict=True)) for row in to_xyz)
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def test_a_terminal_of_sixteen_colours_shows_the_theme_for_it_unchanged() -> None:
    look = read_theme(themes_folder() / "sixteen.toml")
    low, high = ("00", "aa"), ("55", "ff")
    standard = {f"#{r}{g}{b}" for levels in (low, high) for r, g, b in itertools.product(levels, repeat=3)}
    assert {color.lower() for color in (*look.colors.values(), *look.drawing.values())} <= standard


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio of WCAG 2, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    red, green, blue = _linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(color: Color) -> list[float]:
    return [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized]


@pytest.mark.parametrize("name", OURS)
async def test_every_theme_shows_the_whole_screen(running: Running, clock: Clock, name: str) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session, profile=Settings(theme=name)) as pilot:
        assert pilot.app.theme == name
        await press(pilot, clock, "a", "question_mark")
        assert "Answering" in text_of(pilot.app.screen)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('accent = "#6cb6ff"', 'accent = "$primary"'), "colors.accent"),
        (('accent = "#6cb6ff"', 'accent = "not a colour"'), "colors.accent"),
        (('accent = "#6cb6ff"', "accent = 7"), "colors.accent"),
        (('accent = "#6cb6ff"', 'accent = "#6cb6ff20"'), "transparent"),
        (('accent = "#6cb6ff"', 'accent = "ansi_red"'), "colors.accent"),
        (("accent =", "acent ="), "did you mean colors.accent"),
        (('accent = "#6cb6ff"', ""), "colors.accent: missing"),
        (("dark = true", "dark = 3"), "dark"),
        (('name = "dark"', 'name = "a/b"'), "name"),
        (("[drawing]", "[drawings]"), "drawings"),
        (('name = "dark"', "name = "), "not TOML"),
    ],
)
def test_a_broken_theme_is_refused_with_file_and_key(tmp_path: Path, change: tuple[str, str], named: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(DARK.replace(*change), encoding="utf-8")
    with pytest.raises(ThemeError) as refused:
        read_theme(path)
    assert str(refused.value).startswith("mine.toml: ")
    assert named in str(refused.value)


async def test_a_broken_theme_is_a_notice_and_a_fallback(running: Running, home: Path) -> None:
    folder = home / "config" / "themes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(DARK.replace('name = "dark"', 'name = "mine"').replace("#0b0c0e", "#zz"))
    session = FakeAnnotateSession([task(1)])
    async with running(session, profile=Settings(theme="mine")) as pilot:
        assert pilot.app.theme == "dark"
        shown = " ".join(text_of(pilot.app.screen).split())
        assert "mine.toml: colors.background" in shown


async def test_a_theme_of_ones_own_is_used_and_remembered(running: Running, clock: Clock, home: Path) -> None:
    folder = home / "config" / "themes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(DARK.replace('name = "dark"', 'name = "mine"'))
    async with running(FakeAnnotateSession([task(1)]), profile=Settings(theme="light")) as pilot:
        await press(pilot, clock, "f2", "down")
        assert pilot.app.theme == "mine", "at once"
        assert not (home / "config" / "settings.toml").exists()
        await press(pilot, clock, "enter")
        assert pilot.app.theme == "mine"
    assert 'theme = "mine"' in (home / "config" / "settings.toml").read_text()


async def test_a_saved_theme_is_shown_at_once_and_a_broken_one_named(running: Running, home: Path) -> None:
    path = home / "config" / "themes" / "mine.toml"
    path.parent.mkdir(parents=True)
    mine = DARK.replace('name = "dark"', 'name = "mine"')
    path.write_text(mine)
    async with running(FakeAnnotateSession([task(1)]), profile=Settings(theme="mine")) as pilot:
        assert "#ffe0b0" not in colors_of(pilot)
        path.write_text(mine.replace('strong = "#f4f7fa"', 'strong = "#ffe0b0"'))
        await until(lambda: "#ffe0b0" in colors_of(pilot))
        path.write_text(mine.replace("#f4f7fa", "#zz"))
        await appears(pilot, "colors.strong")
        assert "#ffe0b0" in colors_of(pilot), "the last usable state stays"


def colors_of(pilot: Pilot[None]) -> set[str]:
    """Colours of all text on the screen."""
    styles = [segment.style for segment in segments(pilot.app.screen) if segment.style is not None]
    return {style.color.triplet.hex for style in styles if style.color is not None and style.color.triplet is not None}


async def test_no_theme_files_at_all_still_starts(running: Running, tmp_path: Path) -> None:
    async with running(FakeAnnotateSession([task(1)]), theme_folders=[tmp_path]) as pilot:
        assert pilot.app.theme == emergency_theme().name
        assert "a correct" in text_of(pilot.app.screen)


async def test_without_colour_everything_is_grey_and_still_said(
    running: Running, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    session = FakeAnnotateSession([task(1), task(2), task(3)])
    async with running(session) as pilot:
        await press(pilot, clock, "a", "s")
        await settle(pilot)
        for segment in segments(pilot.app.screen):
            for color in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                if color is not None and color.triplet is not None:
                    assert max(color.triplet) - min(color.triplet) <= 1
        shown = text_of(pilot.app.screen)
        assert "✓" in shown
        assert "✗" in shown
        assert "saved" in shown


async def test_escape_in_the_list_of_themes_restores_the_one_before(running: Running, clock: Clock, home: Path) -> None:
    async with running(FakeAnnotateSession([task(1)]), profile=Settings(theme="light")) as pilot:
        await press(pilot, clock, "f2", "up", "up")
        assert pilot.app.theme != "light"
        await press(pilot, clock, "escape")
        assert pilot.app.theme == "light"
        await press(pilot, clock, "a")
    assert not (home / "config" / "settings.toml").exists()


@pytest.mark.parametrize(("light", "theme"), [(True, "light"), (False, "dark"), (None, "dark")])
async def test_the_theme_follows_the_terminal(running: Running, light: bool | None, theme: str) -> None:
    terminal = TerminalCapabilities({}, answers=TerminalReplies(light=light))
    async with running(FakeAnnotateSession([task(1)]), terminal=terminal) as pilot:
        assert pilot.app.theme == theme


async def test_a_late_answer_of_the_terminal_is_followed_and_a_chosen_theme_stays(running: Running) -> None:
    for setting, theme in (("auto", "light"), ("paper", "paper")):
        terminal = TerminalCapabilities({})
        session = FakeAnnotateSession([task(1)])
        async with running(session, terminal=terminal, profile=Settings(theme=setting)) as pilot:
            terminal.update(TerminalReplies(light=True))
            assert pilot.app.theme == theme


@pytest.mark.parametrize("name", OURS)
async def test_the_chosen_line_of_the_list_can_be_read(running: Running, clock: Clock, name: str) -> None:
    async with running(FakeAnnotateSession([task(1)]), profile=Settings(theme=name)) as pilot:
        await press(pilot, clock, "f2")
        style = pilot.app.screen.query_one(OptionList).get_visual_style("option-list--option-highlighted")
        background, foreground = style.background, style.foreground
        assert background is not None
        assert foreground is not None
        assert contrast(background, foreground) >= 4.5
