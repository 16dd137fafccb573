"""Places on a drawing: tells which boxes are of one place, by how much of their common area they share.

A box is `x0, y0, x1, y1` with its corners in order, in the units of its drawing; further numbers are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SAME_OVERLAP: Final = 0.8
"""Share of their common area (intersection over union) that the boxes of two readings of one place cover."""

Corners = Sequence[float]


def is_same_box(first: Corners, second: Corners) -> bool:
    """Whether both boxes are of one place."""
    left, top, right, bottom = first[:4]
    left2, top2, right2, bottom2 = second[:4]
    shared = max(min(right, right2) - max(left, left2), 0) * max(min(bottom, bottom2) - max(top, top2), 0)
    whole = (right - left) * (bottom - top) + (right2 - left2) * (bottom2 - top2) - shared
    return tuple(first[:4]) == tuple(second[:4]) or shared >= SAME_OVERLAP * whole > 0


def group_boxes(boxes: Sequence[Corners]) -> list[list[int]]:
    """Groups the indexes of `boxes`: those in one group are linked by boxes of one place.

    Each index is in exactly one group. Groups and the indexes in them are in the order of `boxes`; which boxes stand
    together doesn't depend on that order.
    """
    first_at: dict[tuple[float, ...], int] = {}
    leaders = [first_at.setdefault(tuple(box[:4]), index) for index, box in enumerate(boxes)]
    by_top = sorted(first_at.values(), key=lambda index: boxes[index][1])
    for position, index in enumerate(by_top):
        _, top, _, bottom = boxes[index][:4]
        last_top = top + (1 - SAME_OVERLAP) * (bottom - top) * 1.001  # a lower one shares too little; rounding aside
        for other in by_top[position + 1 :]:
            if boxes[other][1] > last_top:
                break
            if is_same_box(boxes[index], boxes[other]):
                _link(leaders, index, other)
    groups: dict[int, list[int]] = {}
    for index in range(len(boxes)):
        groups.setdefault(_leader(leaders, index), []).append(index)
    return list(groups.values())


def _leader(leaders: list[int], index: int) -> int:
    """The first index of the group of `index` (union-find)."""
    while leaders[index] != index:
        leaders[index] = leaders[leaders[index]]
        index = leaders[index]
    return index


def _link(leaders: list[int], first: int, second: int) -> None:
    first, second = _leader(leaders, first), _leader(leaders, second)
    leaders[max(first, second)] = min(first, second)
