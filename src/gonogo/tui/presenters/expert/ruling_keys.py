"""Keys in the footer of the adjudicate screen, which depend on its case, the server, and the last ruling."""

from __future__ import annotations

from dataclasses import replace

from gonogo.desk.review.example import last_ruled
from gonogo.desk.review.session import ReviewSession
from gonogo.tui import actions

_OF_OUR_SERVER = frozenset(f"adjudicate.{name}" for name in ("note", "gold", "error", "names"))
"""Actions that a plain ARCNM server has nothing for."""
_ON_A_CARD = ("adjudicate.undo", "adjudicate.retry", "adjudicate.list", "adjudicate.later", "app.help")


def card_actions(session: ReviewSession) -> tuple[actions.Action, ...]:
    """Actions while there is no case: few of the usual ones, and the group of the last ruling."""
    chosen = actions.in_scope(actions.ADJUDICATE, actions.EVERYWHERE)
    return (*(action for action in chosen if action.id in _ON_A_CARD), *_apply_hints(session))


def ruling_actions(session: ReviewSession, n_values: int) -> tuple[actions.Action, ...]:
    """Actions on a case for which voters gave `n_values` different values."""
    hidden = {"adjudicate.apply", *(_OF_OUR_SERVER if session.plain else ())}
    chosen = actions.in_scope(actions.ADJUDICATE, actions.EVERYWHERE)
    shown = (action for action in chosen if action.id not in hidden)
    return (*shown, *_take_hints(n_values), *_apply_hints(session))


def _take_hints(groups: int) -> tuple[actions.Action, ...]:
    """Hint for all keys that take a voter's value, as one action."""
    if not groups:
        return ()
    title = "use value 1" if groups == 1 else f"–{min(groups, 9)} use value"
    return (replace(actions.BY_ID["adjudicate.take1"], title=title, rank=5, verdict=True),)


def _apply_hints(session: ReviewSession) -> tuple[actions.Action, ...]:
    """Hint for the key that applies the last ruling to its group, where it can be applied to others that wait."""
    last = last_ruled(session.ruled)
    example = session.example_for(last) if last else None
    if example is None or example.row is None or example.row.task.id != last:
        return ()
    title = f"apply to {len(session.waiting_like(example))} like it"
    return (replace(actions.BY_ID["adjudicate.apply"], title=title),)
