"""Sample drawing of a milled bracket: draws two views, tapped holes with depth, a slot, a pocket, flatness and
parallelism.
"""

from __future__ import annotations

from gonogo.demo.dimension_callouts import datum, horizontal, leader, roughness, tolerance_frame, vertical
from gonogo.demo.drawing_board import Board, Size
from gonogo.demo.title_block import Title, draw_border, draw_notes, draw_title_block

X, Y, W, H = 65.0, 150.0, 170.0, 96.0  # plan view
FX, FW = 300.0, 62.0  # side view


def draw_bracket() -> Board:
    """Sheet of the bracket."""
    board = Board("GX-2210 bracket")
    draw_border(board)
    draw_title_block(
        board, Title("GX-2210-03", "Sensor bracket", "EN AW-6082 T6", "1:1", tolerance="ISO 2768-fH", weight="0,48 kg")
    )
    draw_notes(board, "Edges broken 0,2×45°", "Anodised EN ISO 7599 - 15 µm, clear", "Threads free of coating")
    _plan(board)
    _side(board)
    return board


def _plan(board: Board) -> None:
    corner = 8.0
    board.outline(
        (X + corner, Y), (X + W, Y), (X + W, Y + H - 14), (X + W - 14, Y + H), (X, Y + H), (X, Y + corner), close=False
    )
    board.arc(X + corner, Y + corner, corner, 180, 270)
    holes = ((X + 16, Y + 80), (X + 16, Y + 16), (X + W - 24, Y + 16))
    for x, y in holes:
        board.hole(x, y, 4.5)
        board.circle(x, y, 7.5)
    board.hole(X + 96, Y + 58, 17)
    board.circle(X + 96, Y + 58, 22, "hidden")
    taps = ((X + 96, Y + 88), (X + 96, Y + 28))
    for x, y in taps:
        board.hole(x, y, 2.5)
        board.arc(x, y, 3.2, 0, 270, "thin")
    slot_y, slot_x0, slot_x1, r = Y + 40, X + 134, X + 156, 5.0
    board.segment(slot_x0, slot_y + r, slot_x1, slot_y + r)
    board.segment(slot_x0, slot_y - r, slot_x1, slot_y - r)
    board.arc(slot_x0, slot_y, r, 90, 270)
    board.arc(slot_x1, slot_y, r, 270, 450)
    board.cross(slot_x0, slot_y, r + 2)
    board.cross(slot_x1, slot_y, r + 2)

    horizontal(board, "hole_from_edge", X, X + 16, Y - 8, (Y + 8, Y + 9), Size("16"))
    horizontal(board, "hole_pitch_x", X + 16, X + W - 24, Y - 18, (Y + 9, Y + 9), Size("130", "±0,1"))
    horizontal(board, "length", X, X + W, Y - 30, (Y + 8, Y), Size("170"))
    horizontal(board, "bore_from_edge", X, X + 96, Y + H + 8, (Y + H, Y + H), Size("96", "±0,05"))
    horizontal(board, "slot_centres", slot_x0, slot_x1, Y + 60, (slot_y + r, slot_y + r), Size("22"))
    vertical(board, "hole_pitch_y", Y + 16, Y + 80, X - 10, (X + 9, X + 9), Size("64", "±0,1"))
    vertical(board, "width", Y, Y + H, X - 22, (X + 8, X), Size("96", "0", "-0,1"))
    vertical(board, "slot_height", Y, slot_y, X + W + 14, (X + W, slot_x1 + 6), Size("40"))
    leader(
        board, "counterbores", (X + 20, Y + 74.5), (X + 32, Y + 62),
        Size("9", suffix=" THRU", prefix="3× ", diameter=True),
    )  # fmt: skip
    leader(board, "bore", (X + 108, Y + 70), (X + 122, Y + 84), Size("34", suffix=" H7", diameter=True))
    leader(
        board, "taps", (X + 93.8, Y + 26), (X + 80, Y + 12), Size("M6 - 6H x14", prefix="2× "),
        kind="thread", detail_kind="thread",
    )  # fmt: skip
    leader(board, "slot_width", (slot_x0 - 3.5, slot_y - 3.5), (X + 120, Y + 24), Size("R5"), kind="radius")
    leader(board, "corner", (X + 2.3, Y + 2.3), (X - 16, Y - 12), Size("R8"), kind="radius")
    leader(board, "bevel", (X + W - 7, Y + H - 7), (X + W + 6, Y + H + 6), Size("14×45°"), kind="chamfer")
    tolerance_frame(board, "bore_position", X + 124, Y + 72, "⌖", "⌀0,05", "AB", (X + 128, Y + 83))
    datum(board, "B", X + 60, Y, 270)


def _side(board: Board) -> None:
    y0, y1 = Y, Y + H
    wall = 12.0
    points = [(FX, y0), (FX + FW, y0), (FX + FW, y0 + wall), (FX + wall + 6, y0 + wall), (FX + wall, y0 + wall + 6)]
    board.outline(*points, (FX + wall, y1), (FX, y1))
    for y, r in ((y0 + 58, 17.0), (y0 + 88, 2.5), (y0 + 28, 2.5)):
        for s in (1, -1):
            board.segment(FX, y + s * r, FX + wall, y + s * r, "hidden")
        board.segment(FX - 3, y, FX + wall + 3, y, "centre")
    horizontal(board, "wall", FX, FX + wall, y1 + 8, (y1, y1), Size("12", "+0,1", "0"))
    horizontal(board, "foot", FX, FX + FW, y0 - 10, (y0, y0), Size("62"))
    vertical(board, "foot_height", y0, y0 + wall, FX + FW + 10, (FX + FW, FX + FW), Size("12"))
    leader(
        board,
        "inside_radius",
        (FX + wall + 2, y0 + wall + 4),
        (FX + wall + 16, y0 + wall + 20),
        Size("R6"),
        kind="radius",
    )
    roughness(board, "finish_face", FX + 44, y0 + wall, "Ra 0,8")
    datum(board, "A", FX, y0 + 44, 180)
    tolerance_frame(board, "flat_face", FX + wall + 14, y0 + 70, "⏥", "0,05", "", (FX + wall, y0 + 76))
    tolerance_frame(board, "parallel_foot", FX + 20, y0 + 46, "//", "0,1", "A", (FX + wall, y0 + 48))
