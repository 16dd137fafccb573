"""What a handler works with: the server's parts, the instant, and the caller."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request

from gonogo.server.auth.principals import Principal, authenticate
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store

_SYSTEM_RANDOM = random.SystemRandom()


@dataclass(frozen=True)
class Context:
    """One request's. `now` is read once, so that all a request writes bears the same instant.

    `unproved` is the digest of the caller's session where it is still to be proved that it lives; see `arrival`.
    """

    store: Store
    settings: ServerSettings
    now: datetime
    caller: Principal
    rng: random.Random
    unproved: str | None = None


def context_of(state: Any, caller: Principal, unproved: str | None = None) -> Context:
    """A request's context; `state` is the app's."""
    rng = getattr(state, "rng", _SYSTEM_RANDOM)
    return Context(state.store, state.settings, state.clock(), caller, rng, unproved)


async def _context(request: Request) -> Context:
    return context_of(request.app.state, authenticate(request))


Ctx = Annotated[Context, Depends(_context)]
"""For operations that need a credential: 401 without a valid one."""
