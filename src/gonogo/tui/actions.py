"""The one registry of what a person can do: bindings, footer, help and palette are made from it."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from textual.binding import Binding
from textual.keys import Keys

ANNOTATE = "annotate"
EDIT = "edit"
EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class Action:
    """One action. `keys` are Textual key names; `call` is the action string of its scope's screen (or of the app).

    `title` is the word in the footer, `help` the sentence in help and palette. `rank` orders the footer (lowest is
    dropped last when the line is too short); `None` keeps it out. `verdict` marks the keys under the key guard.
    """

    id: str
    title: str
    help: str
    keys: tuple[str, ...]
    scope: str
    call: str
    rank: int | None = None
    verdict: bool = False


def _verdict(name: str, key: str, help_text: str, rank: int) -> Action:
    call = f"decide('{name}')"
    return Action(f"annotate.{name}", name, help_text, (key,), ANNOTATE, call, rank, verdict=True)


ACTIONS: tuple[Action, ...] = (
    _verdict("correct", "a", "The value is read right; go to the next question.", 1),
    _verdict("incorrect", "s", "The value is read wrong; go to the next question.", 2),
    Action("annotate.fix", "fix", "The value is wrong: type the right one.", ("d",), ANNOTATE, "fix", 3, verdict=True),
    _verdict("unsure", "f", "The drawing does not tell. An answer, not a skip.", 4),
    Action("annotate.undo", "undo", "Take the last answer back.", ("u", "backspace"), ANNOTATE, "undo", 6),
    Action(
        "annotate.context", "context", "Show more of the sheet: detail, view, sheet.", ("z",), ANNOTATE, "context", 7
    ),
    Action("annotate.guideline", "guideline", "The question in full, and the guideline.", ("g",), ANNOTATE, "about", 9),
    Action("annotate.left", "left", "Move the drawing left.", ("left",), ANNOTATE, "pan(-1, 0)"),
    Action("annotate.right", "right", "Move the drawing right.", ("right",), ANNOTATE, "pan(1, 0)"),
    Action("annotate.up", "up", "Move the drawing up.", ("up",), ANNOTATE, "pan(0, -1)"),
    Action("annotate.down", "down", "Move the drawing down.", ("down",), ANNOTATE, "pan(0, 1)"),
    Action("annotate.closer", "closer", "Enlarge the drawing.", ("plus", "equals_sign"), ANNOTATE, "zoom(1)"),
    Action("annotate.away", "away", "Make the drawing smaller.", ("minus",), ANNOTATE, "zoom(-1)"),
    Action("annotate.home", "home", "Back to the detail as it was.", ("0", "home"), ANNOTATE, "home"),
    Action("annotate.rotate", "turn", "Turn the drawing by a quarter.", ("o",), ANNOTATE, "rotate", 10),
    Action("annotate.invert", "invert", "Swap ink and paper of the drawing.", ("i",), ANNOTATE, "invert", 11),
    Action("annotate.retry", "retry", "Try the server or the drawing again now.", ("r",), ANNOTATE, "retry", 12),
    Action("edit.send", "send", "Send “incorrect” with this value.", ("enter",), EDIT, "send", 1),
    Action("edit.leave", "leave", "Close the line; what was typed is kept.", ("escape",), EDIT, "leave", 2),
    Action("app.theme", "theme", "Choose another theme.", ("f2",), EVERYWHERE, "next_theme"),
    Action("app.palette", "palette", "Find an action by name.", ("ctrl+p",), EVERYWHERE, "command_palette"),
    Action("app.help", "keys", "All keys and what they do.", ("question_mark",), EVERYWHERE, "keys", 5),
    Action("app.sign_out", "sign out", "Forget the session and go to the sign-in screen.", (), EVERYWHERE, "sign_out"),
    Action("app.quit", "quit", "Leave. What is saved is sent, now or next time.", ("ctrl+q",), EVERYWHERE, "quit"),
)

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}

_SHOWN = {
    "question_mark": "?", "plus": "+", "equals_sign": "=", "minus": "-", "left": "←", "right": "→", "up": "↑",
    "down": "↓", "enter": "Enter", "escape": "Esc", "backspace": "Backspace", "home": "Home", "f2": "F2",
    "ctrl+q": "Ctrl+Q", "ctrl+p": "Ctrl+P", "space": "Space",
}  # fmt: skip


def shown_key(key: str) -> str:
    """A key as a person reads it: `question_mark` → `?`."""
    return _SHOWN.get(key, key)


def keys_of(action: Action, keymap: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The action's keys, the user's own if there are any."""
    own = (keymap or {}).get(action.id)
    return tuple(own.split(",")) if own else action.keys


def in_scope(*scopes: str) -> tuple[Action, ...]:
    """The actions of `scopes`, in the registry's order."""
    return tuple(action for action in ACTIONS if action.scope in scopes)


def bindings(scope: str) -> list[Binding]:
    """Textual bindings of `scope`, each with its action's id so that a keymap can move it."""
    return [
        Binding(",".join(a.keys), a.call, a.title, show=False, id=a.id, priority=a.id == "app.quit")
        for a in in_scope(scope)
        if a.keys
    ]


@dataclass(frozen=True, slots=True)
class Keymap:
    """Validated overrides (`keys`: action id → keys joined by commas) and what was wrong with the rest, in words."""

    keys: Mapping[str, str]
    problems: tuple[str, ...] = ()


def load_keymap(path: Path) -> Keymap:
    """The user's keys from a TOML file of `"action id" = "key"` lines; never raises, never drops a default."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Keymap({})
    except OSError as error:
        return Keymap({}, (f"{path.name}: cannot be read ({error.strerror}); the usual keys are used.",))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return Keymap({}, (f"{path.name}: not TOML ({error}); the usual keys are used.",))
    keymap = read_keymap(_flat(raw))
    return Keymap(keymap.keys, tuple(f"{path.name}: {problem}; the usual key is used." for problem in keymap.problems))


def _flat(raw: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """`[annotate] correct = "j"` and `"annotate.correct" = "j"` are the same."""
    flat: dict[str, object] = {}
    for key, value in raw.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def read_keymap(raw: Mapping[str, object]) -> Keymap:
    """Check the user's overrides: known action ids, known keys, no clash within a scope.

    An override that fails is left out with its reason; the default stays, so no action ever loses all its keys.
    """
    problems: list[str] = []
    chosen: dict[str, tuple[str, ...]] = {}
    for action_id, value in raw.items():
        if action_id not in BY_ID:
            problems.append(f"{action_id}: no such action{_nearest(action_id, BY_ID)}")
            continue
        keys, wrong = _keys(value)
        if wrong:
            problems.append(f"{action_id}: {wrong}")
        else:
            chosen[action_id] = keys
    for action_id, reason in _clashes(chosen):
        chosen.pop(action_id, None)
        problems.append(f"{action_id}: {reason}")
    return Keymap({action_id: ",".join(keys) for action_id, keys in chosen.items()}, tuple(problems))


def _keys(value: object) -> tuple[tuple[str, ...], str]:
    """The keys named by a setting (a string or a list of strings), or what is wrong with it."""
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, Iterable):
        return (), "expected a key name or a list of them"
    keys = tuple(_key_name(str(name).strip()) for name in names)
    if not keys or not all(keys):
        return (), "expected at least one key name"
    for key in keys:
        if not _known(key):
            return (), f"no such key: {key}{_nearest(key, _NAMES)}"
    return keys, ""


_NAMES = {key.value for key in Keys if not key.value.startswith("<")} | set(_SHOWN)
_TYPED = {shown: name for name, shown in _SHOWN.items() if len(shown) == 1}


def _key_name(name: str) -> str:
    return _TYPED.get(name, name)


def _known(key: str) -> bool:
    return (len(key) == 1 and key.isprintable() and key.isascii()) or key in _NAMES


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]}?" if close else ""


def _clashes(chosen: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """Overrides whose key another action of the same scope already has."""
    found: list[tuple[str, str]] = []
    for scope in (ANNOTATE, EDIT):
        taken: dict[str, str] = {}
        actions = in_scope(scope, EVERYWHERE)
        for action in sorted(actions, key=lambda a: a.id in chosen):  # defaults first: an override gives way
            for key in chosen.get(action.id, action.keys):
                other = taken.setdefault(key, action.id)
                if other != action.id:
                    loser = action.id if action.id in chosen else other
                    found.append((loser, f"{shown_key(key)} is already the key of {other}"))
    return found
