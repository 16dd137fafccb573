"""Keymaps: load a preset, then a person's own keys from `keys.toml`, and report conflicts. Unusable lines are reported,
the rest is used.

A person's key wins over a shipped one, so that an action added later never takes it away; only the actions of
`CORE` keep at least one of their keys.
"""

from __future__ import annotations

import difflib
import string
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from gonogo.schemas.verdicts import VERDICTS
from gonogo.tui.actions import ACTIONS, BY_ID, EVERYWHERE, KEY_NAMES, Action, key_name

DEFAULT = "default"


def _verdict_keys(preset: str) -> dict[str, tuple[str, ...]]:
    return {f"annotate.{word}": (traits.keys[preset],) for word, traits in VERDICTS.items()}


PRESETS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    DEFAULT: {},
    "right": {**_verdict_keys("right"), "annotate.fix": ("l",)},
    "prodigy": {
        **_verdict_keys("prodigy"),
        "annotate.fix": ("e",),
        "annotate.undo": ("backspace", "delete", "u"),
    },
    "numeric": {
        **_verdict_keys("numeric"),
        "annotate.fix": ("3",),
        **{f"annotate.sure{level}": (str(level + 4),) for level in range(1, 6)},
    },
}
"""Presets by name; each holds only what differs from the registry."""

CORE = frozenset(
    {
        *(action.id for action in ACTIONS if action.verdict),
        *("annotate.undo", "edit.send", "edit.leave", "app.help", "app.palette", "app.quit"),
    }
)
"""Actions that always have a key. Their shipped keys never change."""

UNBOUND = "no_key"
"""Name of a key that no keyboard has, for an action without a key."""


@dataclass(frozen=True, slots=True)
class Keymap:
    """Keys that differ from the registry (action id → keys joined by commas, empty for none), and the problems."""

    keys: Mapping[str, str]
    problems: tuple[str, ...] = ()

    def for_textual(self) -> dict[str, str]:
        return {action_id: keys or UNBOUND for action_id, keys in self.keys.items()}


def load_keymap(path: Path, preset: str = DEFAULT, table: Mapping[str, object] | None = None) -> Keymap:
    """Returns the keymap of a preset, the settings' `[keys]` (`table`), and the file of `"action id" = "key"` lines.

    The file wins over the settings, and `preset = "name"` in it over `preset`. Never raises.
    """
    raw, problem = _read(path)
    own = _flat(table or {}) | _flat(raw)
    preset_name = own.pop("preset", preset)
    problems = [problem] if problem else []
    if not isinstance(preset_name, str) or preset_name not in PRESETS:
        hint = _nearest(str(preset_name), PRESETS)
        problems.append(f"preset: there is no {preset_name!r}{hint} The usual keys are used.")
        preset_name = DEFAULT
    keymap = read_keymap(own, preset_name)
    return Keymap(keymap.keys, tuple(f"{path.name}: {problem}" for problem in (*problems, *keymap.problems)))


def _read(path: Path) -> tuple[dict[str, object], str]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), ""
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"cannot be read ({error.strerror}); the usual keys are used."
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return {}, f"not TOML ({error}); the usual keys are used."


def _flat(raw: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Flattens tables: `[annotate] correct = "j"` becomes `"annotate.correct" = "j"`."""
    flat: dict[str, object] = {}
    for key, value in raw.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def read_keymap(raw: Mapping[str, object], preset: str = DEFAULT) -> Keymap:
    """Validates a person's own keys: action ids, key names, clashes within a scope. Every problem is reported."""
    problems: list[str] = []
    own: dict[str, tuple[str, ...]] = {}
    for action_id, value in raw.items():
        if action_id not in BY_ID:
            problems.append(f"{action_id}: no such action{_nearest(action_id, BY_ID)}")
            continue
        keys, problem = _keys(value)
        if problem:
            problems.append(f"{action_id}: {problem} The usual key is used.")
        else:
            own[action_id] = keys
    while clash := _last_clash(own, preset):
        action_id, problem = clash
        own.pop(action_id)
        problems.append(f"{action_id}: {problem} The usual key is used.")
    final = _merged(own, preset)
    for action_id, keys in final.items():
        if not keys and _shipped(BY_ID[action_id], preset):
            problems.append(f"{action_id}: its key is yours for something else; give it another, or find it by Ctrl+P.")
    changed = {action_id: ",".join(keys) for action_id, keys in final.items() if keys != BY_ID[action_id].keys}
    return Keymap(changed, tuple(problems))


def _shipped(action: Action, preset: str) -> tuple[str, ...]:
    return PRESETS[preset].get(action.id, action.keys)


def _merged(own: Mapping[str, tuple[str, ...]], preset: str) -> dict[str, tuple[str, ...]]:
    """Returns every action's keys: a person's own, else the shipped ones that no own key takes."""
    return {
        action.id: own.get(action.id)
        or tuple(key for key in _shipped(action, preset) if not _owner(key, action, own, excluding=action.id))
        for action in ACTIONS
    }


def _owner(key: str, action: Action, own: Mapping[str, tuple[str, ...]], *, excluding: str) -> str:
    """Returns the id of the action to which a person gave `key` where `action` can be called; empty for none."""
    for other_id, keys in own.items():
        if other_id != excluding and key in keys and _share_a_screen(BY_ID[other_id], action):
            return other_id
    return ""


def _share_a_screen(action: Action, other: Action) -> bool:
    """Whether both can be called on the same screen."""
    return action.scope == other.scope or EVERYWHERE.name in (action.scope, other.scope)


def _last_clash(own: Mapping[str, tuple[str, ...]], preset: str) -> tuple[str, str] | None:
    """Returns action id and problem of the last own line that takes a key away which must stay; `None` for none."""
    for action_id in reversed(list(own)):
        for key in own[action_id]:
            if other := _owner(key, BY_ID[action_id], own, excluding=action_id):
                return action_id, f"{key_name(key)} is already the key of {other}."
    merged = _merged(own, preset)
    for action_id in reversed(list(own)):
        for key in own[action_id]:
            for other in sorted(CORE):
                lost = not merged[other] and key in _shipped(BY_ID[other], preset)
                if lost and _share_a_screen(BY_ID[other], BY_ID[action_id]):
                    return action_id, f"{key_name(key)} is already the key of {other}, which must have one."
    return None


def _keys(value: object) -> tuple[tuple[str, ...], str]:
    """Returns the keys of a setting (a string or a list of strings), and what is wrong with it."""
    names = value.split(",") if isinstance(value, str) and value != "," else value
    if not isinstance(names, Iterable):
        return (), "expected a key name or a list of them."
    keys = tuple(_key_name(str(name).strip()) for name in names)
    if not keys or not all(keys):
        return (), "expected at least one key name."
    for key in keys:
        if not _is_key(key):
            return (), f"no such key: {key}{_nearest(key, _NAMES)}"
    return keys, ""


def _key_name(name: str) -> str:
    """Returns Textual's name of a key that is written as its character."""
    if len(name) != 1 or not name.isascii() or not name.isprintable() or name.isalnum():
        return name
    spelled = unicodedata.name(name).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(spelled, spelled)


_PUNCTUATION = {_key_name(mark) for mark in string.punctuation}
_NAMES = {key.value for key in Keys if not key.value.startswith("<")} | set(KEY_NAMES) | _PUNCTUATION


def _is_key(key: str) -> bool:
    modifier, _, rest = key.rpartition("+")
    if modifier == "alt":
        return _is_key(rest)
    return (len(key) == 1 and key.isalnum() and key.isascii()) or key in _NAMES


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]}?" if close else "."
