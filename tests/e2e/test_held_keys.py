"""Held keys in a real terminal: whatever its repeat rate, a key held down is one answer."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import pytest

from tests.e2e.conftest import GONOGO, Cli
from tests.e2e.test_main_job import HUMAN, progress
from tests.e2e.tmux import AVAILABLE, Terminal, wait_until

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.slow,
    pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed; .ci/run installs it"),
]

REPEATS = 10
LATEST = 0.2
"""Most seconds between two repeats; on a machine that stalls for longer the key looks released."""
ATTEMPTS = 5


def hold(terminal: Terminal, key: str, delay: float, interval: float) -> bool:
    """Holds a key down; returns whether the repeats came as regularly as a terminal sends them."""
    pause, started = threading.Event(), time.monotonic()
    terminal.press(key)
    sent = []
    for number in range(REPEATS):
        pause.wait(max(started + delay + number * interval - time.monotonic(), 0))
        terminal.press(key)
        sent.append(time.monotonic())
    return all(after - before < LATEST for before, after in pairwise(sent))


@pytest.mark.parametrize(("delay", "interval"), [(0.375, 0.09), (0.25, 0.092), (0.5, 0.125), (0.66, 0.04)])
def test_a_key_held_down_is_one_answer(lead: Cli, delay: float, interval: float) -> None:
    lead("demo", "--prepare")
    with Terminal(
        [*GONOGO, "demo", "--no-tour"], lead.home, env={"GONOGO_HOME": str(lead.home), "LANG": "C.UTF-8"}
    ) as terminal:
        terminal.wait_for("a correct", 60)
        wait_until(lambda: progress(terminal) >= 0, terminal.screen)
        for _ in range(ATTEMPTS):
            threading.Event().wait(1.0)
            before = progress(terminal)
            regular = hold(terminal, "a", delay, interval)
            terminal.wait_for("held")
            threading.Event().wait(HUMAN * 2)
            if regular:
                break
        else:
            pytest.skip(f"the machine stalled in each of {ATTEMPTS} holds")
        assert progress(terminal) == before + 1
        threading.Event().wait(HUMAN)
        terminal.press("a")
        wait_until(lambda: progress(terminal) == before + 2, terminal.screen)
