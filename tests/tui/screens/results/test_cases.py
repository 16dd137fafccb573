"""The results screen: a task's cases from a results API, in any number; one in full; breaks and errors in words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from gonogo.client.credential import ApiKey
from gonogo.client.results_api import ResultsClient
from gonogo.client.transport.retry import ONCE
from gonogo.desk.account.account_service import Account
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import Settings
from gonogo.desk.results.case_list import CaseList, CaseListFilter
from gonogo.desk.results.results_login import Source
from gonogo.schemas.results_api import CaseResult, LoginRequest
from gonogo.tui import workers
from gonogo.tui.app import GonogoApp
from gonogo.tui.screens.expert.adjudicate import AdjudicateScreen
from gonogo.tui.screens.results.case import CaseScreen
from gonogo.tui.screens.results.cases import ResultsScreen
from tests.client.scripted_server import Got, Reply, Reset, ScriptedServer, Step
from tests.server.web import LABELING
from tests.tui.screen_text import settle, text_of
from tests.tui.screens.conftest import Room

STATES = ("Labeled", "Flagged", "Ready")


def a_case(number: int) -> dict[str, Any]:
    return {
        "task_id": 12,
        "task_name": "PMI ⌀",
        "case_id": number,
        "labeling_state": STATES[number % 3],
        "agreement": (number % 10) / 10 if number % 7 else None,
        "difficulty": 0.25,
        "majority_label": f"crack {number}",
        "content_metadata": [{"origin": f"part-{number}.png"}],
    }


class Centaur:
    """A task of `n_cases`; `answers` go first, by number of the list request."""

    def __init__(self, n_cases: int, page: int = 100, answers: dict[int, Step] | None = None) -> None:
        self.n_cases, self.page, self.answers, self.lists = n_cases, page, answers or {}, 0

    def __call__(self, got: Got) -> Step:
        query = dict(pair.split("=") for pair in got.query.split("&") if pair)
        if got.path.endswith("/login"):
            return Reply(200, {"token": "session-token-1"})
        if got.path.endswith("/get"):
            number = int(query["case_id"])
            found = {**a_case(number), "fresh_field": {"from": "them"}, "reviewer_note": "[red]see[/red] \x1b[31mred"}
            return Reply(200, found) if number <= self.n_cases else Reply(404, {"message": "no such case"})
        self.lists += 1
        if self.lists in self.answers:
            return self.answers[self.lists]
        first = int(query.get("last_sequence_id", "0"))
        last = min(first + self.page, self.n_cases)
        body: dict[str, Any] = {"payload": [a_case(n) for n in range(first + 1, last + 1)]}
        if last < self.n_cases:
            body |= {"has_next": True, "last_sequence_id": last, "limit": self.page}
        return Reply(200, body)


def source_at(url: str) -> Source:
    async def login() -> LoginRequest:
        return LoginRequest(username="a@b.example", api_password="a-password")

    async def connect() -> ResultsClient:
        return ResultsClient(url, ApiKey("centaur-key"), login, retry=ONCE)

    return Source("centaur.example", connect)


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be read stays on the screen until a key asks for it again."""
    monkeypatch.setattr(workers, "FIRST_PAUSE", 1000.0)


class Shown:
    """The application at a results screen."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot

    @property
    def text(self) -> str:
        return text_of(self.pilot.app.screen)

    async def sees(self, *words: str) -> None:
        end = asyncio.get_running_loop().time() + 20
        while not all(word in self.text for word in words):
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"{words} did not come; the screen says:\n{self.text}")
            await self.pilot.pause(0.02)
        await settle(self.pilot)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
        await settle(self.pilot)


@asynccontextmanager
async def opened(
    home: Path, source: Source, task: int | None = 12, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Shown]:
    app = GonogoApp(Account(AppPaths(home), Settings()))
    app.navigator.standalone_screen = lambda: ResultsScreen(source, task)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Shown(pilot)


@pytest.mark.slow
async def test_cases_are_listed_filtered_sorted_and_opened(home: Path) -> None:
    async with ScriptedServer(Centaur(250)) as server, opened(home, source_at(server.url)) as shown:
        await shown.sees("1 of 250 cases", "PMI ⌀", "crack 1", ".10 ▮▯▯▯▯")
        await shown.press("t")
        await shown.sees("1 of 84 that fit", "250 read", "state Flagged")
        await shown.press("slash", *"part-10", "enter")
        await shown.sees("1 of 5 that fit", "crack 10 ", "crack 103", "crack 106")
        await shown.press("x", "o", "o", "o")
        await shown.sees("agree ▲")
        screen = shown.pilot.app.screen
        assert isinstance(screen, ResultsScreen)
        first = screen.cases.row(0)
        assert first is not None
        assert first.agreement == 0.0
        await shown.press("end")
        await shown.sees("250 of 250 cases", "  –  ")
        await shown.press("x", "g", *"137", "enter")
        await shown.sees("137 of 250 cases")
        await shown.press("enter")
        await shown.sees("case 137", "crack 137", "fresh field", "from              them", "[red]see[/red]")
        assert "\x1b" not in shown.text
        await shown.press("n")
        await shown.sees("case 138")
        await shown.press("escape")
        await shown.sees("138 of 250 cases")


async def test_a_case_that_is_not_in_the_list_is_asked_for(home: Path) -> None:
    async with ScriptedServer(Centaur(5)) as server, opened(home, source_at(server.url), size=(80, 24)) as shown:
        await shown.sees("1 of 5 cases")
        await shown.press("g", *"99", "enter")
        await shown.sees("The case could not be read", "no such case")
        assert isinstance(shown.pilot.app.screen, CaseScreen)
        await shown.press("v")
        await shown.sees("Review is on the")
        await shown.press("z")
        await shown.sees("drawing here")


async def test_a_break_keeps_what_was_read_and_goes_on_there(home: Path) -> None:
    centaur = Centaur(250, answers={2: Reset()})
    async with ScriptedServer(centaur) as server, opened(home, source_at(server.url)) as shown:
        await shown.sees("1 of 100 cases", "! stopped", "r goes on")
        await shown.press("r")
        await shown.sees("1 of 250 cases")
        asked = [got.query.partition("last_sequence_id=")[2] for got in server.requests if got.path.endswith("/list")]
    assert asked == ["", "100", "100", "200"]


async def test_a_task_that_is_deleted_on_the_way_is_said_and_its_cases_stay(home: Path) -> None:
    centaur = Centaur(250, answers={2: Reply(404, {"message": "Task 12 was deleted"})})
    async with ScriptedServer(centaur) as server, opened(home, source_at(server.url)) as shown:
        await shown.sees("1 of 100 cases", "Task 12 was deleted")


async def test_an_empty_task_an_unknown_one_and_no_credentials_are_told_apart(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ScriptedServer(Centaur(0)) as server, opened(home, source_at(server.url), size=(80, 24)) as shown:
        await shown.sees("No cases")
    gone = Centaur(0, answers={1: Reply(400, {"message": "task_id is invalid"})})
    async with ScriptedServer(gone) as server, opened(home, source_at(server.url)) as shown:
        await shown.sees("The results could not be read", "task_id is invalid", "r tries again")


@pytest.mark.slow
async def test_without_a_number_the_screen_asks_for_one(home: Path) -> None:
    async with ScriptedServer(Centaur(3)) as server, opened(home, source_at(server.url), task=None) as shown:
        await shown.sees("Which task?")
        await shown.press(*"twelve", "enter")
        await shown.sees("That is no number")
        for _ in range(6):
            await shown.press("backspace")
        await shown.press(*"12", "enter")
        await shown.sees("1 of 3 cases", "task 12")
        await shown.press("n", *"13", "enter")
        await shown.sees("task 13", "1 of 3 cases")
    assert any("task_id=13" in got.query for got in server.requests)


@pytest.mark.slow
async def test_a_hundred_thousand_cases_scroll(home: Path) -> None:
    rows = [CaseResult.model_construct(**a_case(number)) for number in range(1, 100_001)]

    async def never() -> ResultsClient:
        await asyncio.Event().wait()
        raise AssertionError

    async with opened(home, Source("much", never)) as shown:
        screen = shown.pilot.app.screen
        assert isinstance(screen, ResultsScreen)
        screen.cases.add(rows)
        screen.table.update()
        await shown.press("end")
        await shown.sees("100000 of 100000 cases", "reading on", "crack 100000")
        await shown.press("o", "o", "o", "t", "home")
        await shown.sees("1 of 33334 that fit")
        await shown.press("pagedown", "pagedown", "end")
        await shown.sees("33334 of 33334 that fit")


@pytest.mark.slow
async def test_a_campaign_opens_its_results(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await room.sees("find")
        await room.press("l")
        await room.sees("settled", "alpha")
        await room.press("e")
        await room.sees("results", "this machine", "Ready")
        await room.press("enter")
        await room.sees("state", "Ready", "gonogo")
        await room.press("escape", "escape")
        await room.sees("settled", "alpha")


@pytest.mark.slow
async def test_enter_opens_a_case_with_its_votes_and_goes_on_to_its_review(room: Room) -> None:
    settled, disputed = await room.bench.task(), await room.bench.task(prompt="Is the bore read right?")
    await room.bench.vote(settled, ann="correct", bob="correct")
    await room.bench.vote(disputed, ann="correct", bob=("incorrect", "16,6"))
    async with room.opened():
        await room.sees("find")
        await room.press("l")
        await room.sees("settled", "alpha")
        await room.press("e")
        await room.sees("1 of 2 cases")
        await room.press("enter")
        await room.sees("✓ correct", "3.0 s", "No drawing")
        await room.press("v")
        await room.sees("needs no expert")
        await room.press("n")
        await room.sees("Is the bore read right?", "value read", "16,5", "✗ incorrect", "16,6", "Flagged")
        await room.press("v")
        await room.sees("as many votes for one answer as for another")
        assert isinstance(room.screen, AdjudicateScreen)
        await room.press("escape")
        await room.sees("to review", "1 of 1")


@pytest.mark.slow
async def test_a_case_that_was_settled_meanwhile_leads_to_the_queue_with_a_word(room: Room) -> None:
    disputed = await room.bench.task()
    await room.bench.vote(disputed, ann="correct", bob="incorrect")
    async with room.opened():
        await room.sees("find")
        await room.press("l")
        await room.sees("settled", "alpha")
        await room.press("e")
        await room.sees("1 of 1 case")
        await room.press("enter")
        await room.sees("Flagged")
        await room.bench.web.lead.post(f"{LABELING}/tasks/{disputed}/adjudicate", json={"verdict": "correct"})
        await room.press("v")
        await room.sees("That task is settled", "Nothing to review")


def test_what_has_no_number_is_last_either_way_and_a_case_told_again_replaces_itself() -> None:
    cases = CaseList()
    cases.add(CaseResult.model_validate(a_case(number)) for number in range(1, 30))
    for reverse in (False, True):
        cases.show(CaseListFilter(sort="agreement", reverse=reverse))
        shares = [row.agreement for index in range(cases.count) if (row := cases.row(index))]
        assert shares[-4:] == [None] * 4
        assert shares[:25] == sorted((share for share in shares if share is not None), reverse=reverse)
    cases.show(CaseListFilter())
    cases.add([CaseResult.model_validate({**a_case(3), "labeling_state": "Canceled"})])
    cases.arrange()
    third = cases.row(2)
    assert (cases.total, third and third.state) == (29, "Canceled")
