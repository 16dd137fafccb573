"""Effect of new settings on a campaign's tasks: formats the counts as lines of text."""

from __future__ import annotations

from gonogo.schemas.gonogo_api import SettingsEffect


def settings_effect_lines(effect: SettingsEffect, *, resettle: bool) -> list[str]:
    """Sentences on what the change does; `resettle` says whether what is settled is decided again."""
    lines = []
    if effect.n_newly_settled:
        lines.append(f"{_tasks(effect.n_newly_settled)} will be settled by this.")
    if effect.n_resettled:
        of = f"{effect.n_resettled} of {effect.n_settled} settled tasks are not safe by these settings"
        after = "and go back to voters or to review." if resettle else "and stay settled; --resettle changes that."
        lines.append(f"{of}, {after}")
    return lines or ["No task changes by this."]


def _tasks(n: int) -> str:
    return "1 task" if n == 1 else f"{n} tasks"
