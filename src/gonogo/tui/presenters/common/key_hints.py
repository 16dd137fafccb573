"""Key hints: the line of keys at the bottom of a screen, and the palette of signs that takes its place."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from gonogo.tui.actions import EDIT, Action, key_name, keys_of
from gonogo.values.symbols import PALETTE, Symbol

GAPS = (3, 2, 1)
"""Cells between two hints, from the usual to the least."""
SYMBOLS_BY_LETTER = dict(zip(string.ascii_lowercase, (symbol.glyph for symbol in PALETTE), strict=False))
"""Letter → sign, for the palette and for Alt with the letter."""


@dataclass(frozen=True, slots=True)
class KeyLine:
    """Line of keys, and the cells of each hint: first, behind the last, action."""

    content: Content
    spans: tuple[tuple[int, int, Action], ...] = ()

    def at(self, x: int) -> Action | None:
        """Returns the action whose hint is at cell `x`."""
        return next((action for first, end, action in self.spans if first <= x < end), None)


def key_line(
    actions: Iterable[Action],
    keymap: Mapping[str, str],
    width: int,
    *,
    dimmed: bool = False,
    word: str = "",
    squeezed: bool = False,
) -> KeyLine:
    """Key line of at most `width` cells, by rank: `a correct   s incorrect …`; the help key comes last.

    `dimmed`: the keys of answers do not count now. `word` says why at the right end, after one of them was pressed.
    `squeezed`: the gaps shrink for any key, not only for those of answers.
    """
    room = width - cell_len(word) - GAPS[0] if word else width
    ranked = sorted((a for a in actions if a.rank is not None and keys_of(a, keymap)), key=lambda a: a.rank or 0)
    widths = [cell_len(_hint(action, keymap).plain) for action in ranked]
    count, gap = fit_actions(ranked, widths, room, squeezed=squeezed)
    chosen = ranked[:count] if count else [action for action in ranked if action.verdict]
    chosen = sorted(chosen, key=lambda action: action.id == "app.help")
    parts, spans, at = [], [], 0
    for action in chosen:
        hint = _hint(action, keymap, dimmed=dimmed and action.verdict)
        parts.append(hint)
        spans.append((at, at + hint.cell_length, action))
        at += hint.cell_length + gap
    line = Content(" " * gap).join(parts)
    if word:
        line = line.truncate(max(room, 0))
        line = Content.assemble(line, " " * max(width - line.cell_length - cell_len(word), 1), (word, "bold $warning"))
    return KeyLine(line, tuple(spans))


def key_lines(
    actions: Iterable[Action],
    keymap: Mapping[str, str],
    width: int,
    rows: int,
    *,
    dimmed: bool = False,
    word: str = "",
) -> list[KeyLine]:
    """Key lines of at most `rows` rows: what does not fit into a row goes on in the next. `word` is on the first."""
    left = list(actions)
    lines: list[KeyLine] = []
    for row in range(rows, 0, -1):
        offered = [action for action in left if row == 1 or action.id != "app.help"]
        line = key_line(offered, keymap, width, dimmed=dimmed, word="" if lines else word)
        if row > 1 and len(line.spans) == sum(action.rank is not None for action in offered):
            line = key_line(left, keymap, width, dimmed=dimmed, word="" if lines else word)
        elif row == 1 and rows > 1:
            line = key_line(left, keymap, width, dimmed=dimmed, squeezed=True)
        lines.append(line)
        shown = [action for _, _, action in line.spans]
        left = [action for action in left if action not in shown]
    return lines


def fit_actions(
    ranked: Sequence[Action], widths: Sequence[int], width: int, *, squeezed: bool = False
) -> tuple[int, int]:
    """Returns how many of the first actions fit into `width` cells, and the gap between them.

    The gap shrinks before a verdict or an action of the editor is dropped (`squeezed`: any action); 0 when even then a
    verdict is lost.
    """
    core = (at for at, action in enumerate(ranked, 1) if squeezed or action.verdict or action.scope == EDIT.name)
    needed = max(core, default=1)
    count = 0
    for gap in GAPS:
        count = sum(sum(widths[:n]) + gap * (n - 1) <= width for n in range(1, len(ranked) + 1))
        if count >= needed:
            return count, gap
    lost_verdict = bool(ranked) and ranked[0].verdict
    return 0 if lost_verdict else count, GAPS[-1]


def _hint(action: Action, keymap: Mapping[str, str], *, dimmed: bool = False) -> Content:
    """Key and title; `–3 use value` joins its key. A dimmed key is not bold, so that it differs without colour, too."""
    key = key_name(keys_of(action, keymap)[0])
    gap = "" if action.title.startswith("–") else " "
    if dimmed:
        return Content.styled(f"{key}{gap}{action.title}", "dim $quiet")
    return Content.assemble((key, "bold $accent"), gap, (action.title, "$foreground" if action.verdict else "$quiet"))


def symbol_line() -> Content:
    """Key line while the strip of signs is open."""
    keys = (("a–z", "picks a sign"), ("Esc", "back"), ("Tab", "after its name: pos, dia, mmc"))
    return Content("   ").join(
        [Content.assemble((key, "bold $accent"), " ", (text, "$foreground")) for key, text in keys]
    )


def symbol_rows(width: int, rows: int) -> list[Content]:
    """Signs with their letters and names in columns, most used first: `a ⌀ dia`; names go where the rows do not fit."""
    items = list(zip(string.ascii_lowercase, PALETTE, strict=False))
    for named in (True, False):
        wide = max(cell_len(symbol.short) for _, symbol in items) + 5 if named else 4
        columns = max((width + 2) // (wide + 2), 1)
        if not named or len(items) <= columns * rows:
            break
    lines = [items[at : at + columns] for at in range(0, len(items), columns)][:rows]
    return [Content("  ").join([_sign(letter, symbol, wide, named) for letter, symbol in line]) for line in lines]


def _sign(letter: str, symbol: Symbol, wide: int, named: bool) -> Content:
    name = f" {symbol.short}" if named else ""
    return Content.assemble(
        (letter, "bold $accent"), " ", (symbol.glyph, "bold $strong"), (f"{name:<{wide - 3}}", "$foreground")
    )
