"""Capabilities of the terminal: chooses its picture mode by the person's choice, its reply, or its name."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from gonogo.desk.core.paths import private_folder
from gonogo.sheets.picture_modes import (
    ANY_VERSION,
    CELL_MODES,
    EVERYWHERE,
    PICTURE_MODES,
    PIXEL_MODES,
    PictureMode,
    Version,
)
from gonogo.sheets.terminal.kitty import PictureNumbers
from gonogo.tui.terminal.probe import TerminalReplies

try:
    import fcntl
    import termios
except ImportError:  # Windows
    termios = None  # type: ignore[assignment,unused-ignore]

AUTO = "auto"
NO_PICTURES = "none"
TERMINALS = "terminals.json"
"""File of the choices by terminal, in the state folder."""
MODE_WORDS = tuple(mode.value for mode in (*CELL_MODES, *PIXEL_MODES))
_REMEMBERED = 100
_TMUX_SECONDS = 0.5
Changed = Callable[[], None]
Pixels = Callable[[], tuple[int, int]]


class SavedChoice(NamedTuple):
    """Choice for one terminal: the mode, empty for none, and the modes that the person saw it draw."""

    mode: str = ""
    drawn: frozenset[str] = frozenset()

    def as_json(self) -> str | dict[str, object]:
        return {"mode": self.mode, "drawn": sorted(self.drawn)} if self.drawn else self.mode


class TerminalCapabilities:
    """Capabilities of the terminal: its picture mode, and the reason for it. Late replies update them.

    `memory` is the file of the choices by terminal; `pixels` returns the size of a cell, (0, 0) when unknown,
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
        self.overlays: list[Callable[[str], str]] = []
        """Each returns the commands that must follow a frame, to which it is applied, so that its picture is whole."""
        self.picture_numbers = PictureNumbers(os.getpid() * 7)
        self.reports_repeats = False
        """Whether the terminal says which keys are repeats of a key that is held down."""
        self._repeats: deque[float] = deque(maxlen=64)
        self.pixels_shown = True
        """Whether real pixels may be shown; false while the program ends."""
        self._memory = memory
        self._pixels = pixels or (lambda: (0, 0))
        self._tmux = tmux or (lambda _: "")
        self._tmux_values: dict[str, str] = {}
        self._saved: dict[str, SavedChoice] | None = None
        self._listeners: list[Changed] = []

    def after_frame(self, frame: str) -> str:
        """Returns the commands that must follow `frame`, in which it is written to the terminal."""
        return "".join([overlay(frame) for overlay in tuple(self.overlays)])

    # --- keys --------------------------------------------------------------------------------------------

    def record_repeat(self, time: float) -> None:
        """Records the time of a key event that the terminal reports as a repeat."""
        self._repeats.append(time)

    def is_repeat(self, time: float) -> bool | None:
        """Returns whether the key event of `time` is a repeat of a held key; `None` where that is not reported."""
        return time in self._repeats if self.reports_repeats else None

    # --- identity ---------------------------------------------------------------------------------------

    @property
    def in_tmux(self) -> bool:
        return bool(self.environment.get("TMUX")) or self.answers.name.startswith("tmux")

    @property
    def name(self) -> str:
        """Name of the terminal, for a person."""
        return self.answers.name or _program(self.environment) or self.environment.get("TERM", "") or "this terminal"

    @property
    def cell(self) -> tuple[int, int]:
        """A cell's width and height in pixels; (0, 0) when unknown."""
        now = self._pixels()
        return now if min(now) > 0 else self.answers.cell

    def update(self, answers: TerminalReplies) -> None:
        """Sets the replies of a terminal that answered late."""
        self.answers = answers
        for listener in tuple(self._listeners):
            listener()

    def subscribe(self, listener: Changed) -> Changed:
        """Calls `listener` on every update; returns the function that unsubscribes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # --- picture mode ------------------------------------------------------------------------------------

    def mode(self, setting: str, *, color: bool = True) -> PictureMode:
        return self.chosen(setting, color=color)[0]

    def chosen(self, setting: str, *, color: bool = True) -> tuple[PictureMode, str]:
        """Mode, and the reason for it in words. A choice for this terminal wins over the setting."""
        own = self.remembered
        if own in PIXEL_MODES and self.answers.complete and self.lacks(PictureMode(own)):
            own = ""  # another terminal of the same name, or set up otherwise
        for choice, reason in ((own, "chosen for this terminal"), (setting, "set in the settings (picture_mode)")):
            if choice in PIXEL_MODES:
                if self._possible(PictureMode(choice)):
                    return PictureMode(choice), reason
            elif choice in MODE_WORDS:
                if color or not PICTURE_MODES[PictureMode(choice)].two_colors:
                    return PictureMode(choice), reason
                return PictureMode.BRAILLE, f"there are no colours here; {choice} was {reason}"
        return self._default_mode(color=color)

    def choices(self) -> tuple[str, ...]:
        """Choices of the mode key: what this terminal draws by its name, its replies, or what the person said."""
        return (AUTO, *(word for word in MODE_WORDS if not self.lacks(PictureMode(word))))

    def lacks(self, mode: PictureMode, *, seen: bool = False) -> str:
        """Returns the reason why this terminal does not draw `mode`, in words; empty where it does.

        `seen`: the person sees that it is drawn here. That counts for characters, and for what tmux hides.
        """
        seen = seen or mode.value in self._own.drawn
        if mode in PIXEL_MODES:
            hidden = mode is PictureMode.KITTY and self.in_tmux and seen
            if not hidden and not self._supports(mode):
                return f"{self.name} does not say that it draws {mode.value.title()} pictures"
            return "" if self._possible(mode) else self._hindrance(mode)
        if seen or PICTURE_MODES[mode].terminals is None or self._is_drawn(mode):
            return ""
        return f"{self.name} is not known to draw {mode.value}s"

    def next_choice(self, setting: str) -> str:
        choices, now = self.choices(), self.remembered or setting
        at = choices.index(now) if now in choices else 0
        return choices[(at + 1) % len(choices)]

    def _default_mode(self, *, color: bool) -> tuple[PictureMode, str]:
        if color and not self.environment.get("NO_COLOR"):
            if self._supports(PictureMode.KITTY):
                return PictureMode.KITTY, f"{self.name} takes pictures (Kitty graphics)"
            if self._supports(PictureMode.SIXEL) and self._possible(PictureMode.SIXEL):
                return PictureMode.SIXEL, f"{self.name} draws Sixel pictures"
        mode = usual_mode(self.environment, color=color, answers=self.answers)
        if PICTURE_MODES[mode].terminals is not None:
            return mode, f"{self.name} draws these characters itself"
        if mode is PictureMode.BRAILLE:
            return mode, "there are no colours here"
        unsure = "" if mode is PictureMode.HALF else "; gonogo doctor shows what else this one can do"
        return mode, f"every terminal draws these{unsure}"

    def _supports(self, mode: PictureMode) -> bool:
        if mode is PictureMode.SIXEL:
            # tmux answers for itself; the terminal around it must draw them, too.
            return self.answers.sixel and (not self.in_tmux or "sixel" in self._tmux_value("client_termfeatures"))
        return (
            self.answers.kitty
            and not self.in_tmux
            and _draws(PictureMode.KITTY, *_known(self.environment, self.answers))
        )

    def _is_drawn(self, mode: PictureMode) -> bool:
        """Returns whether the terminal is known to draw a cell mode; inside tmux and screen nothing is known."""
        hidden = self.in_tmux or self.environment.get("STY")
        return not hidden and _draws(mode, *_known(self.environment, self.answers))

    def _hindrance(self, mode: PictureMode) -> str:
        if mode is PictureMode.KITTY:
            return "tmux keeps pictures back; set -g allow-passthrough on lets them through"
        return f"{self.name} did not say how many pixels a cell has"

    def _tmux_value(self, name: str) -> str:
        if name not in self._tmux_values:
            self._tmux_values[name] = self._tmux(name)
        return self._tmux_values[name]

    def _possible(self, mode: PictureMode) -> bool:
        """Returns whether a pixel mode can work: Sixel needs the cell size, Kitty inside tmux its passthrough."""
        if mode is PictureMode.KITTY:
            return not self.in_tmux or self._tmux_value("allow-passthrough") in ("on", "all", "1", "2")
        return min(self.cell) > 0

    # --- saved choices -----------------------------------------------------------------------------------

    @property
    def remembered(self) -> str:
        """Mode chosen for this terminal; empty if none was."""
        return self._own.mode

    @property
    def _own(self) -> SavedChoice:
        known = self._saved_choices()
        return next((known[key] for key in self._keys() if key in known), SavedChoice())

    def remember(self, choice: str, *, drawn: bool = False) -> None:
        """Saves the choice for this terminal; `auto` deletes it. Raises `OSError`.

        `drawn`: the person saw that the terminal draws it, so that it stays among the choices.
        """
        known = {key: value for key, value in self._saved_choices().items() if key not in self._keys()}
        own = SavedChoice("" if choice == AUTO else choice, self._own.drawn | ({choice} if drawn else frozenset()))
        if own != SavedChoice():
            known[self._keys()[0]] = own
        self._saved = dict(list(known.items())[-_REMEMBERED:])
        if self._memory is not None:
            private_folder(self._memory.parent)
            draft = self._memory.with_suffix(".new")
            draft.write_text(json.dumps({key: own.as_json() for key, own in self._saved.items()}, indent=1), "utf-8")
            os.replace(draft, self._memory)

    def _keys(self) -> list[str]:
        """Keys of this terminal in the saved choices; its own reply first, because ssh hides the environment."""
        term = self.environment.get("TERM", "")
        inside = "tmux, " if self.in_tmux else ""
        names = [name for name in (self.answers.name, _program(self.environment)) if name]
        return [f"{inside}{name}, {term}" for name in names] or [f"{inside}{term}"]

    def _saved_choices(self) -> dict[str, SavedChoice]:
        if self._saved is None:
            self._saved = _read(self._memory) if self._memory is not None else {}
        return self._saved


def usual_mode(
    environment: Mapping[str, str], *, color: bool = True, answers: TerminalReplies | None = None
) -> PictureMode:
    """Returns the finest mosaic that this terminal is known to draw; in doubt quadrants, which all draw.

    Inside tmux or screen the environment may be that of another terminal, so it proves nothing.
    """
    term = environment.get("TERM", "")
    if not color or environment.get("NO_COLOR"):
        return PictureMode.BRAILLE
    if term in ("linux", "dumb"):
        return PictureMode.HALF
    if environment.get("TMUX") or environment.get("STY") or term.startswith(("tmux", "screen")):
        return EVERYWHERE
    known = _known(environment, answers or TerminalReplies())
    return next((mode for mode in CELL_MODES if _draws(mode, *known)), EVERYWHERE)


def window_cell() -> tuple[int, int]:
    """Returns a cell's size in pixels as the kernel reports it for stderr's terminal; (0, 0) when unknown."""
    try:
        if termios is None:
            raise OSError("no terminal of this kind on Windows")
        rows, columns, width, height = struct.unpack("HHHH", fcntl.ioctl(2, termios.TIOCGWINSZ, bytes(8)))
    except OSError:
        return 0, 0
    return (width // columns, height // rows) if rows and columns else (0, 0)


def ask_tmux(name: str) -> str:
    """Returns the value of a tmux format or option for our pane; empty when unknown."""
    command = ["tmux", "display-message", "-p", f"#{{{name}}}"]
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=_TMUX_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return process.stdout.strip()


def _known(environment: Mapping[str, str], answers: TerminalReplies) -> tuple[str, tuple[int, ...]]:
    """Name and version: as replied (`kitty(0.36.4)`, `foot(1.20.2)`, `VTE(7600)`), else by the environment."""
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


def _draws(mode: PictureMode, name: str, version: Version) -> bool:
    """Returns whether the terminal draws `mode` itself. An unknown version counts as old."""
    since = (PICTURE_MODES[mode].terminals or {}).get(name)
    return since is not None and (since == ANY_VERSION or version >= since)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]{1,8}", text)[:2])


def _read(path: Path) -> dict[str, SavedChoice]:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}  # never written, or by something else: the choice is made anew
    if not isinstance(known, dict):
        return {}
    choices = ((key, _saved_choice(value)) for key, value in known.items())
    return {key: choice for key, choice in choices if choice != SavedChoice()}


def _saved_choice(value: object) -> SavedChoice:
    """Reads a mode's word, or a table of `mode` and `drawn`; what makes no sense is left out."""
    mode, drawn = (value.get("mode"), value.get("drawn")) if isinstance(value, dict) else (value, None)
    words = drawn if isinstance(drawn, list) else []
    return SavedChoice(
        mode if isinstance(mode, str) and mode in MODE_WORDS else "",
        frozenset(word for word in words if isinstance(word, str) and word in MODE_WORDS),
    )
