from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from gonogo.tui.app import GonogoApp
from tests.tui.fake_services import Clock, FakeAnnotateSession, fake_app
from tests.tui.screen_text import settle


@pytest.fixture
def clock() -> Clock:
    return Clock()


Running = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture
def running(home: Path, clock: Clock) -> Running:
    """Run the application on a fake desk until its first question (or card) is on the screen."""

    @asynccontextmanager
    async def run(
        session: FakeAnnotateSession, *, size: tuple[int, int] = (100, 30), **more: Any
    ) -> AsyncIterator[Pilot[None]]:
        app: GonogoApp = fake_app(session, home, clock=clock, **more)
        async with app.run_test(size=size, notifications=True) as pilot:
            await settle(pilot)
            clock.pass_(1)
            yield pilot

    return run
