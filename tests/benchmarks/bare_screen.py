"""The floor of the loop: Textual alone showing the same screen, with nothing behind it.

Same panes, same amount of text, a picture of the same cells already turned into strips; any key paints the next of
two ready screens. No desk, no journal, no server: what remains is the price of Textual itself.
"""

from __future__ import annotations

import random

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

GREYS = [Style(color=f"rgb({g},{g},{g})", bgcolor=f"rgb({255 - g},{255 - g},{255 - g})") for g in range(0, 256, 17)]
INK_SHARE = 0.12  # of a crop's cells, as counted on real drawings


def _strips(seed: int, width: int, height: int) -> list[Strip]:
    rng = random.Random(seed)
    strips = []
    for _ in range(height):
        segments, left = [], width
        while left:
            run = min(left, 1 if rng.random() < INK_SHARE else rng.randint(4, 30))
            segments.append(Segment(rng.choice("▖▗▘▝▚▞▌▐") * run if run == 1 else " " * run, rng.choice(GREYS)))
            left -= run
        strips.append(Strip(segments, width))
    return strips


class Sheet(Widget):
    n = 0

    def on_mount(self) -> None:
        self.ready: list[list[Strip]] = []

    def prepare(self, size: Size) -> None:
        self.ready = [_strips(seed, size.width, size.height) for seed in (1, 2)]

    def render_line(self, y: int) -> Strip:
        if not self.ready:
            self.prepare(self.size)
        strips = self.ready[self.n % 2]
        return strips[y] if y < len(strips) else Strip.blank(self.size.width)


class Bare(App[None]):
    CSS = """
    #bar, #keys { height: 1; }
    #sheet { width: 1fr; border: round grey; }
    #panel { width: 46; border: round grey; padding: 1 2; }
    #prompt { height: 3; } #value { height: 5; } #facts { height: 1fr; } #history { height: 5; }
    """

    def compose(self) -> ComposeResult:
        yield Static("gonogo  bare screen                    saved   3 ahead   0 / 600", id="bar", markup=False)
        with Horizontal():
            yield Sheet(id="sheet")
            with Vertical(id="panel"):
                yield Static("Is this dimension read right?", id="prompt", markup=False)
                yield Static("▐▛▀▀\n▐▙▄▖\n▗▄▄▟ 16,5", id="value", markup=False)
                yield Static("pmi · dimension\nfeature 7a31…  face 02bc…", id="facts", markup=False)
                yield Static("before\n✓ 19,9\n✗ M8", id="history", markup=False)
        yield Static(" a correct  s incorrect  d fix  f unsure  u undo  z context  ? keys", id="keys", markup=False)

    def on_key(self, event: Key) -> None:
        sheet = self.query_one(Sheet)
        sheet.n += 1
        n = sheet.n
        self.query_one("#bar", Static).update(f"gonogo  bare screen         saved   3 ahead   {n} / 600", layout=False)
        self.query_one("#prompt", Static).update(f"Is dimension {n} read right?", layout=False)
        self.query_one("#value", Static).update(f"▐▛▀▀\n▐▙▄▖\n▗▄▄▟ {n},5", layout=False)
        self.query_one("#facts", Static).update(f"pmi · dimension\nfeature {n}…  face 02bc…", layout=False)
        self.query_one("#history", Static).update(f"before\n✓ {n},9\n✗ M8", layout=False)
        sheet.refresh()


if __name__ == "__main__":
    Bare().run()
