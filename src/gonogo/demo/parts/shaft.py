"""Sample drawing of a turned drive shaft: draws stepped diameters with fits, a keyway in section, a thread, and
run-out.
"""

from __future__ import annotations

import math

from gonogo.demo.dimension_callouts import datum, horizontal, leader, roughness, tolerance_frame, vertical
from gonogo.demo.drawing_board import Board, Size
from gonogo.demo.title_block import Title, draw_border, draw_notes, draw_title_block

X0, AXIS = 70.0, 190.0
STEPS = ((38.0, 20.0), (46.0, 25.0), (18.0, 40.0), (84.0, 32.0), (44.0, 25.0), (28.0, 20.0))  # length, diameter


def draw_shaft() -> Board:
    """Sheet of the shaft."""
    board = Board("GX-1042 drive shaft")
    draw_border(board)
    draw_title_block(
        board, Title("GX-1042-01", "Drive shaft", "42CrMo4+QT  EN ISO 683-2", "1:1", weight="1,21 kg", finish="Ra 3,2")
    )
    draw_notes(board, "Edges ISO 13715: -0,3", "Hardened and tempered 280 - 320 HB", "Centre holes ISO 6411 - A2,5/5,3")
    xs = _profile(board)
    _lengths(board, xs)
    _diameters(board, xs)
    _keyway(board, xs)
    return board


def _profile(board: Board) -> list[float]:
    xs, chamfer = [X0], 1.5
    for length, _ in STEPS:
        xs.append(xs[-1] + length)
    top: list[tuple[float, float]] = [(xs[0], STEPS[0][1] / 2 - chamfer), (xs[0] + chamfer, STEPS[0][1] / 2)]
    for i, (_, diameter) in enumerate(STEPS):
        if i:
            top.append((xs[i], diameter / 2))
        top.append((xs[i + 1], diameter / 2))
    top[-1] = (xs[-1] - chamfer, STEPS[-1][1] / 2)
    top.append((xs[-1], STEPS[-1][1] / 2 - chamfer))
    board.outline(*[(x, AXIS + r) for x, r in top], *[(x, AXIS - r) for x, r in reversed(top)])
    for i in range(1, len(STEPS)):
        reach = max(STEPS[i - 1][1], STEPS[i][1]) / 2
        board.segment(xs[i], AXIS - reach, xs[i], AXIS + reach)
    for x, r in ((xs[0] + chamfer, 10.0), (xs[-1] - chamfer, 10.0)):
        board.segment(x, AXIS - r, x, AXIS + r)
    root = STEPS[-1][1] / 2 - 1.2
    for sign in (1, -1):  # thread root line
        board.segment(xs[-2] + 4, AXIS + sign * root, xs[-1], AXIS + sign * root, "thin")
    board.segment(xs[0] - 6, AXIS, xs[-1] + 6, AXIS, "centre")
    return xs


def _lengths(board: Board, xs: list[float]) -> None:
    base = AXIS - 20
    horizontal(board, "length_journal_left", xs[0], xs[1], base - 16, (AXIS - 10, AXIS - 12.5), Size("38", "0", "-0,2"))
    horizontal(board, "length_collar", xs[2], xs[3], base - 16, (base, base), Size("18", "±0,05"))
    horizontal(board, "length_seat", xs[3], xs[4], base - 16, (AXIS - 20, AXIS - 16), Size("84"))
    horizontal(board, "length_thread", xs[5], xs[6], base - 16, (AXIS - 12.5, AXIS - 10), Size("28"))
    horizontal(board, "length_to_collar", xs[0], xs[2], base - 28, (AXIS - 10, base), Size("84", "±0,1"))
    horizontal(board, "length_total", xs[0], xs[6], base - 40, (AXIS - 10, AXIS - 10), Size("258", "0", "-0,5"))


def _diameters(board: Board, xs: list[float]) -> None:
    vertical(board, "journal_left", AXIS - 10, AXIS + 10, X0 - 14, (X0, X0), Size("20", suffix=" k6", diameter=True))
    leader(
        board, "seat_bearing", (xs[1] + 14, AXIS + 12.5), (xs[1] + 4, AXIS + 44),
        Size("25", "+0,015", "+0,002", diameter=True),
    )  # fmt: skip
    leader(board, "collar", (xs[2] + 6, AXIS + 20), (xs[2] + 14, AXIS + 58), Size("40", diameter=True))
    leader(
        board, "seat_gear", (xs[3] + 52, AXIS + 16), (xs[3] + 66, AXIS + 44), Size("32", suffix=" h7", diameter=True)
    )
    leader(
        board, "seat_right", (xs[4] + 20, AXIS - 12.5), (xs[4] + 34, AXIS - 30),
        Size("25", "-0,007", "-0,020", diameter=True),
    )  # fmt: skip
    leader(
        board, "thread", (xs[5] + 16, AXIS + 10), (xs[5] + 24, AXIS + 28), Size("M20×1,5 - 6g"),
        kind="thread", detail_kind="thread",
    )  # fmt: skip
    leader(board, "chamfer", (X0 + 0.8, AXIS + 9.3), (X0 - 4, AXIS + 26), Size("1,5×45°", prefix="2× "), kind="chamfer")
    leader(board, "fillet", (xs[3] + 0.4, AXIS - 16.4), (xs[3] + 12, AXIS - 26), Size("R0,8"), kind="radius")
    roughness(board, "finish_bearing", xs[1] + 26, AXIS + 12.5, "Ra 0,8")
    roughness(board, "finish_seat", xs[3] + 7, AXIS + 16, "Ra 1,6")
    datum(board, "A", X0 + 24, AXIS - 10, 270)
    datum(board, "B", xs[4] + 10, AXIS - 12.5, 270)
    tolerance_frame(board, "runout_seat", xs[3] + 10, AXIS + 62, "↗", "0,02", "AB", (xs[3] + 30, AXIS + 16))


def _keyway(board: Board, xs: list[float]) -> None:
    """Section A-A through the gear seat, with its keyway."""
    cx, cy, r = 130.0, 80.0, 24.0
    board.label(cx, cy + 36, "A - A  (1,5:1)", 4.0, anchor="middle")
    half, depth = 7.5, 9.0
    start = math.degrees(math.asin(half / r))
    board.arc(cx, cy, r, 90 + start, 450 - start)
    floor = cy + r - depth
    edge = cy + math.sqrt(r * r - half * half)
    board.outline((cx - half, edge), (cx - half, floor), (cx + half, floor), (cx + half, edge), close=False)
    board.cross(cx, cy, r + 4)
    _hatch_disc(board, cx, cy, r, half, floor)
    horizontal(board, "keyway_width", cx - half, cx + half, cy + r + 5, (edge, edge), Size("10", suffix=" P9"))
    vertical(board, "keyway_depth", cy - r, floor, cx + r + 14, (cx, cx + half), Size("27", "0", "-0,2"))
    cut = xs[3] + 34
    for sign in (1, -1):
        board.segment(cut, AXIS + sign * 18, cut, AXIS + sign * 22, "outline")
    board.label(cut + 2, AXIS - 23, "A", 4.0)
    board.outline(
        (xs[3] + 20, AXIS - 4.5), (xs[3] + 64, AXIS - 4.5), (xs[3] + 64, AXIS + 4.5), (xs[3] + 20, AXIS + 4.5)
    )
    horizontal(
        board, "keyway_length", xs[3] + 20, xs[3] + 64, AXIS + 27, (AXIS + 4.5, AXIS + 4.5), Size("44", "+0,2", "0")
    )


def _hatch_disc(board: Board, cx: float, cy: float, r: float, half: float, floor: float) -> None:
    """45° section lines clipped to the disc and kept out of the keyway."""
    board.pen("thin")
    steps = 40
    offset = -1.9 * r
    while offset < 1.9 * r:
        run: list[tuple[float, float]] = []
        for i in range(steps + 1):
            t = -r + 2 * r * i / steps
            x, y = cx + t, cy + t + offset
            inside = (x - cx) ** 2 + (y - cy) ** 2 < (r - 0.2) ** 2
            cut = abs(x - cx) < half and y > floor
            if inside and not cut:
                run.append((x, y))
                continue
            if len(run) > 1:
                board.page.path([run[0], run[-1]])
            run = []
        if len(run) > 1:
            board.page.path([run[0], run[-1]])
        offset += 5
