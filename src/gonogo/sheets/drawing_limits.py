"""Limits on fetching, decoding and caching drawings, and the error for a drawing that cannot be shown.
Used by the app and the render process.
"""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024
TELL_OPERATOR = "Tell the server's operator. Until then judge from the text, or answer unsure."
"""Next step where only the server's operator can help."""


@dataclass(frozen=True, slots=True)
class DrawingLimits:
    """Limits on transfer, decoding and caching; the defaults are meant for A0 sheets on a laptop.

    `decoded_bytes` is the size of the bitmap before it is decoded (pixels × bytes a pixel): 75 MP in the dearest
    form (RGBA; an A1 sheet at 300 dpi), 300 MP in grey. `seconds` is the time one picture may take before the child is
    killed.
    """

    transfer_bytes: int = 50 * MEGABYTE
    transfer_seconds: float = 60.0
    redirects: int = 3
    decoded_bytes: int = 300 * 1000 * 1000
    side_pixels: int = 60_000
    pages: int = 200
    seconds: float = 20.0
    address_space: int = 1024 * MEGABYTE
    cache_bytes: int = 500 * MEGABYTE
    pictures_kept: int = 96


class CannotShowError(Exception):
    """A drawing that is not shown: `reason` is a sentence for the person, `retry` whether trying again may help."""

    def __init__(self, reason: str, *, next_step: str = "", retry: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.next_step = next_step
        self.retry = retry
