"""The registry of actions, and keys of a person's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.tui import actions
from gonogo.tui.actions import ACTIONS, ANNOTATE, BY_ID, EDIT, EVERYWHERE, load_keymap, read_keymap
from gonogo.tui.app import GonogoApp
from gonogo.tui.guard import KeyGuard
from gonogo.tui.screens.annotate import AnnotateScreen
from tests.tui.conftest import Running
from tests.tui.fakes import Clock, FakeDesk, task
from tests.tui.screen_text import press, settle, text_of


def test_ids_are_unique_and_every_action_can_be_called() -> None:
    assert len(BY_ID) == len(ACTIONS)
    for action in ACTIONS:
        owner = GonogoApp if action.scope == EVERYWHERE else AnnotateScreen
        assert hasattr(owner, "action_" + action.call.split("(")[0]), action.id
        assert action.help.endswith(".")
        assert len(action.help) <= 54, "one row of the help screen"


@pytest.mark.parametrize("scope", [ANNOTATE, EDIT])
def test_no_two_actions_of_a_scope_share_a_key(scope: str) -> None:
    keys = [key for action in actions.in_scope(scope, EVERYWHERE) for key in action.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("raw", "kept", "named"),
    [
        ({"annotate.correct": "j"}, {"annotate.correct": "j"}, ""),
        ({"annotate.correct": " j , f5 "}, {"annotate.correct": "j,f5"}, ""),
        ({"annotate.correct": "?"}, {}, "? is already the key of app.help"),
        ({"annotate.correct": "s"}, {}, "s is already the key of annotate.incorrect"),
        (
            {"annotate.correct": "s", "annotate.incorrect": "a"},
            {"annotate.correct": "s", "annotate.incorrect": "a"},
            "",
        ),
        ({"annotate.corect": "j"}, {}, "did you mean annotate.correct"),
        ({"annotate.correct": "ctlr+k"}, {}, "no such key: ctlr+k"),
        ({"annotate.correct": 7}, {}, "expected"),
        ({"annotate.correct": ""}, {}, "expected"),
        ({"annotate.correct": "j", "annotate.incorrect": "j"}, None, "j is already the key of"),
    ],
)
def test_a_keymap_is_checked(raw: dict[str, object], kept: dict[str, str] | None, named: str) -> None:
    keymap = read_keymap(raw)
    assert kept is None or dict(keymap.keys) == kept
    assert named in "\n".join(keymap.problems)
    assert bool(named) == bool(keymap.problems)


def test_a_keymap_file_may_be_missing_or_broken(tmp_path: Path) -> None:
    assert load_keymap(tmp_path / "keys.toml").problems == ()
    (tmp_path / "keys.toml").write_text("[annotate\n")
    assert "keys.toml: not TOML" in load_keymap(tmp_path / "keys.toml").problems[0]


async def test_own_keys_work_and_are_shown(running: Running, clock: Clock, home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "keys.toml").write_text('[annotate]\ncorrect = "j"\nincorect = "k"\n')
    desk = FakeDesk([task(1), task(2), task(3)])
    async with running(desk) as pilot:
        assert "did you mean annotate.incorrect" in " ".join(text_of(pilot.app.screen).split())
        assert "j correct" in text_of(pilot.app.screen)
        await press(pilot, clock, "a")
        assert desk.answers == []
        await press(pilot, clock, "j", "s")
        assert [made.verdict for _, made in desk.answers] == ["correct", "incorrect"]


async def test_the_palette_runs_our_actions(running: Running, clock: Clock) -> None:
    desk = FakeDesk([task(1), task(2)])
    async with running(desk) as pilot:
        await press(pilot, clock, "ctrl+p", *"incorrect")
        for _ in range(50):
            if "read wrong" in text_of(pilot.app.screen):
                break
            await settle(pilot)
        await press(pilot, clock, "down", "enter")
        assert [made.verdict for _, made in desk.answers] == ["incorrect"]


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
