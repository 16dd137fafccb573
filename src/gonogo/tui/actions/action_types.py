"""Types of the action registry: action, scope, and the names of keys as people read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Action:
    """Action of a person, with its keys.

    Attributes:
        id: Name in keymaps and docs, `<scope>.<name>`; a scope adds its own part.
        title: Word in the footer.
        help: Sentence in help, palette and docs.
        keys: Textual's names of the default keys.
        call: Textual's action string, of the scope's screen or of the app; `pane('zoom(1)')` runs an action of the
            screen's task pane.
        rank: Place in the footer, whose highest ranks are dropped first; `None` keeps the action out of it.
        verdict: Whether the key guard holds the keys back until question and drawing are painted.
    """

    id: str
    title: str
    help: str
    keys: tuple[str, ...]
    call: str
    rank: int | None = None
    verdict: bool = False

    @property
    def scope(self) -> str:
        """Name of the scope."""
        return self.id.partition(".")[0]


class Scope:
    """Actions that can be called together: those of one screen, of its input line, or of the app."""

    def __init__(self, name: str, heading: str, *actions: Action) -> None:
        self.name = name
        self.heading = heading
        self.actions = tuple(replace(action, id=f"{name}.{action.id}") for action in actions)

    def bindings(self, only: Collection[str] | None = None) -> list[Binding]:
        """Textual bindings (of the ids in `only`), each with its action's id so that a keymap can move it."""
        return [
            Binding(
                ",".join(action.keys), action.call, action.title,
                show=False, id=action.id, priority=action.id == "app.quit",
            )
            for action in self.actions
            if action.keys and (only is None or action.id in only)
        ]  # fmt: skip


KEY_NAMES = {
    "question_mark": "?", "plus": "+", "equals_sign": "=", "minus": "-", "left": "←", "right": "→", "up": "↑",
    "down": "↓", "enter": "Enter", "escape": "Esc", "backspace": "Backspace", "home": "Home",
    "ctrl+q": "Ctrl+Q", "ctrl+o": "Ctrl+O", "ctrl+r": "Ctrl+R", "ctrl+p": "Ctrl+P", "space": "Space", "slash": "/",
    "pageup": "PgUp", "pagedown": "PgDn", "semicolon": ";", "comma": ",", "full_stop": ".", "delete": "Delete",
    **{f"f{number}": f"F{number}" for number in range(2, 13)}, "ctrl+s": "Ctrl+S", "ctrl+k": "Ctrl+K",
}  # fmt: skip
"""Names of keys as people read them, by Textual's names."""


def key_name(key: str) -> str:
    """Name of a key as a person reads it: `question_mark` → `?`."""
    return KEY_NAMES.get(key, key)


def keys_of(action: Action, keymap: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Keys of an action: those of `keymap` (action id → keys joined by commas), else the default ones."""
    keys = (keymap or {}).get(action.id)
    return action.keys if keys is None else tuple(filter(None, keys.split(",")))
