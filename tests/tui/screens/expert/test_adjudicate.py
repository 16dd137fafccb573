"""Ruling on one conflict: what is shown before it, which key does what, and what becomes of it."""

from __future__ import annotations

import json

import httpx
import pytest

from gonogo.desk.review.session import ReviewSession
from gonogo.tui.screens.expert.adjudicate import AdjudicateScreen
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.task.task_pane import TaskPane
from tests.server.web import LABELING, OURS
from tests.tui.screens.conftest import Room


async def conflict(room: Room, text: str = "16,5", **fields: object) -> str:
    task = await room.bench.task(**{"predicted_value": {"text": text}, **fields})
    await room.bench.vote(task, ana="correct", bob=("incorrect", f"{text}5"))
    return task


async def at_the_case(room: Room) -> None:
    await room.sees("harm")
    await room.until(lambda: not room.screen.has_class("-card"))
    await room.press("enter")
    await room.until(lambda: isinstance(room.screen, AdjudicateScreen) and is_shown(room.screen.pane))


def is_shown(pane: TaskPane) -> bool:
    return pane.current is not None and (pane.gate.too_small or not pane.guard.waiting)


def case_of(room: Room) -> AdjudicateScreen:
    assert isinstance(room.screen, AdjudicateScreen)
    return room.screen


def sent(room: Room) -> list[httpx.Request]:
    """The rulings that have left, in order."""
    ends = ("/ruling", "/adjudicate")
    return [one for one in room.transport.seen if one.method == "POST" and one.url.path.endswith(ends)]


def desk_of(room: Room) -> ReviewSession:
    session = room.pilot.app.navigator.session  # type: ignore[attr-defined]
    assert isinstance(session, ReviewSession)
    return session


@pytest.mark.slow
async def test_every_vote_and_what_each_ruling_does_is_shown(room: Room) -> None:
    await conflict(room)
    async with room.opened():
        await at_the_case(room)
        await room.sees(
            "A ✓ correct", "B ✗ incorrect → 16,55", "3.0 s", "names hidden", "right", "undecidable", "A, overrules B"
        )
        assert "ana" not in room.text
        await room.press("b")
        await room.sees("ana@works.test", "bob@works.test")
        await room.press("b")
        await room.until(lambda: "ana@works.test" not in room.text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "verdict", "value"),
    [("a", "correct", None), ("s", "incorrect", None), ("1", "incorrect", "16,55"), ("f", "unsure", None)],
)
async def test_one_key_rules_and_the_next_conflict_is_there(
    room: Room, key: str, verdict: str, value: str | None
) -> None:
    first = await conflict(room, predicted_confidence=0.9)
    second = await conflict(room, "R0,2", predicted_confidence=0.1, prompt="And this radius?")
    async with room.opened(undo_seconds=0):
        await at_the_case(room)
        await room.until(lambda: desk_of(room).upcoming())
        await room.press(key)
        assert "And this radius?" in room.text, "without waiting"
        await room.press("a")
        await room.sees("No conflict is left")
        await room.until(lambda: len(sent(room)) == 2)
        one, other = sent(room)
        assert one.url.path == f"{OURS}/tasks/{first}/ruling"
        body = json.loads(one.content)
        assert body["verdict"] == verdict
        assert body.get("corrected_value") == ({"text": value} if value else None)
        assert other.url.path == f"{OURS}/tasks/{second}/ruling"
        await room.press("escape")
        await room.sees("✓ ruled")


@pytest.mark.slow
async def test_a_typed_value_a_note_and_a_gold_candidate_go_with_the_ruling(room: Room) -> None:
    task = await conflict(room)
    await conflict(room, "R0,2", predicted_confidence=0.1)
    async with room.opened(undo_seconds=0):
        await at_the_case(room)
        await room.press("n", *"seen", "enter", "g", "e")
        await room.sees("What is wrong with it?", "decimal sign", "lost tolerance")
        await room.press("d", "enter")
        await room.sees("note: seen", "★ gold candidate", "error: digit")
        await room.press("d", "backspace", "7", "enter")
        await room.sees("R0,25")
        await room.press("a")
        await room.until(lambda: len(sent(room)) == 2)
        body = json.loads(sent(room)[0].content)
        assert body["corrected_value"]["text"] == "16,7"
        assert body | {"corrected_value": 0} == {
            "verdict": "incorrect", "corrected_value": 0, "note": "seen", "gold_candidate": True, "error_type": "digit",
        }  # fmt: skip
        (candidate,) = (
            await room.bench.web.lead.get(f"{OURS}/campaigns/{room.bench.campaign}/gold-candidates")
        ).json()["data"]
        assert candidate["task"]["id"] == task


@pytest.mark.slow
async def test_a_small_terminal_shows_the_whole_question_every_ruling_and_every_key(room: Room) -> None:
    task = await conflict(room, prompt="Is the surface finish in the title block read right?", n_required=3)
    await room.bench.vote(task, cem=("incorrect", "18,5"))
    async with room.opened(size=(80, 24)):
        await at_the_case(room)
        words = " ".join(room.text.replace("│", " ").split())
        for text in ("surface finish in", "read right?", "A ✓ correct", "B ✗ incorrect", "C ✗ incorrect", "a right"):
            assert text in words
        for text in ("16,55 47%", "18,5 47%", "s wrong, no value 94%", "f undecidable 0%"):
            assert text in words
        assert "more line" not in words
        *_, first, second = room.text.splitlines()
        for key in ("a right", "s wrong", "d type value", "f undecidable", "use value", "u undo"):
            assert key in first
        for key in ("g gold", "b names", "e error type", "l later", "z context", "r retry", "Esc list", "? keys"):
            assert key in second


@pytest.mark.slow
async def test_the_choice_of_an_error_type_can_be_left_and_undone(room: Room) -> None:
    await conflict(room)
    async with room.opened():
        await at_the_case(room)
        await room.press("e", "down", "down", "enter")
        await room.sees("error: decimal sign")
        await room.press("e", "down", "escape")
        await room.sees("error: decimal sign")
        await room.press("e", "home", "enter")
        await room.until(lambda: "error: decimal sign" not in room.text)


@pytest.mark.slow
async def test_undo_brings_the_case_back_and_nothing_is_sent(room: Room) -> None:
    await conflict(room)
    async with room.opened():
        await at_the_case(room)
        await room.press("a")
        await room.sees("No conflict is left")
        await room.press("u")
        await room.sees("A ✓ correct")
        await room.press("u")
        await room.sees("Nothing to take back yet: you haven't ruled on anything.")
        assert sent(room) == []


@pytest.mark.slow
async def test_a_ruling_is_on_the_disk_before_it_is_sent_and_a_retry_is_the_same_bytes(room: Room) -> None:
    await conflict(room)
    await conflict(room, "R0,2", predicted_confidence=0.1)
    async with room.opened(undo_seconds=0):
        await at_the_case(room)
        await room.until(lambda: desk_of(room).upcoming())
        room.transport.down = True
        await room.press("s", "a")
        await room.until(lambda: sent(room))
        await room.sees("kept here")
    async with room.opened(undo_seconds=0):
        await room.until(lambda: len(sent(room)) == 2)
        assert [json.loads(one.content)["verdict"] for one in sent(room)] == ["incorrect", "correct"]
        await room.sees("✓ ruled", "✓ saved")


@pytest.mark.slow
async def test_a_task_another_expert_settled_shows_both_rulings(room: Room) -> None:
    task = await conflict(room)
    other = await conflict(room, "R0,2", predicted_confidence=0.1)
    async with room.opened(undo_seconds=0):
        await at_the_case(room)
        body = {"verdict": "incorrect", "corrected_value": {"text": "61,5"}, "note": "turned digits"}
        answer = await room.bench.web.lead.post(f"{OURS}/tasks/{task}/ruling", json=body)
        assert answer.status_code == 201
        await room.press("a", "a")
        await room.sees("1 refused")
        await room.press("escape")
        await room.sees("! refused")
        assert other
        await room.press("home", "enter")
        await room.sees("ruled: ✗ incorrect → 61,5", "turned digits", "! yours, refused: ✓ correct", "replaces")
        await room.press("a")
        await room.press("escape", "end", "enter")
        assert json.loads(sent(room)[-1].content).get("override") or desk_of(room).ruled[task].ruling.override


@pytest.mark.slow
async def test_on_a_plain_server_it_works_from_the_task_and_says_what_is_missing(room: Room) -> None:
    task = await conflict(room)
    await conflict(room, "R0,2")
    async with room.opened(plain=True, undo_seconds=0):
        await room.sees("lists no votes", "1 of 2")
        await room.press("end", "enter")  # newest first
        await room.until(lambda: isinstance(room.screen, AdjudicateScreen) and not room.screen.pane.guard.waiting)
        await room.sees("This server lists no votes", "2 of 2 votes", "a  right: the prediction stands")
        assert not any(word in room.text for word in ("b names", "n note", "g gold", "e error"))
        await room.press("b")
        await room.sees("doesn't say who voted")
        await room.press("s", "a")
        await room.until(lambda: len(sent(room)) == 2)
        assert sent(room)[0].url.path == f"{LABELING}/tasks/{task}/adjudicate"
        assert json.loads(sent(room)[0].content) == {"verdict": "incorrect"}


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (50, 20)])
async def test_it_fits_and_every_key_of_a_ruling_is_named(room: Room, size: tuple[int, int]) -> None:
    await conflict(room)
    async with room.opened(size=size):
        await at_the_case(room)
        for words in ("a right", "s wrong", "1 use", "f undecidable", "A ✓ correct"):
            assert words in room.text, room.text


async def test_votes_and_notes_are_never_markup(room: Room) -> None:
    evil = "[@click=app.quit]16[/] \u202e"
    task = await room.bench.task(predicted_value={"text": evil}, prompt=evil)
    await room.bench.vote(task, ana="correct", bob=("incorrect", "[b]17"))
    async with room.opened():
        await at_the_case(room)
        await room.sees("[@click=app.quit]16[/]", "[b]17")
        assert "\u202e" not in room.text


@pytest.mark.slow
async def test_a_reviewer_revoked_in_mid_work_is_told_and_keeps_the_rulings(room: Room) -> None:
    await conflict(room)
    await conflict(room, "R0,2", predicted_confidence=0.1)
    campaign = room.bench.campaign
    invited = await room.bench.web.invite(campaign, "eve@works.test", "reviewer")
    async with room.opened(undo_seconds=0, invitation=invited["magic_link_token"]):
        await at_the_case(room)
        await room.until(lambda: desk_of(room).upcoming())
        gone = await room.bench.web.lead.delete(
            f"{LABELING}/campaigns/{campaign}/assignments/{invited['assignment']['id']}"
        )
        assert gone.status_code < 300, gone.text
        await room.press("a", "s")
        await room.sees("Please sign in again", "kept")
        assert [one.ruling.verdict for one in desk_of(room).ruled.values()] == ["correct", "incorrect"]
        await room.press("r")
        await room.sees("Sign in to go on with your rulings")


@pytest.mark.parametrize(("size", "least"), [((120, 40), 60), ((200, 60), 100)])
async def test_the_drawing_has_half_of_the_screen(room: Room, size: tuple[int, int], least: int) -> None:
    await conflict(room)
    async with room.opened(size=size):
        await at_the_case(room)
        assert case_of(room).pane.sheet.outer_size.width >= least


async def test_below_a_wide_box_the_votes_stand_beside_the_value(room: Room) -> None:
    await conflict(room, "Edges ISO 13715: -0,3", drawing_bbox=[100.0, 100.0, 600.0, 130.0])
    async with room.opened(size=(80, 24)):
        await at_the_case(room)
        pane, evidence = case_of(room).pane, case_of(room).evidence
        assert pane.value.region.y >= pane.sheet.region.bottom
        assert evidence.region.x >= pane.value.region.right
        assert "B ✗ incorrect → Edges ISO 13715: -0,35" in room.text


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_crop_has_the_rows_that_two_lines_of_keys_leave(room: Room, size: tuple[int, int]) -> None:
    await conflict(room)
    async with room.opened(size=size):
        await at_the_case(room)
        pane = case_of(room).pane
        assert pane.cells == pane.sheet.cells  # else a row is cut, and pixels don't fit


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (120, 20)])
async def test_a_notice_leaves_every_row_of_keys(room: Room, size: tuple[int, int]) -> None:
    await conflict(room)
    async with room.opened(size=size):
        await at_the_case(room)
        await room.press("u")
        await room.until(lambda: room.screen.query("Toast"))
        (toast,) = room.screen.query("Toast")
        await room.until(lambda: toast.region.height)
        assert not toast.region.overlaps(case_of(room).query_one(KeyFooter).region)
