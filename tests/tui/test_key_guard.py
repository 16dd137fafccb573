"""Key guard: which keys count."""

from __future__ import annotations

from gonogo.tui.key_guard import KeyGuard
from tests.tui.fake_services import Clock


def test_the_guard() -> None:
    clock = Clock()
    guard = KeyGuard(clock, guard=0.2, quiet=0.08)
    seen: list[tuple[bool, bool]] = []  # of each key: must the answer before it be taken back, does it count

    def key(after: float) -> None:
        clock.pass_(after)
        seen.append((guard.pressed(), guard.counts))

    key(1)
    guard.painted()
    key(0.1)
    key(0.2)
    guard.decided()
    key(0.03)
    key(0.03)
    key(0.09)
    assert seen == [
        (False, False),  # nothing painted yet
        (False, False),  # deaf just after the paint
        (False, True),
        (True, False),  # too fast: the answer before goes back
        (False, False),  # once
        (False, True),
    ]
