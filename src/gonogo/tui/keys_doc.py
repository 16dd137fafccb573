"""Generator of the manual's page on keys: `python -m gonogo.tui.keys_doc > docs/keys.md`."""

from __future__ import annotations

import sys

from gonogo.tui import actions
from gonogo.tui.keymaps import PRESETS

_INTRO = """\
# Keys

Made from the registry of actions by `python -m gonogo.tui.keys_doc`; do not edit by hand.

The same list is in the program: `?` shows it, `Ctrl+P` finds an action by name.
"""
_OWN = """\
## Your own keys

Choose a preset with `keymap = "right"` in `settings.toml`, or `preset = "right"` in `keys.toml`. Single keys go into
`keys.toml`, by the action's name; several keys are a list:

```toml
preset = "default"

[annotate]
correct = "j"
undo = ["u", "f9"]
```

Every line is checked at the start: an unknown action or key and a key given twice are named with the nearest right
name, and the rest of the file is used. Your key wins over one that a later version ships; answering, undo, help,
palette and leaving always keep a key.
"""


def keys_page() -> str:
    """Returns the page as Markdown."""
    parts = [_INTRO]
    for scope in actions.SCOPES:
        heading = [f"## {scope.heading}", "", "| Key | What it does | Action |", "|---|---|---|"]
        rows = [f"| {_keys(action.keys)} | {action.help} | `{action.id}` |" for action in scope.actions]
        parts.append("\n".join([*heading, *rows, ""]))
    parts.append(_presets())
    parts.append(_OWN)
    return "\n".join(parts)


def _presets() -> str:
    changed = [action for action in actions.ACTIONS if any(action.id in preset for preset in PRESETS.values())]
    head = ["## Presets", "", f"| Action | {' | '.join(PRESETS)} |", "|---" * (len(PRESETS) + 1) + "|"]
    rows = [
        f"| {action.title} | {' | '.join(_keys(preset.get(action.id, action.keys)) for preset in PRESETS.values())} |"
        for action in changed
    ]
    return "\n".join([*head, *rows, ""])


def _keys(keys: tuple[str, ...]) -> str:
    return " ".join(f"`{actions.key_name(key)}`" for key in keys) or "–"


if __name__ == "__main__":
    sys.stdout.write(keys_page())
