"""Pictures of a session: which other boxes of a drawing it knows."""

from __future__ import annotations

from dataclasses import replace

from gonogo.desk.core.models import Decision, DeskTask
from gonogo.desk.session.task_pictures import MOST_BOXES, MOST_SHEETS, PictureCache
from gonogo.sheets.models import PictureRequest
from tests.desk.conftest import MakeDesk, NoDrawings
from tests.support.labeling_server import FakeClock, ScriptedServer, names
from tests.support.outbox_rows import task

REQUEST = PictureRequest(10, 5)


def on_sheet(number: int, sheet: str = "rev") -> DeskTask:
    return replace(task(f"t{number}"), part_revision_id=sheet, bbox=(0.1, 0.1, 0.2, 0.2 + number / 1000))


async def test_the_boxes_that_were_met_on_a_drawing_are_known_and_no_others() -> None:
    pictures = PictureCache(NoDrawings, list)
    here, met, prefetched, elsewhere = on_sheet(1), on_sheet(2), on_sheet(3), on_sheet(4, "other")
    await pictures.picture(here, REQUEST)
    pictures.ready(met, REQUEST)
    pictures.ready(elsewhere, REQUEST)
    pictures.add(prefetched)
    assert pictures.others(here) == (met.bbox, prefetched.bbox)
    assert pictures.others(elsewhere) == ()
    assert pictures.others(replace(here, part_revision_id=None)) == ()


def test_no_more_boxes_are_kept_than_can_be_told_apart() -> None:
    pictures = PictureCache(NoDrawings, list)
    pictures.note(*(on_sheet(number) for number in range(2 * MOST_BOXES)))
    assert len(pictures.others(on_sheet(9_999))) == MOST_BOXES
    pictures.note(*(on_sheet(1, f"sheet {number}") for number in range(MOST_SHEETS)))
    assert pictures.others(on_sheet(9_999)) == ()


async def test_answers_of_an_earlier_run_are_known_too(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(3), boxes=True, revision="rev")
    desk = await make_desk(server, undo_seconds=0.0)
    await clock.run_until(lambda: desk.current)
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: desk.state.unsent == 0, step=5)
    await clock.finish(desk.close())
    again = await make_desk(server, undo_seconds=0.0)
    await clock.run_until(lambda: again.current and (0.1, 0.1, 0.2, 0.2) in again.pictures.others(again.current))
