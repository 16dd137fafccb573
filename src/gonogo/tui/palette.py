"""Command palette entries: list the actions of the screen, and the themes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Provider

from gonogo.tui import actions
from gonogo.tui.app_protocol import app_of
from gonogo.tui.text import content, one_line


class ActionCommands(Provider):
    """Provider of the actions of the screen below the palette, by title and help sentence, and of the themes."""

    async def discover(self) -> AsyncIterator[DiscoveryHit]:
        for title, help_text, run in self._entries():
            yield DiscoveryHit(content(title), run, text=title, help=help_text)

    async def search(self, query: str) -> AsyncIterator[Hit]:
        matcher = self.matcher(query)
        for title, help_text, run in self._entries():
            score = max(matcher.match(title), matcher.match(help_text) * 0.8)
            if score > 0:
                yield Hit(score, content(title), run, text=title, help=help_text)

    def _entries(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        app = app_of(self)
        scopes = getattr(self.screen, "ACTION_SCOPES", ())
        for action in actions.in_scope(*scopes, actions.EVERYWHERE):
            if action.id == "app.palette":
                continue
            target = self.app if action.scope == actions.EVERYWHERE.name else self.screen
            keys = actions.keys_of(action, app.own_keys)
            key = f"  ({actions.key_name(keys[0])})" if keys else ""
            yield f"{action.title}{key}", action.help, partial(self.app.run_action, action.call, target)
        for theme in app.theme_files:
            yield (
                f"theme: {one_line(theme.title)}",
                "Show it now and at the next start.",
                partial(app.choose_theme, theme.name),
            )
