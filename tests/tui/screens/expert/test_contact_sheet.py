"""The contact sheet: several at a time, wrong ones struck, each a ruling of its own."""

from __future__ import annotations

import json

import pytest

from gonogo.server.store.schema import tasks
from gonogo.tui.screens.expert.adjudicate import AdjudicateScreen
from gonogo.tui.screens.expert.contact_sheet import ContactSheetScreen
from gonogo.tui.widgets.drawing.review_tile import ReviewTile
from tests.server.web import OURS
from tests.tui.screens.conftest import Room
from tests.tui.screens.expert.test_adjudicate import conflict, sent


async def on_the_sheet(room: Room, shown: int) -> ContactSheetScreen:
    await room.until(lambda: not room.screen.has_class("-card"))
    await room.press("c")
    await room.until(lambda: isinstance(room.screen, ContactSheetScreen) and not room.screen.guard.waiting)
    screen = room.screen
    assert isinstance(screen, ContactSheetScreen)
    assert len(screen.query(ReviewTile)) == shown
    return screen


async def agreed(room: Room, text: str, verdict: str = "correct", value: str | None = None, **fields: object) -> str:
    """A task whose votes say the same, but are not safe enough to settle it."""
    task = await room.bench.task(**{"predicted_value": {"text": text}, "n_required": 1, **fields})
    await room.bench.vote(task, ana=verdict if value is None else (verdict, value))
    unsafe = {"status": "in_review", "consensus_verdict": None, "consensus_value": None, "resolved_at": None}
    with room.bench.web.house.store.write() as connection:  # as if the voter were worth less
        connection.execute(tasks.update().where(tasks.c.id == task).values(unsafe))
    return task


def verdicts(room: Room) -> dict[str, tuple[str, bool]]:
    """The rulings that have left: by task the verdict, and whether a page key alone made it."""
    bodies = {one.url.path.split("/")[-2]: json.loads(one.content) for one in sent(room)}
    return {task: (body["verdict"], body.get("by_page", False)) for task, body in bodies.items()}


async def shows(room: Room, screen: ContactSheetScreen, tiles: int) -> None:
    await room.until(lambda: len(screen.query(ReviewTile)) == tiles and not screen.guard.waiting)


@pytest.mark.slow
async def test_six_fit_and_enter_rules_where_all_votes_agree(room: Room) -> None:
    added = [await agreed(room, f"{number}0", predicted_confidence=0.9 - number / 20) for number in range(1, 8)]
    async with room.opened(undo_seconds=0, size=(80, 40)):
        screen = await on_the_sheet(room, 6)
        await room.press("right", "s", "down", "f")
        assert room.text.count("✗ WRONG") == 1
        assert room.text.count("– left out") == 1
        await room.press("enter")
        await shows(room, screen, 2)
        await room.press("enter")
        await room.until(lambda: len(sent(room)) == 7)
        wrong = {added[1]: ("incorrect", False)}
        assert verdicts(room) == dict.fromkeys(added, ("correct", True)) | wrong
        await room.sees("Nothing waits in this list")


@pytest.mark.slow
async def test_enter_overrules_nobody_and_says_how_many_it_left(room: Room) -> None:
    """Four presses of Enter made 24 rulings here, 22 of them against every voter."""
    differ = [await conflict(room, f"{number}0") for number in (1, 2)]
    same = await agreed(room, "70", "incorrect", "70,5")
    async with room.opened(undo_seconds=0, size=(120, 40)):
        screen = await on_the_sheet(room, 3)
        await room.sees("! votes differ", "✗ wrong", "✗ 70,5", "✓ ✗ 105")
        await room.press("enter")
        await room.sees("1 ruled, 2 left: votes differ", "a or s rules one")
        await shows(room, screen, 2)
        for _press in range(3):
            await room.press("enter")
            await room.sees("0 ruled, 2 left")
            await shows(room, screen, 2)
        await room.until(lambda: len(sent(room)) == 1)
        assert verdicts(room) == {same: ("incorrect", True)}
        assert json.loads(sent(room)[0].content)["corrected_value"] == {"text": "70,5"}
        await room.press("a", "right", "s", "enter")
        await room.until(lambda: len(sent(room)) == 3)
        ruled = verdicts(room)
        assert {ruled[task] for task in differ} == {("correct", False), ("incorrect", False)}


@pytest.mark.slow
async def test_a_vote_that_does_not_fit_is_not_cut_to_another_value(room: Room) -> None:
    """`✗ ∅20 h6` without its end was `✗ ∅20`, a value that nobody gave."""
    for text in ("20 k6", "30 k6"):
        task = await room.bench.task(predicted_value={"text": text})
        await room.bench.vote(task, ana="correct", bob=("incorrect", f"{text} +0,015 +0,002"))
    async with room.opened(undo_seconds=0, size=(80, 24)):
        sheet = await on_the_sheet(room, 2)
        captions = [tile.caption.render_line(0).text.rstrip() for tile in sheet.tiles]
        assert [caption[-1] for caption in captions] == ["…", "…"], captions


@pytest.mark.slow
async def test_a_page_key_is_in_the_record_of_the_ruling(room: Room) -> None:
    by_page = await agreed(room, "10")
    by_hand = await conflict(room, "20")
    async with room.opened(undo_seconds=0, size=(120, 40)):
        screen = await on_the_sheet(room, 2)
        await room.press("enter")
        await shows(room, screen, 1)
        await room.press("a", "enter")
        await room.until(lambda: len(sent(room)) == 2)
    async with room.bench.api() as api:
        for task, expected in ((by_page, True), (by_hand, False)):
            (ruling,) = (await api.review_task(task)).rulings
            assert ruling.by_page is expected
    export = (await room.bench.web.lead.get(f"{OURS}/campaigns/{room.bench.campaign}/export")).text
    records = {record["predicted_value"]["text"]: record for record in map(json.loads, export.splitlines())}
    assert [records[text]["rulings"][0]["by_page"] for text in ("10", "20")] == [True, False]


async def test_of_a_plain_server_enter_rules_nothing_that_no_key_marked(room: Room) -> None:
    added = [await agreed(room, f"{number}0") for number in (1, 2)]
    async with room.opened(undo_seconds=0, size=(120, 40), plain=True):
        screen = await on_the_sheet(room, 2)
        await room.sees("votes not listed")
        await room.press("enter")
        await room.sees("0 ruled, 2 left: votes not listed")
        await shows(room, screen, 2)
        await room.press("s", "enter")
        await room.until(lambda: len(sent(room)) == 1)
        assert list(verdicts(room).values()) == [("incorrect", False)]
        assert set(verdicts(room)) < set(added)


async def test_a_page_can_be_taken_back(room: Room) -> None:
    for number in (1, 2):
        await agreed(room, f"{number}0")
    async with room.opened(size=(80, 24)):
        screen = await on_the_sheet(room, 2)
        await room.press("enter")
        await room.sees("Nothing waits in this list")
        await room.press("u")
        await room.until(lambda: len(screen.query(ReviewTile)) == 2)
        assert sent(room) == []


@pytest.mark.slow
async def test_a_click_moves_the_cursor_to_a_tile_and_a_second_one_opens_it(room: Room) -> None:
    for number in (1, 2):
        await conflict(room, f"{number}0")
    async with room.opened(size=(80, 24)):
        screen = await on_the_sheet(room, 2)
        tile = screen.query(ReviewTile).last()
        await room.pilot.click(tile, offset=(10, 3))
        await room.press("s")
        assert [one.mark for one in screen.query(ReviewTile)] == ["", "struck"]
        await room.pilot.click(tile, offset=(10, 3))
        await room.until(lambda: isinstance(room.screen, AdjudicateScreen))
