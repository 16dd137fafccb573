"""Request context: holds the server's parts, the current time and the caller of one request."""

from __future__ import annotations

import random
from datetime import datetime
from typing import NamedTuple, Protocol

from gonogo.server.auth.principals import Principal, ServerState
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store


class Context(NamedTuple):
    """One request's context. `now` is read once, so that all a request writes bears the same instant."""

    store: Store
    settings: ServerSettings
    now: datetime
    caller: Principal
    rng: random.Random


class ContextState(ServerState, Protocol):
    """Parts of the app that a request's context holds."""

    rng: random.Random


def context_of(state: ContextState, caller: Principal) -> Context:
    return Context(state.store, state.settings, state.clock(), caller, state.rng)
