"""Kitty graphics protocol: sends a picture once, as PNG, and shows it by placeholder text. No numpy here.

The text is made of placeholders (U+10EEEE) that carry row and column as combining marks and the picture's id as their
colour, so that scrolling, windows and repaints treat the picture like text.
Source: the protocol's own description, https://sw.kovidgoyal.net/kitty/graphics-protocol/ (Unicode placeholders).
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections import deque
from collections.abc import Sequence

PLACEHOLDER = "\U0010eeee"
CHUNK = 4096
"""Base64 characters in one command at most."""
IDS = range(16, 256)
"""Ids that a palette colour can carry: they come through where a terminal, or tmux, is believed to have 256 colours."""
BITS = 4
"""Bits of a pixel: 16 colours."""


class PictureNumbers:
    """Ids of the pictures in one terminal; no two pictures there have the same at a time.

    Other programs show pictures in the same window, under tmux in others' panes: `start` differs between processes.
    """

    def __init__(self, start: int) -> None:
        self._free = deque(IDS)
        self._free.rotate(-start)
        self._used: deque[int] = deque()

    def take(self) -> int:
        """Returns a free id; when none is, the one taken first."""
        number = (self._free or self._used).popleft()
        self._used.append(number)
        return number

    def give_back(self, number: int) -> None:
        if number in self._used:
            self._used.remove(number)
            self._free.append(number)


# The first combining marks of Kitty's list rowcolumn-diacritics.txt, one for each row or column from 0.
_MARKS = "".join(
    chr(code)
    for first, last in (
        (0x305, 0x305), (0x30D, 0x30E), (0x310, 0x310), (0x312, 0x312), (0x33D, 0x33F), (0x346, 0x346), (0x34A, 0x34C),
        (0x350, 0x352), (0x357, 0x357), (0x35B, 0x35B), (0x363, 0x36F), (0x483, 0x487), (0x592, 0x595), (0x597, 0x599),
        (0x59C, 0x5A1), (0x5A8, 0x5A9), (0x5AB, 0x5AC), (0x5AF, 0x5AF), (0x5C4, 0x5C4), (0x610, 0x617), (0x657, 0x65B),
        (0x65D, 0x65E), (0x6D6, 0x6DC), (0x6DF, 0x6E2), (0x6E4, 0x6E4), (0x6E7, 0x6E8), (0x6EB, 0x6EC), (0x730, 0x730),
        (0x732, 0x733), (0x735, 0x736), (0x73A, 0x73A), (0x73D, 0x73D), (0x73F, 0x741), (0x743, 0x743), (0x745, 0x745),
        (0x747, 0x747), (0x749, 0x74A), (0x7EB, 0x7F1), (0x7F3, 0x7F3), (0x816, 0x819), (0x81B, 0x823), (0x825, 0x827),
        (0x829, 0x82D), (0x951, 0x951), (0x953, 0x954), (0xF82, 0xF83), (0xF86, 0xF87), (0x135D, 0x135F),
        (0x17DD, 0x17DD), (0x193A, 0x193A), (0x1A17, 0x1A17), (0x1A75, 0x1A7C), (0x1B6B, 0x1B6B), (0x1B6D, 0x1B73),
        (0x1CD0, 0x1CD2), (0x1CDA, 0x1CDB), (0x1CE0, 0x1CE0), (0x1DC0, 0x1DC1), (0x1DC3, 0x1DC9), (0x1DCB, 0x1DCC),
        (0x1DD1, 0x1DE6), (0x1DFE, 0x1DFE), (0x20D0, 0x20D1), (0x20D4, 0x20D7), (0x20DB, 0x20DC), (0x20E1, 0x20E1),
        (0x20E7, 0x20E7), (0x20E9, 0x20E9), (0x20F0, 0x20F0), (0x2CEF, 0x2CF1), (0x2DE0, 0x2DFF), (0xA66F, 0xA66F),
        (0xA67C, 0xA67D), (0xA6F0, 0xA6F1), (0xA8E0, 0xA8F1), (0xAAB0, 0xAAB0), (0xAAB2, 0xAAB3), (0xAAB7, 0xAAB8),
        (0xAABE, 0xAABF), (0xAAC1, 0xAAC1), (0xFE20, 0xFE26), (0x10A0F, 0x10A0F), (0x10A38, 0x10A38),
        (0x1D185, 0x1D189), (0x1D1AA, 0x1D1AD), (0x1D242, 0x1D244),
    )
    for code in range(first, last + 1)
)  # fmt: skip
SIDE_MOST = len(_MARKS)
"""Cells that a picture can be wide or high."""


def png(body: bytes, size: tuple[int, int], colours: Sequence[str]) -> bytes:
    """Returns `body` (deflated rows of palette indices, `BITS` each) as a PNG in `colours`, `#rrggbb` by index."""
    width, height = size
    palette = b"".join(bytes.fromhex(colour[1:]) for colour in colours[: 1 << BITS])
    head = struct.pack(">IIBBBBB", width, height, BITS, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", body), (b"IEND", b""))
    )


def send(number: int, data: bytes, cells: tuple[int, int], *, tmux: bool = False) -> str:
    """Returns the commands that store a PNG as picture `number`, to be shown on `cells` (columns, rows)."""
    columns, rows = cells
    text = base64.standard_b64encode(data).decode("ascii")
    pieces = [text[at : at + CHUNK] for at in range(0, len(text), CHUNK)] or [""]
    commands = []
    for at, piece in enumerate(pieces):
        head = f"a=T,U=1,f=100,t=d,q=2,i={number},c={columns},r={rows}," if at == 0 else "q=2,"
        commands.append(_command(f"{head}m={int(at < len(pieces) - 1)}", piece, tmux=tmux))
    return "".join(commands)


def delete(number: int, *, tmux: bool = False) -> str:
    """Returns the command that deletes picture `number` and its data."""
    return _command(f"a=d,d=I,q=2,i={number}", tmux=tmux)


def placeholders(columns: int, rows: int) -> list[str]:
    """Returns the text of each row. Each cell names its own place, so that any part of a row can be repainted alone."""
    across = _MARKS[:columns]
    return ["".join(PLACEHOLDER + _MARKS[row] + column for column in across) for row in range(min(rows, SIDE_MOST))]


def _command(control: str, payload: str = "", *, tmux: bool) -> str:
    command = f"\x1b_G{control};{payload}\x1b\\" if payload else f"\x1b_G{control}\x1b\\"
    return "\x1bPtmux;" + command.replace("\x1b", "\x1b\x1b") + "\x1b\\" if tmux else command
