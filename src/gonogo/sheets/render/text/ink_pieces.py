"""Ink pieces: the connected pieces of ink in a crop, and which of them are lines of the drawing. Child process only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ink = NDArray[np.bool_]

_LINE_LENGTH = 0.55  # of the crop's shorter side: a thin piece this long is a line of the drawing, no character
_LINE_THIN = 0.06  # width over length of a piece that is a straight line
_FRAME_FILL = 0.35  # of its rectangle: a piece with less ink that holds other pieces is a frame
_SPECK = 0.0004  # of the crop's area: a piece with less ink is dirt, when there are larger ones


@dataclass(frozen=True, slots=True)
class InkPieces:
    """Connected pieces of ink, as the runs of ink along rows: their starts, ends (exclusive), rows and pieces."""

    row: NDArray[np.intp]
    start: NDArray[np.intp]
    end: NDArray[np.intp]
    piece: NDArray[np.intp]
    count: int

    def select(self, kept: NDArray[np.bool_]) -> InkPieces:
        """Returns only the pieces that `kept` (one flag a piece) names, numbered anew."""
        runs = kept[self.piece]
        number = np.cumsum(kept) - 1
        return InkPieces(
            self.row[runs], self.start[runs], self.end[runs], number[self.piece[runs]], int(np.count_nonzero(kept))
        )

    def mask(self, shape: tuple[int, ...]) -> Ink:
        """Returns the pieces as an array of ink."""
        edges = np.zeros((shape[0], shape[1] + 1), np.int8)
        edges[self.row, self.start] = 1
        edges[self.row, self.end] = -1
        ink: Ink = np.cumsum(edges[:, :-1], axis=1, dtype=np.int8) > 0
        return ink

    def labels(self, shape: tuple[int, ...]) -> NDArray[np.int32]:
        """Returns the number of the piece at each sample, −1 on paper."""
        out = np.full(shape, -1, np.int32)
        lengths = self.end - self.start
        first = self.row * shape[1] + self.start - (np.cumsum(lengths) - lengths)
        out.ravel()[np.repeat(first, lengths) + np.arange(lengths.sum())] = np.repeat(self.piece, lengths)
        return out

    def boxes(self) -> NDArray[np.intp]:
        """Returns left, top, right, bottom (exclusive) and the inked samples of each piece."""
        out = np.empty((self.count, 5), np.intp)
        out[:, :2], out[:, 2:] = np.iinfo(np.intp).max, 0
        np.minimum.at(out[:, 0], self.piece, self.start)
        np.minimum.at(out[:, 1], self.piece, self.row)
        np.maximum.at(out[:, 2], self.piece, self.end)
        np.maximum.at(out[:, 3], self.piece, self.row + 1)
        np.add.at(out[:, 4], self.piece, self.end - self.start)
        return out

    def outline(self) -> NDArray[np.float32]:
        """Returns points (x, y) that hold the hull of all pieces: the corners of what each row spans."""
        if not self.row.size:
            return np.empty((0, 2), np.float32)
        first = np.flatnonzero(np.diff(self.row, prepend=-1))  # runs are in order of rows, then of columns
        left, right, row = self.start[first], np.maximum.reduceat(self.end, first), self.row[first]
        x, y = np.concatenate((left, right, left, right)), np.concatenate((row, row, row + 1, row + 1))
        return np.stack((x, y), axis=1).astype(np.float32)


def find_pieces(ink: Ink) -> InkPieces:
    """Returns the pieces of ink that touch along sides or corners.

    Runs of neighbouring rows are joined by spreading the least number (label propagation with pointer jumping): a
    handful of array operations in place of a loop over samples.
    """
    edges = np.diff(np.pad(ink, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, start = np.nonzero(edges == 1)
    end = np.nonzero(edges == -1)[1]
    label = np.arange(row.size)
    above, below = _touching(row, start, end, ink.shape[1])
    while above.size:
        least = np.minimum(label[above], label[below])
        before = label.copy()
        np.minimum.at(label, label[above], least)
        np.minimum.at(label, label[below], least)
        label = label[label]
        if np.array_equal(label, before):
            break
    names, piece = np.unique(label, return_inverse=True)
    return InkPieces(row, start, end, piece.reshape(-1), names.size)


def _touching(
    row: NDArray[np.intp], start: NDArray[np.intp], end: NDArray[np.intp], width: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Returns pairs of runs in neighbouring rows that touch, by binary search over places `row * stride + column`."""
    stride = width + 2
    first = np.searchsorted(row * stride + end, (row - 1) * stride + start)  # ends at or after this start
    last = np.searchsorted(row * stride + start, (row - 1) * stride + end, side="right")  # starts at or before its end
    counts = np.maximum(last - first, 0)
    below = np.repeat(np.arange(row.size), counts)
    offsets = np.arange(below.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(first, counts) + offsets, below


def letters_of(pieces: InkPieces, shape: tuple[int, ...]) -> InkPieces:
    """Returns the pieces that can be characters: without straight lines, frames, and dirt. All, if none were left."""
    if pieces.count < 2:
        return pieces
    boxes = pieces.boxes()
    area = boxes[:, 4]
    lines = _straight_lines(pieces, boxes, min(shape[:2]))
    lines &= ~_ones(boxes, lines, shape)
    kept = ~lines & ~_frames(boxes)
    kept &= area >= min(_SPECK * shape[0] * shape[1], float(area[kept].max()) if kept.any() else 0.0)
    return pieces.select(kept) if kept.any() else pieces


def _straight_lines(pieces: InkPieces, boxes: NDArray[np.intp], shorter: int) -> NDArray[np.bool_]:
    """Returns which pieces are long and thin along any direction, by the second moments of their runs."""
    weight = (pieces.end - pieces.start).astype(np.float64)
    x, y = (pieces.start + pieces.end - 1) / 2, pieces.row.astype(np.float64)

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums: NDArray[np.float64] = np.bincount(pieces.piece, values, pieces.count).astype(np.float64)
        return sums

    ink = total(weight)
    mean_x, mean_y = total(weight * x) / ink, total(weight * y) / ink
    xx = total(weight * (x * x + (weight * weight - 1) / 12)) / ink - mean_x**2
    yy = total(weight * y * y) / ink - mean_y**2
    xy = total(weight * x * y) / ink - mean_x * mean_y
    spread = np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    longest, shortest = (xx + yy) / 2 + spread, np.maximum((xx + yy) / 2 - spread, 0)
    length, width = np.sqrt(12 * longest) + 1, np.sqrt(12 * shortest) + 1
    lines: NDArray[np.bool_] = (length > _LINE_LENGTH * shorter) & (width < _LINE_THIN * length)
    return lines


def _ones(boxes: NDArray[np.intp], lines: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Returns which pieces lie wholly in the crop and are no longer than those that are no lines: "1" is one, too."""
    left, top, right, bottom, _ = boxes.T
    inside = (left > 0) & (top > 0) & (right < shape[1]) & (bottom < shape[0])
    longer = np.maximum(right - left, bottom - top)
    ones: NDArray[np.bool_] = inside & (longer <= longer[~lines].max(initial=0))
    return ones


def _frames(boxes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Returns which pieces are boxes drawn around others: nearly empty, with the middle of another inside."""
    left, top, right, bottom, area = boxes.T
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    inside = (
        (middle_x[None] > left[:, None])
        & (middle_x[None] < right[:, None])
        & (middle_y[None] > top[:, None])
        & (middle_y[None] < bottom[:, None])
        & (area[None] < area[:, None])
    )
    fill = area / ((right - left) * (bottom - top))
    larger = (right - left) * (bottom - top) > 2 * (((right - left) * (bottom - top))[None] * inside).max(axis=1)
    frames: NDArray[np.bool_] = inside.any(axis=1) & (fill < _FRAME_FILL) & larger & (inside.sum(axis=1) >= 2)
    return frames
