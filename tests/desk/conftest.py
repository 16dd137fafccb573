"""Desks over the scripted server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from gonogo.client.credential import SessionToken
from gonogo.client.gonogo_client import GonogoClient
from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.connection.server_adapter import HttpTaskServer
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.settings import Settings
from gonogo.desk.core.state_store import StateStore
from gonogo.desk.outbox.rows import Address
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.sheets.models import NoPicture, Picture, PictureRequest, SheetRef
from gonogo.sheets.sheet_text import SheetText
from tests.support.labeling_server import BASE, CAMPAIGN, FakeClock, ScriptedServer, names, until

MakeDesk = Callable[..., Coroutine[Any, Any, AnnotateSession]]


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

    async def text(self, ref: SheetRef, page: int, query: str = "") -> SheetText | NoPicture:
        return NoPicture("This drawing has no text.")

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
    made: list[AnnotateSession] = []

    async def make(
        server: ScriptedServer,
        *,
        annotator: str = "annotator-1",
        embedded: bool = False,
        credential: str | None = "good-token",
        start: bool = True,
        drawings: Any = None,
        **profile: Any,
    ) -> AnnotateSession:
        async def connect() -> HttpTaskServer:
            if credential is None:
                raise DeskError("There is no credential.", "Sign in again.")
            client = GonogoClient(BASE, SessionToken(credential), transport=server.transport(), retry=None)
            return HttpTaskServer(client)

        address = Address(BASE, annotator, CAMPAIGN)
        desk = AnnotateSession(
            SessionDependencies(
                address=address,
                sends=address,
                connect=connect,
                drawings=lambda ask: drawings or NoDrawings(),
                outbox_file=folder / "outbox.sqlite",
                memory=StateStore(folder / "memory.sqlite"),
                profile=Settings(**profile),
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


async def ready_desk(make_desk: MakeDesk, n: int, **profile: Any) -> tuple[ScriptedServer, AnnotateSession]:
    """A server with `n` tasks, and a desk that shows the first of them and knows what the server takes."""
    server = ScriptedServer(names(n))
    desk = await make_desk(server, **profile)
    await until(lambda: desk.current and desk.takes_notes)
    return server, desk
