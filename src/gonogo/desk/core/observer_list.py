"""Signal class: keeps a list of observer functions and calls them when something changes."""

from __future__ import annotations

from collections.abc import Callable


class Signal:
    """Signal with listeners that take no arguments, called in the order in which they were connected."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def connect(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` from now on; returns the function that disconnects it (a second call does nothing)."""
        self._listeners.append(listener)

        def disconnect() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return disconnect

    def emit(self) -> None:
        """Calls all listeners."""
        for listener in list(self._listeners):
            listener()
