"""How pictures are drawn here: the setting, else what the environment tells of the terminal. It is never asked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gonogo.sheets.types import Mode

AUTO = "auto"
NO_PICTURES = "none"
CHOICES = (AUTO, "octant", "sextant", "quadrant", "half", "braille")
"""What the key for the mode goes through; `octant` needs Unicode 16, `sextant` Unicode 13."""

# Terminals that draw these characters themselves, whatever the font. A version that cannot be known counts as old.
_SEXTANTS = frozenset(("kitty", "foot", "ghostty", "wezterm"))
_VTE_SEXTANTS = 6200  # VTE 0.62
_OCTANTS = {"ghostty": (1, 2)}


def usual_mode(environment: Mapping[str, str], *, color: bool = True) -> Mode:
    """The finest mode that this terminal is known to draw; quadrants, which every one draws, when in doubt.

    Inside tmux or screen the environment may be that of another terminal, so it proves nothing.
    """
    term = environment.get("TERM", "")
    if not color or environment.get("NO_COLOR"):
        return Mode.BRAILLE
    if term in ("linux", "dumb"):
        return Mode.HALF
    if environment.get("TMUX") or environment.get("STY") or term.startswith(("tmux", "screen")):
        return Mode.QUADRANT
    name = _name(environment)
    if name in _OCTANTS and _version(environment.get("TERM_PROGRAM_VERSION", "")) >= _OCTANTS[name]:
        return Mode.OCTANT
    vte = environment.get("VTE_VERSION", "")
    if name in _SEXTANTS or (vte.isascii() and vte.isdigit() and int(vte[:8]) >= _VTE_SEXTANTS):
        return Mode.SEXTANT
    return Mode.QUADRANT


def mode_of(setting: str, environment: Mapping[str, str], *, color: bool = True) -> Mode:
    """The mode for `setting` (a mode's name, or `auto`). Without colours two-colour modes are braille dots."""
    chosen = usual_mode(environment, color=color)
    if setting in CHOICES[1:] and (color or setting == Mode.BRAILLE):
        chosen = Mode(setting)
    return chosen


def next_choice(setting: str) -> str:
    """The choice after `setting`, around."""
    at = CHOICES.index(setting) if setting in CHOICES else 0
    return CHOICES[(at + 1) % len(CHOICES)]


def _name(environment: Mapping[str, str]) -> str:
    if environment.get("KITTY_WINDOW_ID"):
        return "kitty"
    if environment.get("WEZTERM_PANE"):
        return "wezterm"
    if program := environment.get("TERM_PROGRAM", "").lower():
        return program
    term = environment.get("TERM", "").removeprefix("xterm-")
    return re.split(r"[-+]", term)[0]


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]{1,4}", text)[:2])
