"""Garbage collector pause: switches collection off while hundreds of thousands of objects are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Switches the collector off for the block, because its scans would cost as much as reading the votes.

    Safe with several threads: only a thread that found the collector on switches it on again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
