"""Key guard: which keys count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.tui.key_guard import HELD, LOADING, RELEASED, WAIT, KeyGuard
from tests.tui.fake_services import Clock

PAINT = 0.03
"""Seconds from an answer to the paint of the next task."""
REPEAT_RATES = ((375, 90), (250, 92), (500, 125), (660, 40), (250, 33), (600, 25), (400, 30))
"""Delay and interval of held keys in ms: macOS, Windows, Linux consoles, X11, and faster ones."""


class Desk:
    """A guard, and the answers that a screen would make: each key answers when it counts."""

    def __init__(self, *, final: bool = False) -> None:
        self.clock = Clock()
        self.guard = KeyGuard(self.clock, guard=0.2, quiet=0.08, final=final)
        self.guard.painted()
        self.clock.pass_(1)
        self.answers: list[str] = []
        self.words: list[str] = []
        self.paints: list[float] = []

    def press(self, key: str, after: float, *, repeated: bool | None = None) -> None:
        self._pass(after)
        if self.guard.pressed(key, repeated=repeated):
            self.answers.pop()
            self._show_next()
        self.words.append(self.guard.refusal)
        if self.guard.counts:
            self.answers.append(key)
            self.guard.answered()
            self._show_next()

    def _show_next(self) -> None:
        self.guard.hold()
        self.paints = [self.clock() + PAINT]

    def _pass(self, seconds: float) -> None:
        until = self.clock() + seconds
        for paint in self.paints:
            if paint <= until:
                self.clock.pass_(paint - self.clock())
                self.guard.painted()
        self.paints = [paint for paint in self.paints if paint > until]
        self.clock.pass_(until - self.clock())


def held(rate: tuple[int, int], seconds: float) -> list[float]:
    """Gaps before the repeats of a key that is held down for `seconds`."""
    delay, interval = rate[0] / 1000, rate[1] / 1000
    count = int((seconds - delay) / interval) + 1 if seconds >= delay else 0
    return [delay, *([interval] * (count - 1))][:count]


def test_the_guard() -> None:
    clock = Clock()
    guard = KeyGuard(clock, guard=0.2, quiet=0.08)
    seen: list[tuple[bool, str]] = []  # of each key: must the answer before it be taken back, why does it not count

    def key(name: str, after: float) -> None:
        clock.pass_(after)
        seen.append((guard.pressed(name), guard.refusal))

    key("a", 1)
    guard.painted()
    key("s", 0.1)
    key("a", 0.2)
    guard.answered()
    key("x", 0.03)
    key("s", 0.03)
    key("a", 0.09)
    assert seen == [
        (False, LOADING),
        (False, WAIT),  # just painted
        (False, ""),
        (True, WAIT),  # too fast: the answer before goes back
        (False, WAIT),  # once
        (False, ""),
    ]


@pytest.mark.parametrize("rate", REPEAT_RATES)
@pytest.mark.parametrize("seconds", [0.2, 1.0, 3.0])
def test_a_key_held_down_is_one_key(rate: tuple[int, int], seconds: float) -> None:
    desk = Desk()
    desk.press("a", 1)
    for gap in held(rate, seconds):
        desk.press("a", gap)
    assert desk.answers == ["a"]
    assert set(desk.words[2:]) <= {HELD}


@given(
    rate=st.tuples(st.integers(250, 700), st.integers(25, 125)),
    jitter=st.lists(st.floats(-0.012, 0.012), min_size=30, max_size=30),
)
def test_a_key_held_down_is_one_key_at_any_rate_and_with_jitter(rate: tuple[int, int], jitter: list[float]) -> None:
    desk = Desk()
    desk.press("a", 1)
    for gap, shift in zip(held(rate, 3), jitter, strict=False):
        desk.press("a", max(gap + shift, 0.001))
    assert desk.answers == ["a"]


@given(st.lists(st.floats(0.25, 0.45), min_size=19, max_size=19))
def test_twenty_quick_presses_of_a_person_all_count(gaps: list[float]) -> None:
    desk = Desk()
    for gap in (1, *gaps):
        desk.press("a", gap)
    assert len(desk.answers) == 20


@given(st.sampled_from(REPEAT_RATES), st.floats(RELEASED, 2), st.integers(1, 4))
def test_a_held_key_answers_again_after_it_was_released(rate: tuple[int, int], pause: float, times: int) -> None:
    desk = Desk()
    for _ in range(times):
        desk.press("a", pause)
        for gap in held(rate, 2):
            desk.press("a", gap)
    assert desk.answers == ["a"] * times


@given(st.lists(st.floats(0.001, 0.38), min_size=1, max_size=20))
def test_a_held_key_does_not_answer_before_it_was_silent(gaps: list[float]) -> None:
    desk = Desk()
    desk.press("a", 1)
    for gap in [*held((375, 90), 1), *gaps]:
        desk.press("a", gap)
    assert desk.answers == ["a"]
    assert desk.words[-1] == HELD


def test_another_key_answers_while_one_was_held() -> None:
    desk = Desk()
    desk.press("a", 1)
    for gap in held((500, 125), 1.2):
        desk.press("a", gap)
    desk.press("s", 0.25)
    assert desk.answers == ["a", "s"]


def test_a_double_tap_takes_nothing_back() -> None:
    desk = Desk()
    desk.press("a", 2)
    desk.press("a", 0.13)
    assert desk.answers == ["a"]
    assert desk.words[-1]


def test_a_reported_repeat_never_answers_and_a_reported_press_always_does() -> None:
    desk = Desk()
    for _ in range(3):
        desk.press("a", 0.3, repeated=False)
        for gap in (0.25, 0.1, 0.3, 0.1, 0.9):
            desk.press("a", gap, repeated=True)
            assert desk.words[-1] == HELD
    assert desk.answers == ["a"] * 3


@pytest.mark.parametrize("key", ["left_shift", "right_control", "iso_level3_shift", "caps_lock"])
def test_a_modifier_is_not_a_key_of_a_burst(key: str) -> None:
    desk = Desk()
    desk.press("a", 1)
    desk.guard.pressed(key, repeated=False)
    desk.press("A", 0.3)
    desk.guard.pressed(key, repeated=False)
    desk.press("s", 0.3)
    assert desk.answers == ["a", "A", "s"]


@pytest.mark.parametrize("rate", REPEAT_RATES)
def test_an_answer_that_cannot_be_taken_back_is_never_made_by_a_repeat(rate: tuple[int, int]) -> None:
    desk = Desk(final=True)
    desk.press("a", 1)
    for gap in held(rate, 3):
        desk.press("a", gap)
        assert desk.answers == ["a"]
    desk.press("a", 0.8)
    desk.press("s", 0.3)
    assert desk.answers == ["a", "a", "s"]
