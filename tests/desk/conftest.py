"""Desks over the scripted server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from gonogo.client.credential import SessionToken
from gonogo.client.gonogo_api import GonogoClient
from gonogo.client.retry import RetryPolicy
from gonogo.desk.annotate.session import Desk
from gonogo.desk.connection.server_adapter import ClientRemote
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.settings import Profile
from gonogo.desk.core.state_db import Memory
from gonogo.desk.outbox.outbox import Address
from gonogo.desk.session.dependencies import Setup
from gonogo.sheets.models import NoPicture, Picture, PictureRequest, SheetRef

from .scripted import BASE, CAMPAIGN, FakeClock, ScriptedServer

MakeDesk = Callable[..., Coroutine[Any, Any, Desk]]


class NoDrawings:
    """Every drawing is missing; `asked` says which were prepared."""

    def __init__(self) -> None:
        self.asked: list[tuple[SheetRef, PictureRequest]] = []

    async def picture(self, ref: SheetRef, request: PictureRequest) -> Picture | NoPicture:
        return NoPicture("There is no drawing here.")

    def picture_ready(self, ref: SheetRef, request: PictureRequest) -> Picture | NoPicture | None:
        return None

    def prepare(self, ref: SheetRef, request: PictureRequest) -> None:
        self.asked.append((ref, request))

    async def export_png(self, ref: SheetRef, request: PictureRequest) -> Path | NoPicture:
        return NoPicture("There is no drawing here.")

    async def aclose(self) -> None:
        return None


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "desk"


@pytest.fixture
async def make_desk(clock: FakeClock, folder: Path) -> AsyncIterator[MakeDesk]:
    """Makes and starts desks; those still open are closed at the end."""
    made: list[Desk] = []

    async def make(
        server: ScriptedServer,
        *,
        annotator: str = "annotator-1",
        embedded: bool = False,
        credential: str | None = "good-token",
        start: bool = True,
        drawings: Any = None,
        **profile: Any,
    ) -> Desk:
        async def connect() -> ClientRemote:
            if credential is None:
                raise DeskError("There is no credential.", "Sign in again.")
            policy = RetryPolicy(tries=1, clock=clock.monotonic, sleep=clock.sleep)
            client = GonogoClient(BASE, SessionToken(credential), transport=server.transport(), retry=policy)
            return ClientRemote(client)

        address = Address(BASE, annotator, CAMPAIGN)
        desk = Desk(
            Setup(
                address=address,
                sends=address,
                connect=connect,
                drawings=lambda ask: drawings or NoDrawings(),
                outbox_file=folder / "outbox.sqlite",
                memory=Memory(folder / "memory.sqlite"),
                profile=Profile(**profile),
                embedded=embedded,
                clock=clock,
            )
        )
        made.append(desk)
        if start:
            await desk.start()
        return desk

    yield make
    for desk in made:
        await clock.finish(desk.close())
