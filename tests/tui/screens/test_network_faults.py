"""Network faults on every screen: the app lives, says what is wrong, and goes on when the fault is over.

The outcome of each fault for an answer under way is held by `tests/desk/outbox/test_network_faults.py`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
import pytest

from gonogo.tui.screens.lead.annotators import AnnotatorsScreen
from gonogo.tui.screens.lead.campaign_dashboard import CampaignDashboardScreen
from gonogo.tui.screens.lead.gold_candidates import GoldCandidatesScreen
from gonogo.tui.screens.lead.quality import QualityScreen
from tests.tui.screens.conftest import Room, Watched

FAULTS: dict[str, httpx.Response | type[httpx.TransportError]] = {
    "refused": httpx.ConnectError,
    "no route in time": httpx.ConnectTimeout,
    "lost answer": httpx.ReadError,
    "no answer in time": httpx.ReadTimeout,
    "wrong length": httpx.RemoteProtocolError,
    "empty": httpx.Response(200, content=b""),
    "html": httpx.Response(200, html="<html>maintenance</html>"),
    "truncated JSON": httpx.Response(200, content=b'{"data": [{"id', headers={"content-type": "application/json"}),
    "wrong types": httpx.Response(200, json={"data": 7, "id": ["x"], "tasks": "none"}),
    "a list": httpx.Response(200, json=[1, 2]),
    "403": httpx.Response(403, json={"error": {"code": "forbidden", "message": "No.", "details": {}}}),
    "404": httpx.Response(404, json={"error": {"code": "not_found", "message": "No.", "details": {}}}),
    "410": httpx.Response(410, json={"error": {"code": "gone", "message": "No.", "details": {}}}),
    "422": httpx.Response(422, json={"error": {"code": "validation_error", "message": "No.", "details": {}}}),
    "500": httpx.Response(500, json={"error": {"code": "internal_error", "message": "No.", "details": {}}}),
    "502 with HTML": httpx.Response(502, html="<h1>Bad gateway</h1>"),
    "503": httpx.Response(503, json={"error": {"code": "unavailable", "message": "No.", "details": {}}}),
    "redirect": httpx.Response(302, headers={"location": "https://elsewhere.example/"}),
}


class Faulty(Watched):
    """Every request meets the fault, if there is one."""

    fault: str | None = None
    spared: tuple[str, ...] = ()
    """Ends of paths that meet no fault."""
    met = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.fault is None or request.url.path.endswith(self.spared):
            return await super().handle_async_request(request)
        self.met += 1
        outcome = FAULTS[self.fault]
        if isinstance(outcome, httpx.Response):
            return httpx.Response(outcome.status_code, headers=outcome.headers, content=outcome.content)
        raise outcome("fault", request=request)


@dataclass(frozen=True)
class Way:
    """How a screen is reached, and what it shows when all is well."""

    open: Callable[[Room], Awaitable[None]]
    healthy: tuple[str, ...]


async def _to(room: Room, key: str, screen: type[object]) -> None:
    await room.press(key)
    await room.until(lambda: isinstance(room.screen, screen))


async def _nothing(room: Room) -> None:
    return None


async def _lead(room: Room) -> None:
    await room.sees("find")
    await _to(room, "l", CampaignDashboardScreen)


async def _quality(room: Room) -> None:
    await room.sees("find")
    await _to(room, "y", QualityScreen)


async def _annotators(room: Room) -> None:
    await room.sees("find")
    await _to(room, "p", AnnotatorsScreen)


async def _candidates(room: Room) -> None:
    await room.sees("find")
    await _to(room, "g", GoldCandidatesScreen)


WAYS = {
    "review": Way(_nothing, ("find",)),
    "lead": Way(_lead, ("people",)),
    "quality": Way(_quality, ("alpha",)),
    "annotators": Way(_annotators, ("ana",)),
    "candidates": Way(_candidates, ("gold",)),
}
SAYS = {
    "refused": "cannot be reached",
    "no route in time": "not answer in time",
    "lost answer": "cut before",
    "no answer in time": "not answer in time",
    "wrong length": "cut before",
    "empty": "empty body",
    "html": "a page",
    "truncated JSON": "broken JSON",
    "wrong types": "answer is no",
    "a list": "answer is no",
    "403": "not allow",
    "404": "not have this",
    "410": "not have this",
    "422": "rejects the request",
    "500": "server failed",
    "502 with HTML": "server failed",
    "503": "server failed",
    "redirect": "redirected",
}
"""A piece of the sentence that a person reads."""


def _said(room: Room) -> str:
    """Everything on the screen in one line, without frames."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", room.text).split())


@pytest.mark.slow
@pytest.mark.parametrize("name", WAYS)
async def test_a_fault_is_said_and_r_goes_on_when_it_is_over(room: Room, name: str) -> None:
    way = WAYS[name]
    first = await room.bench.task()
    await room.bench.task()
    await room.bench.vote(first, ana="correct", bob="incorrect")
    async with room.opened(transport=Faulty):
        await way.open(room)
        await room.sees(*way.healthy)
        transport, place = room.transport, type(room.screen)
        assert isinstance(transport, Faulty)
        for fault, words in SAYS.items():
            transport.fault, transport.met = fault, 0
            await room.press("r")
            await room.until(lambda words=words: transport.met and words in _said(room))  # type: ignore[misc]
            assert type(room.screen) is place
            transport.fault, n_seen = None, len(transport.seen)
            await room.press("r")
            await room.until(lambda n=n_seen: len(transport.seen) > n)  # type: ignore[misc]
            await room.sees(*way.healthy)
            room.pilot.app.clear_notifications()  # those of one fault must not stand for the next one


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_start_under_a_fault_is_said_and_goes_on_when_it_is_over(room: Room, fault: str) -> None:
    await room.bench.task()
    broken = type("Broken", (Faulty,), {"fault": fault, "spared": ("/me", "/capabilities")})
    async with room.opened(start="annotate", transport=broken):
        await room.until(lambda: "read right" not in _said(room) and SAYS[fault] in _said(room))
        assert isinstance(room.transport, Faulty)
        room.transport.fault = None
        await room.press("r")
        await room.until(lambda: "Is the nominal" in _said(room))
