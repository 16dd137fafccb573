"""What a lead reads of a ruling proposed as gold, and of accepting it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from gonogo.sheets.models import NoPicture
from gonogo.tui.presenters import empty_state
from gonogo.tui.presenters.format import field_line, styled_answer, styled_value, styled_verdict, value_text
from gonogo.tui.text import content, one_line, styled

if TYPE_CHECKING:
    from gonogo.client.errors import GonogoClientError
    from gonogo.desk.core.errors import DeskError
    from gonogo.schemas.review import GoldCandidate

STATUSES = ("candidate", "accepted", "declined")
LISTED = {"candidate": "proposed", "accepted": "accepted", "declined": "declined"}
NO_ROOM = NoPicture("There is no room for the drawing here.", "Make the terminal larger.")
ASKING = empty_state.waiting("Fetching the gold candidates")


def _nothing(heading: str, *said: str) -> Content:
    top = empty_state.heading("✓", "$correct", heading)
    return Content("\n\n").join([top, *(Content.styled(line, "$foreground") for line in said)])


EMPTY = {
    "candidate": _nothing(
        "No ruling is proposed as gold",
        "An expert proposes one with g before ruling on a task; it then waits here for you.",
        "Gold measures everybody: half of it should be wrong predictions. t lists what was accepted. Esc goes back.",
    ),
    "accepted": _nothing("Nothing was accepted yet", "t goes on to what was declined. Esc goes back."),
    "declined": _nothing("Nothing was declined", "t goes back to what is proposed. Esc goes back."),
}
"""What stands in place of an empty list."""


def problem(error: GonogoClientError | DeskError) -> Content:
    """Why there is no list."""
    return empty_state.problem("The gold candidates could not be read", error)


def entry(one: GoldCandidate) -> Content:
    """Prediction, verdict and error type, on two lines."""
    read = value_text(one.task.predicted_value, 60) or one_line(one.task.prompt or "", 60)
    kind = f"  {_error_type(one)}" if one.ruling.error_type else ""
    return Content.assemble(
        styled(read, "bold $foreground"), "\n  ", styled_verdict(one.ruling.verdict), (kind, "$quiet")
    )


def about(one: GoldCandidate, width: int) -> Content:
    """Everything about one candidate, a line each."""
    ruling, task = one.ruling, one.task
    ruled = styled_answer(ruling.verdict, ruling.corrected_value, 80)
    who = one_line(ruling.expert_name or "an expert", 40)
    when = f", {one_line(ruling.created_at[:10])}" if ruling.created_at else ""
    rows = [
        ("read", styled_value(task.predicted_value, 80)),
        ("ruled", ruled),
        *([("error", content(_error_type(one), 60))] if ruling.error_type else []),
        *([("differs", content(_difference(one), 80))] if _difference(one) else []),
        ("note", Content(f"“{one_line(ruling.note, 300)}”") if ruling.note else Content.styled("none", "$quiet")),
        ("by", Content.styled(who + when, "$quiet")),
        ("asks", Content.styled(_asks(one), "$quiet")),
    ]
    return Content("\n").join([field_line(name, content) for name, content in rows])


def _error_type(one: GoldCandidate) -> str:
    return one_line(one.ruling.error_type or "", 40).replace("_", " ")


def _difference(one: GoldCandidate) -> str:
    """How prediction and ruled value differ, as an engineer would say it."""
    from gonogo.values import equal

    if one.ruling.corrected_value is None or one.task.predicted_value is None:
        return ""
    reason = equal(one.task.predicted_value, one.ruling.corrected_value).reason
    return one_line(reason.removeprefix("differs: "), 80)


def _asks(one: GoldCandidate) -> str:
    """What the gold made of it will measure."""
    if one.ruling.verdict == "correct":
        return "whether people refuse what is right (false reject)"
    return "whether people let this error pass (false accept)"


def decided(one: GoldCandidate, accept: bool) -> str:
    """What was done, and what follows."""
    what = value_text(one.task.predicted_value, 40) or "It"
    if accept:
        return f"{what} is gold now: hidden among the tasks, it measures who answers it."
    return f"{what} is not gold; the ruling stays. t lists what was declined, a takes it after all."


def accepting_all(chosen: Sequence[GoldCandidate]) -> Content:
    """The consequence of accepting a whole list."""
    n, wrong = len(chosen), sum(one.ruling.verdict != "correct" for one in chosen)
    become = "ruling becomes" if n == 1 else "rulings become"
    said = [
        Content.styled("Accept all as gold?" if n > 1 else "Accept it as gold?", "bold $strong"),
        content(
            f"{n} {become} gold: {wrong} with a wrong prediction, {n - wrong} "
            "with a right one. Each is hidden among the tasks and scores everybody who answers it."
        ),
        content("An accepted one stays gold; it cannot be taken back here. Type yes to accept."),
    ]
    return Content("\n\n").join(said)
