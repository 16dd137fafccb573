"""Observers of this process: are called for each audited action and each refresh of a consensus, for `/metrics`."""

from __future__ import annotations

from typing import Protocol


class EventObserver(Protocol):
    """Receiver of the events; its methods are called inside transactions, so they must be quick and never raise."""

    def acted(self, action: str) -> None:
        """An audit row was written. A transaction that is tried again after a lost race writes its row once more."""

    def refreshed(self, seconds: float) -> None:
        """A campaign was measured, and its fresh consensus written."""


observers: list[EventObserver] = []
