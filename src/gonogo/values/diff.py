"""Character diff of two lines, for a display that follows the typing. Bounded: it costs at most ~10 ms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gonogo.values.parser.lexer import fold

_LONGEST = 120  # characters of the part that differs; beyond, it is marked as one change


class Change(StrEnum):
    """Kind of a change."""

    SAME = "same"
    ALIKE = "alike"  # written otherwise, means the same: Ø for ⌀, a point for a comma
    CHANGED = "changed"  # `before` and `after` both; one empty means added or removed


@dataclass(frozen=True, slots=True)
class Span:
    """Run of characters: `before` in the first text, `after` in the second. Joined, spans give both texts back."""

    change: Change
    before: str
    after: str


def differences(a: str, b: str) -> tuple[Span, ...]:
    """Returns the spans from `a` to `b`, in order; characters with the same meaning are `alike`."""
    first, second = _folded(a), _folded(b)
    head = _common(first, second)
    tail = _common(first[head:][::-1], second[head:][::-1])
    end_a, end_b = len(a) - tail, len(b) - tail
    pairs = [(index, index) for index in range(head)]
    if max(end_a, end_b) - head <= _LONGEST:
        pairs += _matches(first, second, head, end_a, end_b)
    pairs += [(end_a + index, end_b + index) for index in range(tail)]
    return tuple(_spans(a, b, pairs))


def _folded(text: str) -> list[str]:
    """Returns each character folded to its meaning; as many as in `text`."""
    known = {",": ".", "x": "×", "X": "×", "Ø": "⌀", "ø": "⌀", "φ": "⌀", "Φ": "⌀"}
    if len(text) > 4 * _LONGEST:
        return list(text)
    return [known.get(char) or (char if char.isascii() else (fold(char) or " ")) for char in text]


def _common(a: list[str], b: list[str]) -> int:
    count = 0
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        count += 1
    return count


def _matches(a: list[str], b: list[str], start: int, end_a: int, end_b: int) -> list[tuple[int, int]]:
    """Returns index pairs of a longest common subsequence, by dynamic programming."""
    rows, columns = end_a - start, end_b - start
    longest = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            if a[start + i] == b[start + j]:
                longest[i][j] = longest[i + 1][j + 1] + 1
            else:
                longest[i][j] = max(longest[i + 1][j], longest[i][j + 1])
    pairs, i, j = [], 0, 0
    while i < rows and j < columns:
        if a[start + i] == b[start + j]:
            pairs.append((start + i, start + j))
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _spans(a: str, b: str, pairs: list[tuple[int, int]]) -> list[Span]:
    runs: list[tuple[Change, int, int]] = []  # change, and the ends in both texts
    at_a = at_b = 0
    for i, j in [*pairs, (len(a), len(b))]:
        if i > at_a or j > at_b:
            runs.append((Change.CHANGED, i, j))
        if i < len(a) and j < len(b):
            change = Change.SAME if a[i] == b[j] else Change.ALIKE
            if runs and runs[-1][0] is change:
                runs.pop()
            runs.append((change, i + 1, j + 1))
        at_a, at_b = i + 1, j + 1
    spans, start_a, start_b = [], 0, 0
    for change, end_a, end_b in runs:
        spans.append(Span(change, a[start_a:end_a], b[start_b:end_b]))
        start_a, start_b = end_a, end_b
    return spans
