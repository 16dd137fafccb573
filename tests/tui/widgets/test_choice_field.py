"""A field of a few values: the arrow keys, space and a click choose, and a sign says which is chosen."""

from __future__ import annotations

from textual import on
from textual.app import App, ComposeResult

from gonogo.tui.widgets.choice_field import ChoiceField


class Form(App[None]):
    """An app with one field; `chosen` are the values as they came."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[object] = []

    def get_css_variables(self) -> dict[str, str]:
        names = ("line", "raised", "strong", "quiet")  # of our themes
        return {**super().get_css_variables(), **dict.fromkeys(names, "#888888")}

    def compose(self) -> ComposeResult:
        yield ChoiceField([("none", None), ("mm", "mm"), ("in", "in")])

    @on(ChoiceField.Changed)
    def _note(self, event: ChoiceField.Changed) -> None:
        self.chosen.append(event.value)


async def test_arrows_space_and_clicks_choose() -> None:
    app = Form()
    async with app.run_test() as pilot:
        field = app.query_one(ChoiceField)
        field.show("mm")
        field.focus()
        assert field.render().plain == "○ none   ● mm   ○ in"
        assert app.chosen == []  # showing is not choosing
        await pilot.press("right", "right", "left", "space")
        await pilot.click(ChoiceField)
        assert app.chosen == ["in", None, "in", None, "mm"]
        field.show("furlong")
        assert field.render().plain.startswith("● none")
