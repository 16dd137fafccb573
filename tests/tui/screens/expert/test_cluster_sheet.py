"""Groups of conflicts: rule one, look at the others on a sheet, and rule those that were seen; each its own record."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image, ImageDraw, ImageFont

from gonogo.tui.screens.expert.adjudicate import AdjudicateScreen
from gonogo.tui.screens.expert.cluster_sheet import ClusterSheetScreen
from gonogo.tui.screens.expert.review import ReviewScreen
from tests.server.review.conftest import Vote
from tests.server.web import OURS
from tests.tui.screens.conftest import Room
from tests.tui.screens.expert.test_adjudicate import desk_of, is_shown, sent

_COLUMNS, _STEP_X, _STEP_Y = 4, 300, 120
_RIGHT = [f"{number}2,{number}" for number in range(1, 10)]


def _png(texts: list[str]) -> bytes:
    """A sheet with each text in a place of its own."""
    image = Image.new("L", (_COLUMNS * _STEP_X, 4 * _STEP_Y), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(48)
    for place, text in enumerate(texts):
        draw.text(_at(place), text, fill=0, font=font)
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def _at(place: int) -> tuple[int, int]:
    return 40 + place % _COLUMNS * _STEP_X, 30 + place // _COLUMNS * _STEP_Y


class Sheet:
    """A drawing in the room's campaign, and conflicts about its values."""

    def __init__(self, room: Room, revision: str) -> None:
        self.room, self.revision = room, revision
        self.placed = 0

    async def conflict(
        self, read: str, *, drawn: bool = True, n_required: int = 2, wide: int = 160, **votes: Vote
    ) -> str:
        """A conflict on the next place: ana says right, bob says the value that is drawn there, unless told."""
        x, y = _at(self.placed)
        right, self.placed = _RIGHT[self.placed], self.placed + 1
        place = (
            {"drawing_bbox": [x - 10, y - 5, x + wide - 10, y + 60], "part_revision_id": self.revision} if drawn else {}
        )
        harm = {"predicted_confidence": 0.9 - self.placed / 20}
        fields = {"predicted_value": {"text": read}, "detail_kind": "dimension", "n_required": n_required}
        task = await self.room.bench.task(**fields, **place, **harm)
        await self.room.bench.vote(task, **(votes or {"ana": "correct", "bob": ("incorrect", right)}))
        return task

    async def lost_marks(self, count: int) -> list[str]:
        """Conflicts in which the decimal sign was not read."""
        return [await self.conflict(_RIGHT[self.placed].replace(",", "")) for _ in range(count)]


@pytest.fixture
async def sheet(room: Room) -> Sheet:
    stored = await room.bench.web.lead.post(f"{OURS}/drawings?part=plate&filename=plate.png", content=_png(_RIGHT))
    return Sheet(room, stored.json()["part_revision_id"])


async def grouped(room: Room, *words: str) -> None:
    await room.sees("harm")
    await room.until(lambda: not room.screen.has_class("-card"))
    await room.press("b")
    await room.sees("by cause", *words)


async def rule_first(room: Room, *keys: str) -> None:
    """Opens the case at the cursor and presses the keys."""
    await room.press("enter")
    await room.until(lambda: isinstance(room.screen, AdjudicateScreen) and is_shown(room.screen.pane))
    await room.press(*keys)


async def on_the_sheet(room: Room, tiles: int) -> ClusterSheetScreen:
    await room.press("o")
    await room.until(lambda: isinstance(room.screen, ClusterSheetScreen))
    screen = room.screen
    assert isinstance(screen, ClusterSheetScreen)
    await shows(room, screen, tiles)
    return screen


async def shows(room: Room, screen: ClusterSheetScreen, tiles: int) -> None:
    await room.until(lambda: len(screen.tiles) == tiles and not screen.guard.waiting)
    room.clock.pass_(10)  # the page is looked at


def rulings(room: Room) -> dict[str, dict[str, object]]:
    return {one.url.path.split("/")[-2]: json.loads(one.content) for one in sent(room)}


@pytest.mark.slow
async def test_one_ruling_is_applied_to_the_items_like_it_that_were_looked_at(room: Room, sheet: Sheet) -> None:
    marks = await sheet.lost_marks(4)
    other = await sheet.conflict("R5", ana="correct", bob=("incorrect", "⌀5"))
    async with room.opened(undo_seconds=0, size=(120, 40)):
        await grouped(room, "decimal sign · 4", "no common cause · 1")
        await rule_first(room, "1")
        await room.sees("apply to 3 like it")
        screen = await on_the_sheet(room, 3)
        await room.sees("decimal sign", "3 items to look at", "✗ wrong → 22,2", "votes ✓ ✗ 22,2", "✗ wrong → 42,4")
        await room.press("right", "space")
        await room.sees("– struck out")
        await room.press("enter")
        await room.sees("The group was looked at", "2 ruled on this sheet", "1 still waits", "struck out (1)")
        await room.press("escape")
        await room.until(lambda: isinstance(room.screen, AdjudicateScreen))
        await room.press("escape")
        await room.sees("decimal sign · 1, 3 ruled")
        await room.until(lambda: len(sent(room)) == 3)
    assert not screen.is_running
    found = rulings(room)
    assert marks[2] not in found
    assert other not in found
    for task, value, by_page in ((marks[0], "12,1", False), (marks[1], "22,2", True), (marks[3], "42,4", True)):
        assert found[task]["corrected_value"] == {"text": value}
        assert found[task].get("by_page", False) is by_page
    keys = [one.headers["Idempotency-Key"] for one in sent(room)]
    assert len(set(keys)) == 3
    async with room.bench.api() as api:
        (ruling,) = (await api.review_task(marks[3])).rulings
        assert ruling.by_page
        assert not (await api.review_task(marks[2])).rulings


@pytest.mark.slow
async def test_what_could_not_be_seen_or_is_not_sure_waits(room: Room, sheet: Sheet) -> None:
    await sheet.lost_marks(1)
    undrawn = await sheet.conflict("222", drawn=False)
    two = await sheet.conflict("323", ana=("incorrect", "32,3"), bob=("incorrect", "3,23"))
    sure = await sheet.conflict("424")
    async with room.opened(undo_seconds=0, size=(120, 40)):
        await grouped(room, "decimal sign · 4")
        await rule_first(room, "1")
        screen = await on_the_sheet(room, 3)
        await room.sees("! waits: no drawing", "! waits: two values typed", "✗ wrong → 42,4")
        await room.press("space")
        await room.sees("This one can't be ruled here")
        await room.press("enter")
        await room.sees("1 ruled, 2 left: no drawing (1), two values typed (1)", "The group was looked at")
        await room.press("u")
        await room.sees("Taken back: 1 ruling.")
        await shows(room, screen, 3)
        await room.press("enter", "escape")
        await room.until(lambda: isinstance(room.screen, AdjudicateScreen))
        await room.press("escape")
        await room.until(lambda: len(sent(room)) == 2)
        assert sure in rulings(room)
        assert not {undrawn, two} & set(rulings(room))


@pytest.mark.slow
async def test_an_outvoted_item_waits_for_its_own_key_and_a_page_for_a_look(room: Room, sheet: Sheet) -> None:
    await sheet.lost_marks(1)
    outvoted = await sheet.conflict("222", n_required=3, ana="correct", cem="correct", bob=("incorrect", "22,2"))
    async with room.opened(undo_seconds=0, size=(120, 40)):
        await grouped(room, "decimal sign · 2")
        await rule_first(room, "1", "escape")
        await room.until(lambda: isinstance(room.screen, ReviewScreen))
        screen = await on_the_sheet(room, 1)
        await room.sees("! waits: outvoted", "Space: ✗ wrong → 22,2", "votes ✓✓ ✗ 22,2")
        await room.press("space")
        await room.sees("✗ WRONG → 22,2")
        screen.page_painted()  # as if the page had just come
        room.clock.pass_(0.25)
        await room.pilot.press("enter")
        await room.sees("look first")
        assert len(screen.tiles) == 1
        await room.press("enter")
        await room.sees("The group was looked at", "1 ruled on this sheet.")
        await room.until(lambda: outvoted in rulings(room))
        assert not rulings(room)[outvoted].get("by_page", False)


@pytest.mark.slow
async def test_a_page_is_never_larger_than_can_be_seen(room: Room, sheet: Sheet) -> None:
    marks = await sheet.lost_marks(5)
    async with room.opened(undo_seconds=0, size=(80, 24)):
        await grouped(room, "decimal sign · 5")
        await rule_first(room, "1")
        await room.press("o")
        await room.until(lambda: isinstance(room.screen, ClusterSheetScreen))
        screen = room.screen
        assert isinstance(screen, ClusterSheetScreen)
        pages: list[list[str]] = []
        while not pages or len(set(marks) & set(room_ruled(room))) < 5:
            await room.until(lambda: bool(screen.tiles) and not screen.guard.waiting)
            room.clock.pass_(10)
            pages.append([tile.row.task.id for tile in screen.tiles])
            for tile in screen.tiles:
                assert tile.region.intersection(screen.region) == tile.region
            before = set(room_ruled(room))
            await room.press("enter")
            await room.until(lambda: len(room_ruled(room)) == 1 + sum(map(len, pages)))
            assert set(room_ruled(room)) - before == set(pages[-1])
        assert len(pages) > 1
        assert [task for page in pages for task in page] == marks[1:]


def room_ruled(room: Room) -> dict[str, object]:
    return dict(desk_of(room).ruled)


@pytest.mark.slow
async def test_an_item_that_is_too_small_among_others_comes_alone_at_the_end(room: Room, sheet: Sheet) -> None:
    await sheet.lost_marks(1)
    small = await sheet.conflict("222", wide=600)
    (large,) = await sheet.lost_marks(1)
    async with room.opened(undo_seconds=0, size=(80, 24)):
        await grouped(room, "decimal sign · 3")
        await rule_first(room, "1")
        screen = await on_the_sheet(room, 2)
        await room.sees("! waits: too small here", "✗ wrong → 32,3")
        await room.press("space")
        await room.sees("This one can't be ruled here")
        await room.press("enter")
        await shows(room, screen, 1)
        assert large in room_ruled(room)
        assert small not in room_ruled(room)
        await room.sees("✗ wrong → 22,2", "1 ruled, 1 left: too small here (1)")
        await room.press("enter")
        await room.sees("The group was looked at", "2 ruled on this sheet.")
        assert small in room_ruled(room)


@pytest.mark.slow
async def test_an_item_that_another_expert_ruled_meanwhile_is_refused_and_counted_so(room: Room, sheet: Sheet) -> None:
    marks = await sheet.lost_marks(3)
    async with room.opened(undo_seconds=0, size=(120, 40)):
        await grouped(room, "decimal sign · 3")
        answer = await room.bench.web.lead.post(f"{OURS}/tasks/{marks[1]}/ruling", json={"verdict": "correct"})
        assert answer.status_code == 201
        await rule_first(room, "1", "escape")
        screen = await on_the_sheet(room, 2)
        await room.press("enter")
        await room.sees("The group was looked at", "1 ruled on this sheet. 1 refused: the list marks it !.")
        await room.press("escape")
        await room.sees("decimal sign · 2 ruled, 1 refused", "! refused")
    assert not screen.is_running
    async with room.bench.api() as api:
        (ruling,) = (await api.review_task(marks[1])).rulings
        assert ruling.verdict == "correct"


async def test_without_an_example_the_key_says_what_is_missing(room: Room, sheet: Sheet) -> None:
    await sheet.lost_marks(2)
    async with room.opened(size=(120, 40)):
        await room.sees("1 of 2")
        await room.press("o")
        await room.sees("The list isn't grouped")
        await grouped(room, "decimal sign · 2")
        await room.press("o")
        await room.sees("Rule on one of this group first")
        await room.press("b")
        await room.sees("by equal value", "values that stand alone · 2")
        await room.press("o")
        await room.sees("This one has nothing in common")
        await room.press("b")
        await room.until(lambda: "by equal value" not in room.text)


@pytest.mark.slow
async def test_of_a_plain_server_equal_values_stand_together_and_each_waits_for_its_key(
    room: Room, sheet: Sheet
) -> None:
    first = await sheet.conflict("16,5")
    second = await sheet.conflict("16.50")
    async with room.opened(undo_seconds=0, size=(120, 40), plain=True):
        await room.sees("1 of 2")
        await room.press("b")
        await room.sees("Grouped by equal value. This server lists no votes", "16.50 · 2")
        await rule_first(room, "a")
        await on_the_sheet(room, 1)
        await room.sees("! waits: votes not listed", "Space: ✓ right")
        await room.press("enter")
        await room.sees("0 ruled, 1 left: votes not listed (1)")
        await room.press("escape")
        await room.until(lambda: isinstance(room.screen, AdjudicateScreen))
        await on_the_sheet(room, 1)
        await room.press("space", "enter", "escape")
        await room.until(lambda: isinstance(room.screen, AdjudicateScreen))
        await room.press("escape")
        await room.until(lambda: len(sent(room)) == 2)
        assert {one.url.path.rpartition("/")[2] for one in sent(room)} == {"adjudicate"}
        assert set(rulings(room)) == {first, second}


@pytest.mark.slow
async def test_equal_values_are_verified_together(room: Room, sheet: Sheet) -> None:
    right, _, wrong, outvoted = [
        await sheet.conflict("16,5"),
        await sheet.conflict("R5"),
        await sheet.conflict("16.50"),
        await sheet.conflict("16,5", ana=("incorrect", "10"), bob=("incorrect", "11")),
    ]
    async with room.opened(undo_seconds=0, size=(120, 40)):
        await grouped(room)
        await room.press("b")
        await room.sees("by equal value", "16,5 · 3", "values that stand alone · 1")
        await room.press("c")
        await room.until(lambda: len(room.screen.query("ReviewTile")) == 3)
        await room.press("escape")
        await room.until(lambda: isinstance(room.screen, ReviewScreen))
        await on_the_sheet(room, 3)
        await room.sees("16,5 · 3 items to look at · is each of them read right?", "! waits: no vote for it")
        await room.press("right", "space", "enter")
        await room.sees("1 ruled on this sheet.", "2 still wait", "struck out (1)", "no vote for it (1)")
        await room.until(lambda: len(sent(room)) == 1)
        assert rulings(room)[right]["verdict"] == "correct"
        assert rulings(room)[right]["by_page"] is True
        assert not {wrong, outvoted} & set(rulings(room))
