"""Background task of webhooks: sends beside a server, in its process or in one of its own."""

from __future__ import annotations

import contextlib
from contextlib import AbstractAsyncContextManager

from gonogo.server.webhooks.sender_process import run_beside
from gonogo.server.webhooks.worker import SendingState, run_here


def send_in_background(state: SendingState) -> AbstractAsyncContextManager[None]:
    """While the block lasts, looks for changes every `settings.webhook_seconds`; never, where that is `None`."""
    seconds = state.settings.webhook_seconds
    if seconds is None:
        return contextlib.nullcontext()
    return run_beside(state, seconds) if state.settings.webhook_process else run_here(state, seconds)
