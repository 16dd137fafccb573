"""How pictures are drawn here: what a person chose, else what the terminal answered, else what its name tells."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from gonogo.sheets.models import Mode
from gonogo.tui.terminal.probe import TerminalReplies

AUTO = "auto"
NO_PICTURES = "none"
TERMINALS = "terminals.json"
"""File of what was chosen for each terminal, among the state of one person."""
CHOICES = (AUTO, "octant", "sextant", "quadrant", "half", "braille")
"""What the key for the mode goes through everywhere; `octant` needs Unicode 16, `sextant` Unicode 13."""
PIXELS = (Mode.KITTY, Mode.SIXEL)
"""Real pixels; the key goes through them where the terminal draws them."""

# Terminals that draw these characters themselves, whatever the font, since the version given (of the terminal, or of
# VTE, the library of GNOME's and Xfce's). A version that cannot be known counts as old.
_ANY: tuple[int, ...] = (0,)
_SEXTANTS = dict.fromkeys(("kitty", "foot", "ghostty", "wezterm", "contour"), _ANY)
_SEXTANTS |= {"alacritty": (0, 14), "vte": (6200,)}
_OCTANTS = {"kitty": (0, 40), "foot": (1, 20), "ghostty": (1, 2), "vte": (7800,)}
_PLACEHOLDERS = {"kitty": (0, 28), "ghostty": _ANY}
"""Terminals whose Kitty pictures can stand in text; others (WezTerm, Konsole) answer the question, but draw none."""
_REMEMBERED = 100
_TMUX_SECONDS = 0.5
Changed = Callable[[], None]
Pixels = Callable[[], tuple[int, int]]


class TerminalCapabilities:
    """The terminal that this program runs in: its mode of drawing, and why. It may learn more while the app runs.

    `memory` is the file of what was chosen for each terminal; `pixels` tells the size of a cell, (0, 0) when unknown,
    `tmux` the value of one of its formats.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        memory: Path | None = None,
        *,
        answers: TerminalReplies | None = None,
        pixels: Pixels | None = None,
        tmux: Callable[[str], str] | None = None,
    ) -> None:
        self.environment = environment
        self.answers = answers or TerminalReplies()
        self.write: Callable[[str], None] | None = None
        """Sends commands to the terminal, outside of any frame; `None` while there is none (tests, a web page)."""
        self.after_frame: Callable[[str], str] | None = None
        """Asked with each frame as it leaves: what must follow it at once."""
        self.pixels_shown = True
        """Whether real pixels may be shown now; not while the program leaves."""
        self._memory = memory
        self._pixels = pixels or (lambda: (0, 0))
        self._tmux = tmux or (lambda _: "")
        self._tmux_says: dict[str, str] = {}
        self._chosen: dict[str, str] | None = None
        self._listeners: list[Changed] = []

    # --- what it is --------------------------------------------------------------------------------------

    @property
    def in_tmux(self) -> bool:
        return bool(self.environment.get("TMUX")) or self.answers.name.startswith("tmux")

    @property
    def name(self) -> str:
        """What the terminal is called, for a person."""
        return self.answers.name or _program(self.environment) or self.environment.get("TERM", "") or "this terminal"

    @property
    def cell(self) -> tuple[int, int]:
        """A cell's width and height in pixels; (0, 0) when unknown."""
        now = self._pixels()
        return now if min(now) > 0 else self.answers.cell

    def told(self, answers: TerminalReplies) -> None:
        """The terminal has answered, late."""
        self.answers = answers
        for listener in tuple(self._listeners):
            listener()

    def subscribe(self, listener: Changed) -> Changed:
        """Call `listener` when more is known; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # --- how to draw -------------------------------------------------------------------------------------

    def mode(self, setting: str, *, color: bool = True) -> Mode:
        return self.chosen(setting, color=color)[0]

    def chosen(self, setting: str, *, color: bool = True) -> tuple[Mode, str]:
        """The mode, and the reason for it in words. A choice for this terminal comes before the settings' for all."""
        own = self.remembered
        if own in PIXELS and self.answers.complete and not self._says(Mode(own)):
            own = ""  # another terminal of the same name, or set up otherwise
        for wanted, why in ((own, "chosen for this terminal"), (setting, "set in the settings (picture_mode)")):
            if wanted in PIXELS:
                if self._possible(Mode(wanted)):
                    return Mode(wanted), why
            elif wanted in CHOICES[1:]:
                if color or wanted == Mode.BRAILLE:
                    return Mode(wanted), why
                return Mode.BRAILLE, f"there are no colours here; {wanted} was {why}"
        return self._usual(color=color)

    def choices(self) -> tuple[str, ...]:
        """What the key for the mode goes through in this terminal."""
        return CHOICES + tuple(mode.value for mode in PIXELS if self._says(mode) and self._possible(mode))

    def next_choice(self, setting: str) -> str:
        return next_choice(self.remembered or setting, self.choices())

    def _usual(self, *, color: bool) -> tuple[Mode, str]:
        if color and not self.environment.get("NO_COLOR"):
            if self._says(Mode.KITTY):
                return Mode.KITTY, f"{self.name} takes pictures (Kitty graphics)"
            if self._says(Mode.SIXEL) and self._possible(Mode.SIXEL):
                return Mode.SIXEL, f"{self.name} draws Sixel pictures"
        mode = usual_mode(self.environment, color=color, answers=self.answers)
        if mode in (Mode.OCTANT, Mode.SEXTANT):
            return mode, f"{self.name} draws these characters itself"
        if mode is Mode.BRAILLE:
            return mode, "there are no colours here"
        unsure = "" if mode is Mode.HALF else "; gonogo doctor shows what else this one can do"
        return mode, f"every terminal draws these{unsure}"

    def _says(self, mode: Mode) -> bool:
        if mode is Mode.SIXEL:
            # tmux answers for itself; the terminal around it must draw them, too.
            return self.answers.sixel and (not self.in_tmux or "sixel" in self._in_tmux("client_termfeatures"))
        return (
            self.answers.kitty and not self.in_tmux and _since(_PLACEHOLDERS, *_known(self.environment, self.answers))
        )

    def _in_tmux(self, name: str) -> str:
        if name not in self._tmux_says:
            self._tmux_says[name] = self._tmux(name)
        return self._tmux_says[name]

    def _possible(self, mode: Mode) -> bool:
        """Sixel pictures are placed by the pixel; Kitty's fit cells by themselves, where tmux lets them through."""
        if mode is Mode.KITTY:
            return not self.in_tmux or self._in_tmux("allow-passthrough") in ("on", "all", "1", "2")
        return min(self.cell) > 0

    # --- what was chosen ---------------------------------------------------------------------------------

    @property
    def remembered(self) -> str:
        """The mode chosen for this terminal; empty when none was."""
        known = self._choices_made()
        return next((known[key] for key in self._keys() if key in known), "")

    def remember(self, choice: str) -> None:
        """Draw so in this terminal from now on; `auto` forgets what was chosen. Raises `OSError`."""
        known = {key: value for key, value in self._choices_made().items() if key not in self._keys()}
        if choice != AUTO:
            known[self._keys()[0]] = choice
        self._chosen = dict(list(known.items())[-_REMEMBERED:])
        if self._memory is not None:
            from gonogo.desk.core.paths import private_folder

            private_folder(self._memory.parent)
            draft = self._memory.with_suffix(".new")
            draft.write_text(json.dumps(self._chosen, indent=1), encoding="utf-8")
            os.replace(draft, self._memory)

    def _keys(self) -> list[str]:
        """Names to remember this terminal by: its own answer first, for over ssh the environment tells little."""
        term = self.environment.get("TERM", "")
        inside = "tmux, " if self.in_tmux else ""
        names = [name for name in (self.answers.name, _program(self.environment)) if name]
        return [f"{inside}{name}, {term}" for name in names] or [f"{inside}{term}"]

    def _choices_made(self) -> dict[str, str]:
        if self._chosen is None:
            self._chosen = _read(self._memory) if self._memory is not None else {}
        return self._chosen


def usual_mode(environment: Mapping[str, str], *, color: bool = True, answers: TerminalReplies | None = None) -> Mode:
    """The finest mosaic that this terminal is known to draw; quadrants, which every one draws, when in doubt.

    Inside tmux or screen the environment may be that of another terminal, so it proves nothing.
    """
    term = environment.get("TERM", "")
    if not color or environment.get("NO_COLOR"):
        return Mode.BRAILLE
    if term in ("linux", "dumb"):
        return Mode.HALF
    if environment.get("TMUX") or environment.get("STY") or term.startswith(("tmux", "screen")):
        return Mode.QUADRANT
    known = _known(environment, answers or TerminalReplies())
    if _since(_OCTANTS, *known):
        return Mode.OCTANT
    return Mode.SEXTANT if _since(_SEXTANTS, *known) else Mode.QUADRANT


def mode_of(setting: str, environment: Mapping[str, str], *, color: bool = True) -> Mode:
    """The mosaic for `setting` (a mode's name, or `auto`), where many small pictures are shown: never real pixels.

    Without colours two-colour modes are braille dots.
    """
    chosen = usual_mode(environment, color=color)
    if setting in CHOICES[1:] and (color or setting == Mode.BRAILLE):
        chosen = Mode(setting)
    return chosen


def next_choice(setting: str, choices: tuple[str, ...] = CHOICES) -> str:
    """The choice after `setting`, around."""
    at = choices.index(setting) if setting in choices else 0
    return choices[(at + 1) % len(choices)]


def window_cell() -> tuple[int, int]:
    """A cell's size in pixels as the kernel knows it of the terminal we draw on; (0, 0) where nobody told it."""
    import fcntl
    import struct
    import termios

    try:
        rows, columns, width, height = struct.unpack("HHHH", fcntl.ioctl(2, termios.TIOCGWINSZ, bytes(8)))
    except OSError:
        return 0, 0
    return (width // columns, height // rows) if rows and columns else (0, 0)


def ask_tmux(name: str) -> str:
    """The value of one of tmux's formats or options, of the pane we are in; empty when it does not tell."""
    import subprocess

    command = ["tmux", "display-message", "-p", f"#{{{name}}}"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=_TMUX_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return told.stdout.strip()


def _known(environment: Mapping[str, str], answers: TerminalReplies) -> tuple[str, tuple[int, ...]]:
    """Name and version: as answered (`kitty(0.36.4)`, `foot(1.20.2)`, `VTE(7600)`), else by the environment."""
    if answers.name:
        return re.split(r"[^a-z]", answers.name.lower())[0], _version(answers.name)
    vte = environment.get("VTE_VERSION", "")
    if vte.isascii() and vte.isdigit():
        return "vte", (int(vte[:8]),)
    return _program(environment), _version(environment.get("TERM_PROGRAM_VERSION", ""))


def _program(environment: Mapping[str, str]) -> str:
    if environment.get("KITTY_WINDOW_ID"):
        return "kitty"
    if environment.get("WEZTERM_PANE"):
        return "wezterm"
    if program := environment.get("TERM_PROGRAM", "").lower():
        return program
    term = environment.get("TERM", "").removeprefix("xterm-")
    return re.split(r"[-+]", term)[0]


def _since(table: Mapping[str, tuple[int, ...]], name: str, version: tuple[int, ...]) -> bool:
    return name in table and (table[name] == _ANY or version >= table[name])


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]{1,8}", text)[:2])


def _read(path: Path) -> dict[str, str]:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}  # never written, or by something else: the choice is made anew
    if not isinstance(known, dict):
        return {}
    return {key: value for key, value in known.items() if isinstance(value, str) and value in {*CHOICES, *PIXELS}}
