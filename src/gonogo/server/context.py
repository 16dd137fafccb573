"""What a handler works with: the server's parts, the instant, and the caller."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from gonogo.server.auth import Principal, authenticate
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store

_SYSTEM_RANDOM = random.SystemRandom()


@dataclass(frozen=True)
class Context:
    """One request's. `now` is read once, so that all a request writes bears the same instant."""

    store: Store
    settings: ServerSettings
    now: datetime
    caller: Principal
    rng: random.Random


async def _context(request: Request) -> Context:
    state = request.app.state
    rng = getattr(state, "rng", _SYSTEM_RANDOM)
    return Context(state.store, state.settings, state.clock(), authenticate(request), rng)


Ctx = Annotated[Context, Depends(_context)]
"""For operations that need a credential: 401 without a valid one."""
