"""Registry of the actions: bindings, footer, help, palette, keymaps and `docs/keys.md` are made from it.

A screen has one `Scope`, which stands in one module here and in `SCOPES`.
"""

from __future__ import annotations

from collections.abc import Mapping

from gonogo.tui.actions.action_types import KEY_NAMES, Action, Scope, key_name, keys_of
from gonogo.tui.actions.application import EVERYWHERE
from gonogo.tui.actions.expert import ADJUDICATE, CLUSTER, CONTACT, REVIEW
from gonogo.tui.actions.lead import ANNOTATORS, CANDIDATES, LEAD, MODEL, QUALITY, SETTINGS
from gonogo.tui.actions.results import CASE, RESULTS
from gonogo.tui.actions.work import ANNOTATE, CHOOSE, EDIT, EQUAL, HISTORY, PRACTICE, SHEET, TOUR

__all__ = [
    "ACTIONS",
    "ADJUDICATE",
    "ANNOTATE",
    "ANNOTATORS",
    "BY_ID",
    "CANDIDATES",
    "CASE",
    "CHOOSE",
    "CLUSTER",
    "CONTACT",
    "EDIT",
    "EQUAL",
    "EVERYWHERE",
    "HISTORY",
    "KEY_NAMES",
    "LEAD",
    "MODEL",
    "PRACTICE",
    "QUALITY",
    "RESULTS",
    "REVIEW",
    "SCOPES",
    "SETTINGS",
    "SHEET",
    "TOUR",
    "Action",
    "Scope",
    "in_scope",
    "key_name",
    "keys_of",
]  # fmt: skip

SCOPES: tuple[Scope, ...] = (
    ANNOTATE, EQUAL, SHEET, REVIEW, ADJUDICATE, CONTACT, CLUSTER, QUALITY, MODEL, CANDIDATES, ANNOTATORS, PRACTICE,
    TOUR, LEAD, SETTINGS, RESULTS, CASE, EDIT, HISTORY, CHOOSE, EVERYWHERE,
)  # fmt: skip
"""All scopes, in the order of `docs/keys.md`."""

ACTIONS: tuple[Action, ...] = tuple(action for scope in SCOPES for action in scope.actions)
BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}


def in_scope(*scopes: Scope) -> tuple[Action, ...]:
    """The actions of `scopes`."""
    return tuple(action for scope in scopes for action in scope.actions)
