"""Observers of this process: are called for audited actions, refreshes of a consensus and webhooks, for `/metrics`."""

from __future__ import annotations

from typing import Protocol


class EventObserver(Protocol):
    """Receiver of the events; its methods are called inside transactions, so they must be quick and never raise."""

    def acted(self, action: str) -> None:
        """An audit row was written. A transaction that is tried again after a lost race writes its row once more."""

    def refreshed(self, seconds: float) -> None:
        """A campaign was measured, and its fresh consensus written."""

    def sent_webhooks(self, n_delivered: int, n_failed: int, n_given_up: int) -> None:
        """Messages were tried; what was given up is among the failed tries."""


observers: list[EventObserver] = []
