"""Startup shortcuts: spare Textual a second parse of the styles and a second layout, and the objects of the start from
garbage collection.

Processor time from the app's construction to its first complete question, without against with the shortcut
(2026-11-30): styles of the first screen 1.10-1.24, classes of the size 1.15-1.5, styles parsed with the theme 1.10.
"""

from __future__ import annotations

import gc

from textual.app import App

FIRST_SCREEN_STYLES = ["app.tcss", "screens/work/annotate.tcss"]
"""Styles of the app with those of the screen that most starts show: styles that are added later parse all again."""


class ParsedTheme:
    """Theme variables that the stylesheet was parsed with.

    When the app mounts, Textual parses all styles again for a theme that is not its own, although nothing changed.
    """

    def __init__(self, app: App[None]) -> None:
        """Call it once the theme is set, before the styles are first parsed."""
        self._variables = app.get_css_variables()
        app.stylesheet.set_variables(self._variables)

    def has_changed(self, app: App[None]) -> bool:
        """Returns whether the theme has other variables now, so that the styles must be parsed again."""
        before, self._variables = self._variables, app.get_css_variables()
        return self._variables != before


def size_classes(app: App[None]) -> list[str]:
    """Returns the breakpoint classes of the terminal's size; a screen that has them already is laid out once."""
    breakpoints = (app.HORIZONTAL_BREAKPOINTS or [], app.VERTICAL_BREAKPOINTS or [])
    sizes = zip(breakpoints, app.size, strict=True)
    return [[name for least, name in steps if size >= least][-1] for steps, size in sizes]


def exempt_startup_objects() -> None:
    """Exempts the objects made so far from garbage collection, and collects the later ones less often.

    Modules, styles and widgets live as long as the program: a full collection walks all of them, between two presses.
    Call it when the first task is painted, while the person looks at it. Figure in `docs/design/performance.md`.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
