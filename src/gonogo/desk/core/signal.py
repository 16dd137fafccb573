"""Whoever wants to hear of changes."""

from __future__ import annotations

from collections.abc import Callable


class Signal:
    """Functions called, in the order they came, on each `tell`."""

    def __init__(self) -> None:
        self._all: list[Callable[[], None]] = []

    def add(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` from now on; returns the function that ends it (a second call of that does nothing)."""
        self._all.append(listener)

        def end() -> None:
            if listener in self._all:
                self._all.remove(listener)

        return end

    def tell(self) -> None:
        for listener in list(self._all):
            listener()
