"""File type detection by the first bytes (magic numbers); names and headers are not trusted. Pure."""

from __future__ import annotations

from enum import StrEnum


class FileType(StrEnum):
    """File types that arrive as drawings; the values are Pillow's names where it has one."""

    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    PDF = "PDF"
    SVG = "SVG"
    DXF = "DXF"
    HTML = "HTML"
    EMPTY = "empty"
    UNKNOWN = "unknown"

    @classmethod
    def displayable(cls) -> tuple[FileType, ...]:
        """Returns the types that can be shown (DXF and SVG with the extra `cad`)."""
        return (cls.PNG, cls.JPEG, cls.TIFF, cls.PDF, cls.SVG, cls.DXF)

    def refusal(self, head: bytes) -> str:
        """Returns the sentence that says why a file of this type is not shown."""
        if self is FileType.HTML:
            return "Instead of a drawing the server sent a web page."
        if self is FileType.EMPTY:
            return "The drawing's file is empty."
        what = "text" if _is_text(head) else "of an unknown kind"
        return f"The drawing's file is {what}, not a PNG, JPEG, TIFF, PDF, DXF or SVG."


def sniff(head: bytes) -> FileType:
    """Returns the type of a file that begins with `head` (2 kB are enough)."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    # PDF readers accept the mark anywhere in the first kilobyte, and scanners do write bytes before it.
    if b"%PDF-" in head[:1024]:
        return FileType.PDF
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if not start:
        return FileType.EMPTY
    if start.startswith((b"<!doctype html", b"<html")):
        return FileType.HTML
    if b"<svg" in head.lower():
        return FileType.SVG
    if start.startswith((b"0\nsection", b"0\r\nsection", b"autocad binary dxf", b"999")):
        return FileType.DXF
    return FileType.UNKNOWN


_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", FileType.PNG),
    (b"\xff\xd8\xff", FileType.JPEG),
    (b"II*\x00", FileType.TIFF),
    (b"MM\x00*", FileType.TIFF),
    (b"II+\x00", FileType.TIFF),
    (b"MM\x00+", FileType.TIFF),
    (b"%PDF-", FileType.PDF),
)


def _is_text(head: bytes) -> bool:
    return bool(head) and b"\x00" not in head and sum(byte < 9 or 13 < byte < 32 for byte in head) == 0
