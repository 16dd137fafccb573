"""Hints of keys in a footer."""

from __future__ import annotations

from dataclasses import replace

from gonogo.tui import actions
from gonogo.tui.presenters.common.key_hints import key_line


def test_a_range_of_keys_stands_together() -> None:
    take = next(action for action in actions.ADJUDICATE.actions if action.id == "adjudicate.take1")
    shown = replace(take, title="–3 use value", rank=1)
    assert key_line([shown], {}, 40).content.plain == "1–3 use value"
    assert key_line([shown], {}, 40, dimmed=True).content.plain == "1–3 use value"
