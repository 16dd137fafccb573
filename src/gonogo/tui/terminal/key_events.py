"""Key events of Kitty's keyboard protocol: tells repeats of a held key from presses, before Textual reads them.

Textual 8.2 turns the protocol on without event types, and cannot read sequences that carry one. So the sequences are
rewritten: a press as Textual knows it, a repeat likewise but after `REPEAT`, which it reads as a key of its own, and a
release not at all.
Source: https://sw.kovidgoyal.net/kitty/keyboard-protocol/ (progressive enhancement, event types).
"""

from __future__ import annotations

import re

ASK_EVENT_TYPES = "\x1b[=2;2u"
"""Adds event types to the flags that Textual has set; they go when Textual takes its flags back."""
REPEAT_KEY = "\U0010fffd"
"""Textual's name of the key that stands before a repeat: a private character that no keyboard has."""
_REPEAT = f"\x1b[{ord(REPEAT_KEY)}u".encode()
_EVENT = re.compile(rb"\x1b\[([0-9:]+;[0-9]*):([123])((?:;[0-9:]*)?[u~A-HPQRS])")
_BEGUN = re.compile(rb"\x1b(\[[0-9:;]{0,64})?\Z")
_PRESSED, _REPEATED, _RELEASED = b"1", b"2", b"3"


class KeyEvents:
    """Rewriter of the terminal's input; a possible start of a sequence is held back."""

    def __init__(self) -> None:
        self._held = b""

    @property
    def holding(self) -> bool:
        return bool(self._held)

    def feed(self, data: bytes) -> bytes:
        """Returns `data` as Textual reads it."""
        data = self._held + data.replace(_REPEAT, b"")
        begun = _BEGUN.search(data)
        at = begun.start() if begun else len(data)
        self._held = data[at:]
        return _EVENT.sub(_rewritten, data[:at])

    def release(self) -> bytes:
        """Returns the held bytes, after a pause in the input."""
        held, self._held = self._held, b""
        return held


def _rewritten(match: re.Match[bytes]) -> bytes:
    key, kind, rest = match.groups()
    if kind == _RELEASED:
        return b""
    return (_REPEAT if kind == _REPEATED else b"") + b"\x1b[" + key + rest
