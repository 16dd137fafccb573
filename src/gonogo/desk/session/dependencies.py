"""Dependencies of a session: address, server, drawings, outbox and clock, which the account service puts together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from gonogo.desk.connection.server_protocol import TaskServer
from gonogo.desk.core.clock import Clock
from gonogo.desk.core.settings import Settings
from gonogo.desk.core.state_store import StateStore
from gonogo.desk.outbox.rows import Address
from gonogo.desk.session.task_pictures import AskUrl, DrawingSource


@dataclass(frozen=True, slots=True)
class SessionDependencies:
    """Injected dependencies of a session.

    `address` names a campaign; `sends` the rows of the outbox that this login may send. `connect` gives the server, or
    raises `DeskError` when there is no credential. `drawings` gets the function that asks for a drawing's address.
    `embedded`: the server is this program's own, so claims are kept between runs.
    """

    address: Address
    sends: Address
    connect: Callable[[], Awaitable[TaskServer]]
    drawings: Callable[[AskUrl], DrawingSource]
    outbox_file: Path
    memory: StateStore
    profile: Settings = field(default_factory=Settings)
    embedded: bool = False
    clock: Clock = field(default_factory=Clock)

    @property
    def campaign_id(self) -> str:
        return self.address.campaign_id or ""
