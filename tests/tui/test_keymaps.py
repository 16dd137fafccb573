"""Keymaps: presets, a person's own keys, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.desk.core.settings import KEYMAPS, Settings
from gonogo.tui import actions
from gonogo.tui.actions import ACTIONS, BY_ID, EVERYWHERE
from gonogo.tui.keymaps import CORE, PRESETS, load_keymap, read_keymap
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, task
from tests.tui.screen_text import press, text_of


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
        ({"annotate.correct": "j", "annotate.incorrect": "j"}, {"annotate.correct": "j"}, "j is already the key of"),
        (
            {"annotate.correct": ";", "annotate.fix": "alt+x"},
            {"annotate.correct": "semicolon", "annotate.fix": "alt+x"},
            "",
        ),
    ],
)
def test_a_keymap_is_checked(raw: dict[str, object], kept: dict[str, str] | None, named: str) -> None:
    keymap = read_keymap(raw)
    assert kept is None or dict(keymap.keys) == kept
    assert named in "\n".join(keymap.problems)
    assert bool(named) == bool(keymap.problems)


def test_a_persons_key_wins_over_one_that_we_ship() -> None:
    keymap = read_keymap({"annotate.correct": "z", "app.theme": "0"})
    kept = {"annotate.correct": "z", "annotate.context": "", "app.theme": "0", "annotate.home": "home"}
    kept["sheet.home"] = "home"
    assert {one: keys for one, keys in keymap.keys.items() if not one.startswith("adjudicate")} == kept
    assert [problem.split(":")[0] for problem in keymap.problems] == ["annotate.context"]


@pytest.mark.parametrize("preset", PRESETS)
def test_in_every_preset_each_action_keeps_keys_of_its_own(preset: str) -> None:
    assert set(PRESETS) == set(KEYMAPS)
    assert set(PRESETS[preset]) <= set(BY_ID)
    keymap = read_keymap({}, preset)
    assert keymap.problems == ()
    for scope in set(actions.SCOPES) - {EVERYWHERE}:
        keys = [key for action in actions.in_scope(scope, EVERYWHERE) for key in actions.keys_of(action, keymap.keys)]
        assert sorted(keys) == sorted(set(keys)), scope.name


raw_keys = st.sampled_from(["a", "s", "j", "z", "?", "enter", "f2", "ctrl+q", "1", "", "nothing", "a,j", "u"])


@given(
    st.dictionaries(st.sampled_from([action.id for action in ACTIONS]), raw_keys, max_size=6),
    st.sampled_from([*PRESETS]),
)
def test_whatever_a_person_writes_no_key_has_two_meanings_and_the_core_has_keys(
    raw: dict[str, str], preset: str
) -> None:
    keymap = read_keymap(raw, preset)
    for scope in set(actions.SCOPES) - {EVERYWHERE}:
        keys = [key for action in actions.in_scope(scope, EVERYWHERE) for key in actions.keys_of(action, keymap.keys)]
        assert len(keys) == len(set(keys))
    assert all(actions.keys_of(BY_ID[one], keymap.keys) for one in CORE)


def test_a_preset_is_chosen_by_the_setting_or_by_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    assert load_keymap(path, "right").keys["annotate.correct"] == "j"
    path.write_text('preset = "prodigy"\n[annotate]\nfix = "j"\n')
    keymap = load_keymap(path, "right")
    assert actions.keys_of(BY_ID["annotate.correct"], keymap.keys) == ("a",)
    assert (keymap.keys["annotate.incorrect"], keymap.keys["annotate.fix"]) == ("x", "j")
    path.write_text('preset = "prodgy"\n')
    assert "did you mean prodigy" in load_keymap(path).problems[0]


def test_a_keymap_file_may_be_missing_or_broken(tmp_path: Path) -> None:
    assert load_keymap(tmp_path / "keys.toml").problems == ()
    (tmp_path / "keys.toml").write_text("[annotate\n")
    assert "keys.toml: not TOML" in load_keymap(tmp_path / "keys.toml").problems[0]


async def test_own_keys_work_and_are_shown(running: Running, clock: Clock, home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "keys.toml").write_text('[annotate]\ncorrect = "j"\nincorect = "k"\n')
    session = FakeAnnotateSession([task(1), task(2), task(3)])
    async with running(session) as pilot:
        assert "did you mean annotate.incorrect" in " ".join(text_of(pilot.app.screen).split())
        assert "j correct" in text_of(pilot.app.screen)
        await press(pilot, clock, "a")
        assert session.answers == []
        await press(pilot, clock, "j", "s")
        assert [decision.verdict for _, decision in session.answers] == ["correct", "incorrect"]


async def test_a_preset_moves_the_keys_and_confidence_with_them(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session, profile=Settings(keymap="numeric")) as pilot:
        assert "1 correct" in text_of(pilot.app.screen)
        await press(pilot, clock, "9", "2")
        assert [(decision.verdict, decision.confidence) for _, decision in session.answers] == [("incorrect", 1.0)]
