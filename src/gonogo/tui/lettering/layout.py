"""Layout of a value: the largest letters that its room allows, and below them the exact reading.

All of a value is set in one face: smaller before it is wrapped, wrapped before it stands in the terminal's own
letters. Where a character is missing in the face, all of the value stands in the terminal's letters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from gonogo.tui.lettering.face import (
    LARGEST_ROWS,
    SMALLEST_ROWS,
    Height,
    Pixels,
    cells_of,
    draw,
    has_all,
    height_of,
    width_of,
)
from gonogo.values import Part, Typeset, typeset
from gonogo.values.characters import look_alikes, marked_runs

MAX_LARGE = 60
"""Characters of the longest text that is set in the face; a longer one is prose."""
_MAX_LINES = 3
_LONGEST = 2_000  # characters of a reading that are looked at
_STACK_COUNTS = 1.5  # letters over each other look like the drawing: worth more than larger ones on one line
_PART_GAP = 4  # pixels between two parts
_STRONG = "bold $strong"
_QUIET = "$quiet"
_ODD = "bold underline $warning"
READ = "read: "
Run = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class ValueLayout:
    """Layout of a value: its rows, how many of them are the value itself, and the rows of its letters.

    `letters` is 1 where the value stands in the terminal's own letters. `hidden` counts characters there was no room
    for.
    """

    rows: tuple[Content, ...]
    value_rows: int
    letters: int
    hidden: int = 0


class _Large(NamedTuple):
    rows: list[str]
    height: Height  # of the smallest letters


def letter_rows(value: object, width: int, height: int) -> int:
    """Returns how many rows high the letters of `value` are in `width` × `height` cells; 1 in the terminal's own."""
    return layout(value, width, height).letters


def layout(value: object, width: int, height: int) -> ValueLayout:
    """Returns the layout of any JSON value in `width` × `height` cells."""
    width, height = max(width, 1), max(height, 1)
    if value is None:
        return ValueLayout((Content.styled("no value was read"[:width], _QUIET),), 1, 1)
    setting = typeset(value)
    if height == 1 and not setting.exact:  # no row for the reading below it: the reading itself then
        row, hidden = _wrapped_runs(marked_runs(setting.raw[:_LONGEST]), width, 1, _STRONG)
        return ValueLayout(tuple(row), 1, 1, hidden)
    notes, room = _notes(setting, width, height)
    if room >= SMALLEST_ROWS and (large := _large(setting, width, room)) is not None:
        rows = tuple(Content.styled(row, _STRONG) for row in large.rows)
        return ValueLayout((*rows, *notes), len(rows), max(large.height.pixels // 2, 1))
    plain, hidden = _plain_rows(setting, width, room)
    return ValueLayout((*plain, *notes), len(plain), 1, hidden)


# --- the exact reading ------------------------------------------------------------------------------------------


def _notes(setting: Typeset, width: int, height: int) -> tuple[tuple[Content, ...], int]:
    """Returns the rows below the value, and the rows that are left for the value."""
    rows: list[Content] = []
    needs_reading = not setting.exact or (look_alikes(setting.raw[:_LONGEST]) and _in_face(setting))
    if height > 1 and needs_reading:
        runs = ((READ, False), *marked_runs(setting.raw[:_LONGEST]))
        taken, _ = _wrapped_runs(runs, width, height - 1, _QUIET)
        rows += taken
    if setting.keys and height - len(rows) > 2:
        rows.append(Content.styled(_cut(f"with {setting.keys}", width), _QUIET))
    return tuple(rows), height - len(rows)


def _in_face(setting: Typeset) -> bool:
    texts = [text for part in setting.parts for text in (part.text, part.upper, part.lower)]
    hides_something = any(not each.like for each in look_alikes(setting.raw[:_LONGEST]))  # marked where it stands
    return sum(map(len, texts)) <= MAX_LARGE and all(map(has_all, texts)) and not hides_something


# --- large ------------------------------------------------------------------------------------------------------


def _large(setting: Typeset, width: int, height: int) -> _Large | None:
    if not _in_face(setting) or not any(part.text.strip() or part.upper for part in setting.parts):
        return None
    return _largest(setting.parts, width, height)


@lru_cache(maxsize=64)
def _largest(parts: tuple[Part, ...], width: int, height: int) -> _Large | None:
    lines = _forced_lines(parts)
    if len(lines) > 1:
        return _lines_of_one_height(lines, width, height)
    if any(part.boxed for part in parts):
        return _boxed(parts, width, height)
    line, stack = _single_line(parts, width, height), _stacked(parts, width, height)
    if line and stack:
        return stack if _STACK_COUNTS * stack.height.letter >= line.height.letter else line
    return line or stack or _wrapped_line(_line_text(parts), width, height) or _beside_small(parts, width, height)


def _forced_lines(parts: Sequence[Part]) -> list[tuple[Part, ...]]:
    lines: list[list[Part]] = [[]]
    for part in parts:
        if part.new_line and lines[-1]:
            lines.append([])
        lines[-1].append(part)
    return [tuple(line) for line in lines]


def _line_text(parts: Sequence[Part]) -> str:
    return " ".join(_part_text(part) for part in parts)


def _part_text(part: Part) -> str:
    """A part on one line: `16,5 +0,1 0`, and limits as `19,9/20,1`."""
    if part.upper and part.lower and not (part.upper[0] in "+-" or part.lower[0] in "+-"):
        return f"{part.text}{part.lower}/{part.upper}"
    return " ".join(text for text in (part.text, part.upper, part.lower) if text)


def _single_line(parts: Sequence[Part], width: int, height: int) -> _Large | None:
    """One line of letters of one height, as high as fits."""
    return _lines_of_text([_line_text(parts)], width, height)


def _lines_of_text(lines: Sequence[str], width: int, height: int) -> _Large | None:
    gaps = len(lines) - 1  # a row between two lines
    for size in _sizes((height - gaps) // len(lines)):
        if all(_cell_width(width_of(line, size)) <= width for line in lines):
            drawn: list[str] = []
            for line in lines:
                drawn += [*([""] if drawn else []), *cells_of(draw(line, size))]
            return _Large(drawn, size)
    return None


def _sizes(rows: int) -> Iterator[Height]:
    """Sizes from `rows` rows of cells down; at last the smallest with narrow gaps."""
    for fewer in range(min(rows, LARGEST_ROWS), SMALLEST_ROWS - 1, -1):
        yield height_of(fewer)
    if rows >= SMALLEST_ROWS:
        yield height_of(SMALLEST_ROWS)._replace(tight=True)


def _lines_of_one_height(lines: Sequence[tuple[Part, ...]], width: int, height: int) -> _Large | None:
    texts = [_line_text(line) for line in lines]
    return _lines_of_text(texts, width, height) or _wrapped_line(" ".join(texts), width, height)


def _wrapped_line(text: str, width: int, height: int) -> _Large | None:
    """Text in two or three lines, broken at spaces."""
    words = text.split(" ")
    for count in range(2, min(len(words), _MAX_LINES) + 1):
        for breaks in _breaks(len(words), count):
            lines = [" ".join(words[start:end]) for start, end in zip((0, *breaks), (*breaks, len(words)), strict=True)]
            large = _lines_of_text(lines, width, height)
            if large is not None:
                return large
    return None


def _breaks(words: int, count: int) -> Iterator[tuple[int, ...]]:
    if count == 2:
        yield from ((at,) for at in range(words - 1, 0, -1))
    else:
        yield from ((first, second) for first in range(words - 2, 0, -1) for second in range(words - 1, first, -1))


def _stacked(parts: Sequence[Part], width: int, height: int) -> _Large | None:
    """Deviations over each other in the same face, the size beside them at most half as high again."""
    if not any(part.upper or part.lower for part in parts):
        return None
    for rows in range(min(height, 2 * LARGEST_ROWS), 2 * SMALLEST_ROWS, -1):
        small = _deviation_height(rows)
        for letter in (min(small.letter * 3 // 2, 2 * rows - 2), max(small.letter, 6)):
            pixels = _joined([_stack_pixels(part, Height(letter, 2), small, 2 * rows) for part in parts], _PART_GAP)
            if _cell_width(len(pixels[0])) <= width:
                return _Large([row.rstrip() for row in cells_of(pixels)], small)
    return None


def _deviation_height(rows: int) -> Height:
    """Height of two deviations over each other in seven or more `rows`, with room for the tails of commas."""
    return Height(6, 0) if rows < 9 else Height(rows - 2, 2)


def _stack_pixels(part: Part, size: Height, small: Height, rows: int) -> Pixels:
    blocks = []
    if part.text:
        text = draw(part.text, size)
        above = (rows - size.letter) // 2
        blocks.append(_padded(text, above, rows))
    if part.upper or part.lower:
        pair = [part.upper, part.lower]
        sign = "." * (width_of("+", small) + 2) if any(text[:1] in ("+", "-") for text in pair) else ""
        drawn = [
            ("",) * small.pixels
            if not text
            else tuple(("" if text[:1] in "+-" else sign) + row for row in draw(text, small))
            for text in pair
        ]
        wide = max(len(pixels[0]) for pixels in drawn)
        upper, lower = (tuple(row.ljust(wide, ".") for row in pixels) for pixels in drawn)
        blocks.append(_padded((*upper, *("." * wide,) * (rows - 2 * small.pixels), *lower), 0, rows))
    return _joined(blocks, _PART_GAP)


def _padded(pixels: Pixels, above: int, rows: int) -> Pixels:
    empty = "." * len(pixels[0])
    padded = (*(empty,) * above, *pixels)
    return (*padded, *(empty,) * (rows - len(padded)))[:rows]


def _joined(blocks: Sequence[Pixels], gap: int) -> Pixels:
    return tuple(("." * gap).join(rows) for rows in zip(*blocks, strict=True))


def _boxed(parts: Sequence[Part], width: int, height: int) -> _Large | None:
    """Cells of a frame in boxes, what stands before and after them at their side; in three rows without their tops."""
    sizes = list(_sizes(height - 2))
    boxed = [*((size, " ", True) for size in sizes[:-1]), *((size, "", True) for size in sizes[-2:])]
    for size, padding, tops in [*boxed, *((size, " ", False) for size in _sizes(min(height, SMALLEST_ROWS)))]:
        drawn = _box_rows(parts, size, padding)
        if max(map(cell_len, drawn)) <= width:
            return _Large(drawn if tops else drawn[1:-1], size)
    return None


def _box_rows(parts: Sequence[Part], size: Height, padding: str) -> list[str]:
    blocks = [_box(parts, at, size, padding) for at in range(len(parts))]
    return ["".join(rows) for rows in zip(*blocks, strict=True)]


def _box(parts: Sequence[Part], at: int, size: Height, padding: str) -> list[str]:
    """Rows of the part at `at`, with the lines that it has not in common with the one before."""
    part, drawn = parts[at], cells_of(draw(_part_text(parts[at]), size))
    if not part.boxed:
        gap = " " if at else ""
        empty = gap + " " * (len(drawn[0]) + 1)
        return [empty, *(f"{gap}{row} " for row in drawn), empty]
    first = not (at and parts[at - 1].boxed)
    last = at + 1 == len(parts) or not parts[at + 1].boxed
    line = "─" * (len(drawn[0]) + 2 * len(padding))
    side = "│" if last else ""
    return [
        ("┌" if first else "┬") + line + ("┐" if last else ""),
        *(f"│{padding}{row}{padding}{side}" for row in drawn),
        ("└" if first else "┴") + line + ("┘" if last else ""),
    ]


def _beside_small(parts: Sequence[Part], width: int, height: int) -> _Large | None:
    """Sizes in the face, deviations in the terminal's letters beside them: where nothing else is large."""
    if not any(part.upper or part.lower for part in parts) or any(not part.text and not part.upper for part in parts):
        return None
    for rows in range(min(height, LARGEST_ROWS), SMALLEST_ROWS - 1, -1):
        lines = [""] * rows
        for at, part in enumerate(parts):
            gap = "  " if at else ""
            drawn = cells_of(draw(part.text, height_of(rows))) if part.text else [""] * rows
            pair = [part.upper, part.lower]
            signed = any(text[:1] in ("+", "-") for text in pair)
            pair = [text if not signed or text[:1] in ("+", "-") or not text else f" {text}" for text in pair]
            wide = max(map(cell_len, pair))
            limits = [f" {pair[0]:<{wide}}", *[" " * (wide + 1)] * (rows - 2), f" {pair[1]:<{wide}}"]
            lines = [
                line + gap + row + (limit if wide else "")
                for line, row, limit in zip(lines, drawn, limits, strict=True)
            ]
        if max(map(cell_len, lines)) <= width:
            return _Large(lines, Height(2, 0))
    return None


def _cell_width(pixels: int) -> int:
    return (pixels + 1) // 2


# --- the terminal's own letters -----------------------------------------------------------------------------------


def _plain_rows(setting: Typeset, width: int, height: int) -> tuple[tuple[Content, ...], int]:
    """Rows in the terminal's letters, and the number of characters there was no room for."""
    if setting.exact and setting.raw and not _is_set(setting):
        rows, hidden = _wrapped_runs(marked_runs(setting.raw[:_LONGEST]), width, height, _STRONG)
        return tuple(rows), hidden
    rows_of_text = _frame(setting.parts) or list(typeset_rows(setting))
    if max(map(cell_len, rows_of_text)) > width or len(rows_of_text) > height:
        runs = ((_line_text(setting.parts), False),)
        rows, hidden = _wrapped_runs(runs, width, height, _STRONG)
        return tuple(rows), hidden
    return tuple(Content.styled(row, _STRONG) for row in rows_of_text), 0


def typeset_rows(setting: Typeset) -> Sequence[str]:
    return setting.rows


def _is_set(setting: Typeset) -> bool:
    return len(setting.parts) > 1 or setting.parts[0].boxed or bool(setting.parts[0].upper or setting.parts[0].lower)


def _frame(parts: Sequence[Part]) -> list[str]:
    """Feature control frame with padded boxes; empty if the value is not one frame."""
    if not all(part.boxed for part in parts):
        return []
    boxes = [f" {part.text} " for part in parts]
    lines = ["─" * cell_len(box) for box in boxes]
    return ["┌" + "┬".join(lines) + "┐", "│" + "│".join(boxes) + "│", "└" + "┴".join(lines) + "┘"]


def _wrapped_runs(runs: Sequence[Run], width: int, height: int, style: str) -> tuple[list[Content], int]:
    """Wraps runs at spaces, keeps every character, and says how many are missing where the rows do not suffice."""
    characters = [(character, odd) for text, odd in runs for character in text]
    rows: list[list[tuple[str, bool]]] = []
    at = 0
    while at < len(characters) and len(rows) < height:
        end = _row_end(characters, at, width)
        rows.append(characters[at:end])
        at = end
    hidden = len(characters) - at
    if not hidden:
        return [_content(row, style) for row in rows], 0
    last = rows.pop()
    note = f"… {hidden} more"
    while last and sum(cell_len(character) for character, _ in last) + len(note) > width:
        last.pop()
        hidden += 1
        note = f"… {hidden} more"
    contents = [_content(row, style) for row in rows]
    return [*contents, Content.assemble(_content(last, style), (note[:width], _QUIET))], hidden


def _row_end(characters: Sequence[tuple[str, bool]], start: int, width: int) -> int:
    used, space = 0, 0
    for at in range(start, len(characters)):
        character = characters[at][0]
        used += cell_len(character)
        if used > width:
            return at + 1 if character == " " and at > start else space or max(at, start + 1)
        if character == " ":
            space = at + 1
        elif character == "↵":
            return at + 1
    return len(characters)


def _content(row: Sequence[tuple[str, bool]], style: str) -> Content:
    runs: list[tuple[str, str]] = []
    for character, odd in row:
        wanted = _ODD if odd else style
        if runs and runs[-1][1] == wanted:
            runs[-1] = (runs[-1][0] + character, wanted)
        else:
            runs.append((character, wanted))
    return Content.assemble(*runs).rstrip()


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)) + "…"
