"""Sample drawing of a bent sheet-metal cover: draws the folded view and front, bends, a row of slots, and a hole
pattern.
"""

from __future__ import annotations

from gonogo.demo.dimension_callouts import angle, horizontal, leader, vertical
from gonogo.demo.drawing_board import Board, Size
from gonogo.demo.title_block import Title, draw_border, draw_notes, draw_title_block

X, Y, W, H = 60.0, 140.0, 190.0, 110.0
PX = 300.0


def draw_cover() -> Board:
    """Sheet of the cover."""
    board = Board("GX-3107 cover")
    draw_border(board)
    title = Title(
        "GX-3107-02",
        "Control box cover",
        "EN 10130 DC01  t=1,5",
        "1:2",
        weight="0,74 kg",
        finish="RAL 7035",
        revision="D",
    )
    draw_title_block(board, title)
    draw_notes(board, "Inside bend radius R2 unless stated", "Powder coated 60 - 80 µm", "No burrs, no sharp corners")
    _front(board)
    _profile(board)
    return board


def _front(board: Board) -> None:
    board.outline((X, Y), (X + W, Y), (X + W, Y + H), (X, Y + H))
    for y in (Y + 7, Y + H - 7):  # bend lines
        board.segment(X, y, X + W, y, "centre")
    for x in (X + 12, X + W - 12):
        for y in (Y + 18, Y + H - 18):
            board.hole(x, y, 2.8)
    for i in range(6):
        x = X + 40 + i * 14
        board.segment(x - 2, Y + 34, x - 2, Y + 68)
        board.segment(x + 2, Y + 34, x + 2, Y + 68)
        board.arc(x, Y + 68, 2, 0, 180)
        board.arc(x, Y + 34, 2, 180, 360)
    board.outline((X + 138, Y + 52), (X + 172, Y + 52), (X + 172, Y + 78), (X + 138, Y + 78))
    board.hole(X + 155, Y + 34, 8)

    horizontal(board, "width", X, X + W, Y - 30, (Y, Y), Size("380", "0", "-1"))
    horizontal(board, "hole_pitch_x", X + 12, X + W - 12, Y - 19, (Y + 15, Y + 15), Size("356", "±0,3"))
    horizontal(board, "first_slot", X, X + 40, Y - 8, (Y, Y + 32), Size("80"))
    horizontal(board, "slot_pitch", X + 40, X + 54, Y + 80, (Y + 70, Y + 70), Size("28", prefix="5× "))
    horizontal(board, "window_width", X + 138, X + 172, Y + 90, (Y + 78, Y + 78), Size("68", "+0,5", "0"))
    vertical(board, "window_height", Y + 52, Y + 78, X + 182, (X + 172, X + 172), Size("52"))
    vertical(board, "height", Y, Y + H, X - 24, (X, X), Size("220"))
    vertical(board, "hole_pitch_y", Y + 18, Y + H - 18, X - 12, (X + 9, X + 9), Size("184", "±0,3"))
    vertical(board, "slot_length", Y + 34, Y + 68, X + 26, (X + 38, X + 38), Size("68"))
    leader(
        board, "corner_holes", (X + 14, Y + H - 16), (X + 24, Y + H + 12),
        Size("5,5", suffix=" THRU", prefix="4× ", diameter=True),
    )  # fmt: skip
    leader(board, "slot_width", (X + 111.5, Y + 69.6), (X + 118, Y + 100), Size("R4", prefix="12× "), kind="radius")
    leader(board, "gland", (X + 149, Y + 28.6), (X + 138, Y + 20), Size("32,5", "+0,2", "0", diameter=True))


def _profile(board: Board) -> None:
    """Side view: a shallow channel with a 100° lip."""
    t = 2.0
    y0, y1, depth = Y, Y + H, 38.0
    board.outline((PX, y0), (PX + depth, y0), (PX + depth, y0 + t), (PX + t, y0 + t), (PX + t, y1 - t),
                  (PX + depth, y1 - t), (PX + depth + 9.2, y1 - t - 7.7),
                  (PX + depth + 10.6, y1 - t - 6),
                  (PX + depth + 0.8, y1), (PX, y1))  # fmt: skip
    horizontal(board, "depth", PX, PX + depth, y0 - 10, (y0, y0), Size("76", "±0,5"))
    horizontal(board, "thickness", PX, PX + t, y1 + 10, (y1, y1), Size("1,5"))
    vertical(board, "inside", y0 + t, y1 - t, PX + depth + 26, (PX + depth, PX + depth + 10), Size("217", "+0,5", "0"))
    leader(
        board, "bend_radius", (PX + t + 0.3, y0 + t + 0.3), (PX + 12, y0 + 22), Size("R2", prefix="3× "), kind="radius"
    )
    angle(board, "lip_angle", (PX + depth, y1 - t), 16.0, (180, 320), "140°")
