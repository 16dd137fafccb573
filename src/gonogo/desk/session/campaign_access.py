"""Campaign access: gives screens that store nothing on the disk an API client and the drawings of a campaign."""

from __future__ import annotations

import asyncio
from typing import cast

from gonogo.client.errors import NetworkError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.desk.connection.server_adapter import HttpTaskServer
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import DeskTask
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.desk.session.task_pictures import PictureCache
from gonogo.sheets.models import DrawingAddress


class CampaignAccess:
    """Read-only access to one campaign. All methods belong to the event loop's thread.

    `upcoming_tasks` are the tasks whose pictures are made ahead.
    """

    def __init__(self, dependencies: SessionDependencies) -> None:
        self.campaign_id = dependencies.campaign_id
        self.upcoming_tasks: list[DeskTask] = []
        self._connect = dependencies.connect
        self._server: HttpTaskServer | None = None
        self._connecting = asyncio.Lock()
        self.pictures = PictureCache(lambda: dependencies.drawings(self._drawing_url), lambda: self.upcoming_tasks)

    async def client(self) -> GonogoClient:
        """Returns the one client of this browser. Raises `DeskError` when there is no credential."""
        async with self._connecting:
            if self._server is None:
                self._server = cast(HttpTaskServer, await self._connect())
        return self._server.client

    def prefetch(self, *tasks: DeskTask) -> None:
        """Makes the pictures of `tasks` before they are asked for."""
        self.upcoming_tasks.extend(tasks)
        for task in tasks:
            self.pictures.add(task)

    async def aclose(self) -> None:
        await self.pictures.aclose()
        if self._server is not None:
            await self._server.aclose()

    async def _drawing_url(self, part_revision_id: str) -> DrawingAddress:
        try:
            await self.client()
        except DeskError as problem:
            raise NetworkError(str(problem), next_step=problem.next_step) from problem
        assert self._server is not None
        return await self._server.drawing_url(part_revision_id)
