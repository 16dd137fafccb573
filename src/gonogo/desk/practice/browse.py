"""A campaign looked at without a desk: a client and the drawings, for screens that keep nothing of their own."""

from __future__ import annotations

import asyncio
from typing import cast

from gonogo.client.errors import NetworkError
from gonogo.client.gonogo_api import GonogoClient
from gonogo.desk.connection.server_adapter import HttpTaskServer
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import DeskTask
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.desk.session.pictures import PictureCache
from gonogo.sheets.models import DrawingAddress


class CampaignBrowser:
    """Gold candidates and practice: nothing is written to disk. All methods belong to the event loop's thread.

    `coming` are the tasks whose pictures are made ahead.
    """

    def __init__(self, setup: SessionDependencies) -> None:
        self.campaign_id = setup.campaign_id
        self.coming: list[DeskTask] = []
        self._connect = setup.connect
        self._remote: HttpTaskServer | None = None
        self._connecting = asyncio.Lock()
        self.pictures = PictureCache(lambda: setup.drawings(self._drawing_url), lambda: self.coming)

    async def client(self) -> GonogoClient:
        """The one client of this visit. Raises `DeskError` when there is no credential."""
        async with self._connecting:
            if self._remote is None:
                self._remote = cast(HttpTaskServer, await self._connect())
        return self._remote.client

    def arrived(self, *tasks: DeskTask) -> None:
        """Make the pictures of `tasks` before they are asked for."""
        self.coming.extend(tasks)
        for task in tasks:
            self.pictures.add(task)

    async def aclose(self) -> None:
        await self.pictures.aclose()
        if self._remote is not None:
            await self._remote.aclose()

    async def _drawing_url(self, part_revision_id: str) -> DrawingAddress:
        try:
            await self.client()
        except DeskError as problem:
            raise NetworkError(str(problem), next_step=problem.next_step) from problem
        assert self._remote is not None
        return await self._remote.drawing_url(part_revision_id)
