"""Page salvage: reads the rows of a table from the pages of a damaged SQLite file and its WAL, without SQLite.

SQLite gives up a whole file for one bad page. Here each page stands for itself: a page of rows is read wherever it
lies, in its newest whole version (the last frame of the WAL, before that the file). Tables are told apart by the
number of their columns. Source: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

Value = int | float | str | bytes | None
DamagedRow = tuple[Value, ...]

_WAL_MAGIC = (0x377F0682, 0x377F0683)
_WAL_HEADER, _FRAME_HEADER, _FILE_HEADER = 32, 24, 100
_LEAF, _OTHERS = 13, (2, 5, 10)
"""Type of a page that holds a table's rows, and of the other pages of trees."""
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of an integer by its serial type."""
_DEFAULT_PAGE = 4096


class Pages:
    """Pages of a database by number, counted from 1, each with its versions, newest first."""

    def __init__(self, file: bytes, wal: bytes) -> None:
        self.size = _page_size(file, wal)
        self._versions: dict[int, list[bytes]] = {}
        for number, page in _frames(wal, self.size):
            self._versions.setdefault(number, []).insert(0, page)
        for start in range(0, len(file), self.size):
            page = file[start : start + self.size].ljust(self.size, b"\0")
            self._versions.setdefault(start // self.size + 1, []).append(page)

    def numbers(self) -> list[int]:
        return sorted(self._versions)

    def versions(self, number: int) -> list[bytes]:
        return self._versions.get(number, [])

    def overflow(self, number: int, length: int) -> bytes:
        """Returns `length` bytes of a chain of overflow pages. Raises `ValueError` where the chain breaks."""
        parts: list[bytes] = []
        missing = length
        while missing > 0:
            if not self.versions(number) or len(parts) > length // (self.size - 4) + 1:
                raise ValueError("an overflow page is missing")
            page = self.versions(number)[0]
            parts.append(page[4 : 4 + missing])
            missing -= len(parts[-1])
            number = int.from_bytes(page[:4], "big")
        return b"".join(parts)


def salvage_rows(file: bytes, wal: bytes, columns: int) -> dict[int, DamagedRow]:
    """Returns the readable rows of `columns` values by row id; the id stands in the first value, too.

    `file` and `wal` are the bytes of both files, in any state.
    """
    rows: dict[int, DamagedRow] = {}
    pages = Pages(file, wal)
    for number in pages.numbers():
        for page in pages.versions(number):
            head = _FILE_HEADER if number == 1 else 0
            kind = page[head]
            whole = kind in _OTHERS
            if kind == _LEAF:
                cells = list(_cells(page, head, pages, columns))
                whole = None not in cells
                for cell in cells:
                    if cell is not None and cell[1]:
                        rows.setdefault(*cell)
            if whole:
                break  # older versions of this page hold nothing more that counts
    return rows


def _page_size(file: bytes, wal: bytes) -> int:
    stated = [int.from_bytes(wal[8:12], "big")] if _is_wal(wal) else []
    stated.append({1: 65536}.get(size := int.from_bytes(file[16:18], "big"), size))
    return next((size for size in stated if 512 <= size <= 65536 and size & (size - 1) == 0), _DEFAULT_PAGE)


def _is_wal(wal: bytes) -> bool:
    return len(wal) >= _WAL_HEADER and int.from_bytes(wal[:4], "big") in _WAL_MAGIC


def _frames(wal: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    """Yields number and content of each page in the WAL, oldest first, of its current run only (one salt)."""
    salt = wal[16:24] if _is_wal(wal) else None
    for start in range(_WAL_HEADER, len(wal) - _FRAME_HEADER - size + 1, _FRAME_HEADER + size):
        head = wal[start : start + _FRAME_HEADER]
        number = int.from_bytes(head[:4], "big")
        if number and salt in (None, head[8:16]):
            yield number, wal[start + _FRAME_HEADER : start + _FRAME_HEADER + size]


def _cells(page: bytes, head: int, pages: Pages, columns: int) -> Iterator[tuple[int, DamagedRow] | None]:
    """Yields row id and values of each row of a page; no values for a row of another table, `None` for a bad one."""
    count = int.from_bytes(page[head + 3 : head + 5], "big")
    pointers = page[head + 8 : head + 8 + 2 * min(count, len(page) // 2)]
    for at in range(0, len(pointers) - 1, 2):
        try:
            yield _cell(page, int.from_bytes(pointers[at : at + 2], "big"), pages, columns)
        except (ValueError, IndexError, struct.error):
            yield None


def _cell(page: bytes, at: int, pages: Pages, columns: int) -> tuple[int, DamagedRow]:
    if at < 8:
        raise ValueError("a pointer into the head of the page")
    length, at = _varint(page, at)
    number, at = _varint(page, at)
    local = _local_length(length, len(page))
    payload = page[at : at + local]
    if len(payload) < local:
        raise ValueError("a row beyond its page")
    if local < length:
        payload += pages.overflow(int.from_bytes(page[at + local : at + local + 4], "big"), length - local)
    return number, _record(payload, number, columns)


def _local_length(length: int, usable: int) -> int:
    """Returns how many bytes of a row of `length` stand on its page; the rest is on overflow pages."""
    if length <= usable - 35:
        return length
    least = (usable - 12) * 32 // 255 - 23
    local = least + (length - least) % (usable - 4)
    return local if local <= usable - 35 else least


def _record(payload: bytes, number: int, columns: int) -> DamagedRow:
    """Returns the values of a record; none if it has not `columns` of them."""
    end, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    if at != end:
        raise ValueError("the head of a row is longer than it says")
    if len(kinds) != columns:
        return ()
    values: list[Value] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    return (number, *values[1:])


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind in (0, 8, 9):
        return (None if kind == 0 else kind - 8), at
    if kind == 7:
        return float(struct.unpack_from(">d", payload, at)[0]), at + 8
    if kind in (10, 11):
        raise ValueError("no type of a value")
    length = _INTEGERS.get(kind) or (kind - 12) // 2
    raw = payload[at : at + length]
    if len(raw) < length:
        raise ValueError("a value beyond its row")
    if kind in _INTEGERS:
        return int.from_bytes(raw, "big", signed=True), at + length
    return (raw if kind % 2 == 0 else raw.decode("utf-8", "replace")), at + length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Returns a number of 1 to 9 bytes, 7 bits each (8 in the ninth), and the place behind it."""
    value = 0
    for byte in range(8):
        part = data[at + byte]
        value = value << 7 | part & 0x7F
        if part < 0x80:
            return value, at + byte + 1
    return value << 8 | data[at + 8], at + 9
