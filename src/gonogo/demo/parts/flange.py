"""Sample drawing of a bearing flange: draws a front view with a bolt circle, a half section, and a position
tolerance.
"""

from __future__ import annotations

import math

from gonogo.demo.dimension_callouts import angle, datum, horizontal, leader, roughness, tolerance_frame, vertical
from gonogo.demo.drawing_board import Board, Size
from gonogo.demo.title_block import Title, draw_border, draw_notes, draw_title_block

CX, CY = 130.0, 170.0  # front view
SX = 265.0  # left face of the section
R_OUT, R_BOLT, R_HUB, R_BORE = 70.0, 54.0, 36.0, 21.0
PLATE, HUB = 16.0, 46.0  # thickness of the plate, total


def draw_flange() -> Board:
    """Sheet of the flange."""
    board = Board("GX-4008 bearing flange")
    draw_border(board)
    title = Title("GX-4008-00", "Bearing flange", "EN-GJS-400-15", "1:1", weight="2,86 kg", finish="Ra 6,3")
    draw_title_block(board, title)
    draw_notes(
        board, "Casting tolerance ISO 8062-3 DCTG 9", "Draft angle max. 2°", "Unmachined surfaces primed RAL 7035"
    )
    _front(board)
    _section(board)
    return board


def _front(board: Board) -> None:
    for radius in (R_OUT, R_HUB, R_BORE, R_BORE + 1.5):
        board.circle(CX, CY, radius)
    board.circle(CX, CY, R_BOLT, "centre")
    board.cross(CX, CY, R_OUT + 6)
    for i in range(6):
        a = math.radians(30 + 60 * i)
        x, y = CX + R_BOLT * math.cos(a), CY + R_BOLT * math.sin(a)
        board.circle(x, y, 5.5)
        for reach in ((R_BOLT - 8, R_BOLT + 8),):
            board.segment(
                CX + reach[0] * math.cos(a), CY + reach[0] * math.sin(a),
                CX + reach[1] * math.cos(a), CY + reach[1] * math.sin(a), "centre",
            )  # fmt: skip
    for sign in (1, -1):
        board.circle(CX + sign * R_BOLT, CY, 3.4)
        board.circle(CX + sign * R_BOLT, CY, 4.0, "thin")
    a = math.radians(30)
    tip = (CX + (R_BOLT + 5.5) * math.cos(a), CY + (R_BOLT + 5.5) * math.sin(a))
    leader(board, "bolt_holes", tip, (CX + 78, CY + 62), Size("11", suffix=" THRU", prefix="6× ", diameter=True))
    tolerance_frame(board, "bolt_position", CX + 81, CY + 50, "⌖", "⌀0,2", "AB", (CX + 81, CY + 61))
    leader(
        board, "jack_threads", (CX - R_BOLT - 2.4, CY - 2.4), (CX - 76, CY - 40), Size("M8 - 6H", prefix="2× "),
        kind="thread", detail_kind="thread",
    )  # fmt: skip
    low = math.radians(240)
    leader(
        board, "bolt_circle", (CX + R_BOLT * math.cos(low), CY + R_BOLT * math.sin(low)), (CX - 62, CY - 78),
        Size("108", diameter=True),
    )  # fmt: skip
    angle(board, "bolt_pitch", (CX, CY), 45.0, (90, 150), "60°")


def _section(board: Board) -> None:
    x0, x1, x2 = SX, SX + PLATE, SX + HUB
    outer, hub, bore, spigot = R_OUT, R_HUB, R_BORE, 30.0
    board.label((x0 + x2) / 2, CY + R_OUT + 12, "B - B", 4.0, anchor="middle")
    for s in (1, -1):
        ring = [(x0, spigot), (x0 - 4, spigot), (x0 - 4, bore + 1.5), (x0 - 2.5, bore), (x2, bore), (x2, hub)]
        ring += [(x1, hub), (x1, outer), (x0, outer)]
        board.outline(*[(x, CY + s * r) for x, r in ring])
        lo, hi = sorted((CY + s * bore, CY + s * hub))
        board.hatch(x1, lo, x2, hi, 4)
        lo, hi = sorted((CY + s * (bore + 1.5), CY + s * outer))
        board.hatch(x0, lo, x1, hi, 4)
    board.segment(x0 - 8, CY, x2 + 8, CY, "centre")
    for x in (x0 - 4, x2):
        board.segment(x, CY - bore, x, CY + bore)
    right = x2 + 14
    vertical(board, "bore", CY - bore, CY + bore, right, (x2, x2), Size("42", suffix=" H7", diameter=True))
    vertical(board, "hub", CY - hub, CY + hub, right + 12, (x2, x2), Size("72", diameter=True))
    vertical(board, "outside", CY - outer, CY + outer, right + 24, (x1, x1), Size("140", "0", "-0,3", diameter=True))
    left = x0 - 16
    vertical(
        board, "spigot", CY - spigot, CY + spigot, left, (x0 - 4, x0 - 4), Size("60", "-0,010", "-0,029", diameter=True)
    )
    below = CY - outer
    horizontal(board, "plate", x0, x1, below - 8, (below, below), Size("16", "±0,1"))
    horizontal(board, "height", x0, x2, below - 20, (below, CY - hub), Size("46", "0", "-0,1"))
    horizontal(board, "spigot_depth", x0 - 4, x0, CY + outer + 5, (CY + spigot, CY + outer), Size("4"))
    leader(board, "edge_radius", (x1 + 0.5, CY + hub + 0.5), (x1 + 12, CY + hub + 16), Size("R3"), kind="radius")
    leader(board, "chamfer", (x2 - 0.6, CY + bore + 0.6), (x2 + 4, CY + hub + 22), Size("1×45°"), kind="chamfer")
    roughness(board, "finish_hub", x1 + 20, CY + hub, "Ra 1,6")
    datum(board, "A", x0, CY - 52, 180)
    datum(board, "B", x1 + 8, CY - bore, 90)
    tolerance_frame(board, "square_face", x1 + 6, CY - 62, "⟂", "0,03", "B", (x1, CY - 56))
