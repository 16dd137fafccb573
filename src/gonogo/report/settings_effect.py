"""Effect of new settings on a campaign's tasks: formats the counts as lines of text."""

from __future__ import annotations

from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.gonogo_api import SettingsEffect


def settings_effect_lines(effect: SettingsEffect, *, resettle: bool, word: str = "--resettle") -> list[str]:
    """Sentences on what the change does.

    `resettle` says whether what is settled is decided again; if not, `word` is what asks for it.
    """
    lines = []
    if effect.n_newly_settled:
        lines.append(f"{_tasks(effect.n_newly_settled)} will be settled by this.")
    if effect.n_resettled:
        verb = "is" if effect.n_resettled == 1 else "are"
        of = f"{effect.n_resettled} of {counted(effect.n_settled, 'settled task')} {verb} not safe by these settings"
        stay = f"{of}, and {'stays' if verb == 'is' else 'stay'} settled. With {word} {_whither(effect)}."
        if effect.n_not_kept:
            stay = f"{of}; {_unkept(effect)} differ now, so that only {word} can change this: {_whither(effect)}."
        lines.append(f"{of}: {_whither(effect)}." if resettle else stay)
    return lines or ["No task changes by this."]


def _unkept(effect: SettingsEffect) -> str:
    return "the values of 1" if effect.n_not_kept == 1 else f"the values of {effect.n_not_kept}"


def _whither(effect: SettingsEffect) -> str:
    """Where tasks go that are settled no more."""
    n_to_review = effect.n_resettled - effect.n_reopened
    ways = [(effect.n_reopened, "back to voters"), (n_to_review, "to review")]
    (first, where), *others = [way for way in ways if way[0]]
    verb = "goes" if first == 1 else "go"
    return ", ".join([f"{first} {verb} {where}", *(f"{count} {place}" for count, place in others)])


def _tasks(n: int) -> str:
    return counted(n, "task")
