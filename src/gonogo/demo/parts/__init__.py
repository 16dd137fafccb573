"""Sample drawings: draw the four parts of the demo, as a workshop would draw them."""

from __future__ import annotations

from gonogo.demo.drawing_board import Board
from gonogo.demo.parts.bracket import draw_bracket
from gonogo.demo.parts.flange import draw_flange
from gonogo.demo.parts.shaft import draw_shaft
from gonogo.demo.parts.sheet_metal import draw_cover


def draw_all() -> dict[str, Board]:
    """Finished sheets by part name."""
    return {
        "GX-1042 shaft": draw_shaft(),
        "GX-2210 bracket": draw_bracket(),
        "GX-3107 cover": draw_cover(),
        "GX-4008 flange": draw_flange(),
    }
