"""Theme files: one TOML format for the shipped themes and a person's own, validated before Textual sees them.

Textual accepts a bad colour silently and dies on the next message, so nothing is registered unchecked.
"""

from __future__ import annotations

import contextlib
import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from textual.color import Color, ColorParseError
from textual.theme import Theme

from gonogo.schemas.verdicts import VERDICTS

VERDICT_COLORS = tuple(traits.color for traits in VERDICTS.values())
COLORS = (
    "background", "pane", "raised", "line", "text", "strong", "quiet", "accent", *VERDICT_COLORS, "warning", "error",
)  # fmt: skip
DRAWING = ("paper", "ink", "mark")
AUTOMATIC, LIGHT = "auto", "light"
"""Setting that follows the terminal, and the theme it takes where that is light."""
FALLBACK = "dark"
MAX_BYTES = 65_536


class ThemeError(Exception):
    """Error of a theme file; the message names the file and the key."""


@dataclass(frozen=True, slots=True)
class ThemeFile:
    """Validated theme: `colors` and `drawing` hold `#rrggbb` strings under the names of the format."""

    name: str
    title: str
    dark: bool
    colors: Mapping[str, str]
    drawing: Mapping[str, str]

    def variables(self) -> dict[str, str]:
        """Returns our CSS variables; every theme must define all of them, or Textual dies when it is chosen."""
        names = ("strong", "quiet", "line", "raised", *VERDICT_COLORS)
        return {name: self.colors[name] for name in names} | {
            f"drawing-{name}": color for name, color in self.drawing.items()
        }

    def theme(self) -> Theme:
        """Returns the theme in Textual's terms."""
        c = self.colors
        own = self.variables() | {
            "footer-background": c["background"], "block-cursor-background": c["accent"],
            "block-cursor-foreground": c["background"], "input-cursor-background": c["strong"],
            "input-cursor-foreground": c["pane"], "input-selection-background": c["line"],
            "scrollbar": c["line"], "scrollbar-background": c["pane"], "border": c["line"],
        }  # fmt: skip
        return Theme(
            name=self.name, dark=self.dark, primary=c["accent"], secondary=c["accent"], accent=c["accent"],
            foreground=c["text"], background=c["background"], surface=c["pane"], panel=c["raised"],
            success=c["correct"], warning=c["warning"], error=c["error"], variables=own,
        )  # fmt: skip


def themes_folder() -> Path:
    """Folder of the shipped themes: inside an installed package, else next to `pyproject.toml` of the source tree."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "_themes"
    return packaged if packaged.is_dir() else package.parents[1] / "themes"


def load_themes(folders: Iterable[Path]) -> tuple[dict[str, ThemeFile], list[str]]:
    """Returns all themes of `folders` by name (a later folder wins), and a sentence for each file that is left out."""
    themes: dict[str, ThemeFile] = {}
    problems: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            try:
                theme = read_theme(path)
            except ThemeError as error:
                problems.append(str(error))
            else:
                themes[theme.name] = theme
    return themes, problems


def saved_states(folder: Path) -> dict[Path, tuple[int, int]]:
    """Returns time and size of each theme file in `folder`: unequal once one was saved, added or removed."""
    states: dict[Path, tuple[int, int]] = {}
    with contextlib.suppress(OSError):  # removed in the meantime
        for path in folder.glob("*.toml"):
            status = path.stat()
            states[path] = status.st_mtime_ns, status.st_size
    return states


def read_theme(path: Path) -> ThemeFile:
    """Reads and validates one file.

    Raises:
        ThemeError: naming the file, the key and the nearest right one.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ThemeError(f"{path.name}: larger than {MAX_BYTES // 1024} KiB")
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ThemeError(f"{path.name}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ThemeError(f"{path.name}: not TOML ({error})") from error
    return _validated(path, raw)


def _validated(path: Path, raw: Mapping[str, object]) -> ThemeFile:
    _known_keys(path, "", raw, ("name", "title", "dark", "colors", "drawing"))
    name, dark = raw.get("name", path.stem), raw.get("dark", True)
    title = raw.get("title", name)
    if not (isinstance(name, str) and name.isascii() and name.replace("-", "").isalnum() and len(name) <= 40):
        raise ThemeError(f"{path.name}: name: expected letters, digits and hyphens")
    if not (isinstance(title, str) and len(title) <= 60):
        raise ThemeError(f"{path.name}: title: expected a short text")
    if not isinstance(dark, bool):
        raise ThemeError(f"{path.name}: dark: expected true or false")
    return ThemeFile(name, title, dark, _colors(path, raw, "colors", COLORS), _colors(path, raw, "drawing", DRAWING))


def _colors(path: Path, raw: Mapping[str, object], section: str, names: tuple[str, ...]) -> dict[str, str]:
    table = raw.get(section, {})
    if not isinstance(table, dict):
        raise ThemeError(f"{path.name}: {section}: expected a table of colours")
    _known_keys(path, f"{section}.", table, names)
    return {name: _color(path, f"{section}.{name}", table.get(name)) for name in names}


def _color(path: Path, key: str, value: object) -> str:
    if value is None:
        raise ThemeError(f"{path.name}: {key}: missing")
    # `$name`, `auto` and `ansi_…` parse or pass here and kill the application later, or hide the contrast.
    if not isinstance(value, str) or value.strip().startswith(("$", "auto", "ansi")):
        raise ThemeError(f"{path.name}: {key}: expected a colour such as #6cb6ff")
    try:
        color = Color.parse(value.strip())
    except ColorParseError as error:
        raise ThemeError(f"{path.name}: {key}: {value!r} is not a colour") from error
    if color.a != 1:
        raise ThemeError(f"{path.name}: {key}: a colour must not be transparent")
    return color.hex


def _known_keys(path: Path, prefix: str, table: Mapping[str, object], names: tuple[str, ...]) -> None:
    for key in table:
        if key not in names:
            close = difflib.get_close_matches(key, names, 1)
            hint = f"; did you mean {prefix}{close[0]}?" if close else ""
            raise ThemeError(f"{path.name}: {prefix}{key}: no such key{hint}")


def emergency_theme() -> ThemeFile:
    """Fallback where even the shipped files are missing: grey on black."""
    colors = dict.fromkeys(COLORS, "#C0C0C0") | {"background": "#000000", "pane": "#000000", "raised": "#000000"}
    return ThemeFile(FALLBACK, "Dark", True, colors, {"paper": "#000000", "ink": "#C0C0C0", "mark": "#FFFFFF"})
