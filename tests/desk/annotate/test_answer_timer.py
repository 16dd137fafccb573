"""Honest time: what is counted, and what is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gonogo.desk.annotate.answer_timer import AnswerTimer
from gonogo.desk.core.models import Times


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def begun() -> tuple[Hand, AnswerTimer]:
    hand = Hand()
    watch = AnswerTimer(hand)
    watch.start()
    return hand, watch


def test_waiting_is_not_counted_and_editing_is() -> None:
    hand, watch = begun()
    hand.now += 3
    watch.shown()
    hand.now += 2
    watch.key()
    watch.edit(True)
    hand.now += 4
    watch.edit(False)
    hand.now += 1
    assert watch.read() == Times(looking=3000, editing=4000, idle=0, waiting=3000)
    assert watch.read().duration_ms == 7000


def test_beyond_sixty_seconds_without_a_key_is_idle() -> None:
    hand, watch = begun()
    watch.shown()
    hand.now += 59
    assert watch.read().idle == 0
    watch.key()
    hand.now += 600
    watch.key()
    hand.now += 5
    assert watch.read() == Times(looking=124_000, idle=540_000)


def test_time_out_of_focus_is_idle_and_a_key_ends_it() -> None:
    hand, watch = begun()
    watch.shown()
    hand.now += 5
    watch.focused(False)
    hand.now += 30
    watch.key()
    hand.now += 5
    assert watch.read() == Times(looking=10_000, idle=30_000, focus_known=True)
    watch.focused(False)
    hand.now += 100
    watch.focused(True)
    hand.now += 20
    assert watch.read() == Times(looking=30_000, idle=130_000, focus_known=True)


def test_focus_never_reported_is_unknown() -> None:
    hand, watch = begun()
    watch.shown()
    hand.now += 1
    assert watch.focus is None
    assert not watch.read().focus_known


def test_a_task_that_comes_back_keeps_its_time() -> None:
    hand, watch = begun()
    watch.shown()
    hand.now += 5
    past = watch.stop()
    hand.now += 1000
    watch.start(past)
    watch.shown()
    hand.now += 2
    assert watch.read().looking == 7000


EVENTS = ["begin", "shown", "key", "edit", "no edit", "focus", "blur", "read"]


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 200)), max_size=30))
def test_every_moment_is_booked_once(events: list[tuple[str, int]]) -> None:
    hand, watch = begun()
    started = hand.now
    for event, seconds in events:
        hand.now += seconds
        if event == "begin":
            watch.start()
            started = hand.now
        elif event == "read":
            watch.read()
        elif event in ("shown", "key"):
            getattr(watch, event)()
        elif event in ("edit", "no edit"):
            watch.edit(event == "edit")
        else:
            watch.focused(event == "focus")
    times = watch.read()
    assert times.looking + times.editing + times.idle + times.waiting == round((hand.now - started) * 1000)
    assert min(times.looking, times.editing, times.idle, times.waiting) >= 0
