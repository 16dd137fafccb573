"""The registry of actions, and keys of a person's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.desk.core.settings import KEYMAPS, Settings
from gonogo.tui import actions
from gonogo.tui.actions import ACTIONS, ANNOTATE, BY_ID, EDIT, EVERYWHERE
from gonogo.tui.app import GonogoApp
from gonogo.tui.key_guard import KeyGuard
from gonogo.tui.keymaps import CORE, PRESETS, load_keymap, read_keymap
from gonogo.tui.keys_doc import keys_page
from gonogo.tui.screens.lead.annotators import AnnotatorsScreen
from gonogo.tui.screens.lead.campaign_dashboard import CampaignDashboardScreen
from gonogo.tui.screens.lead.gold_candidates import GoldCandidatesScreen
from gonogo.tui.screens.lead.quality import QualityScreen
from gonogo.tui.screens.results.case import CaseScreen
from gonogo.tui.screens.results.cases import ResultsScreen
from gonogo.tui.screens.work.adjudicate import AdjudicateScreen
from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.screens.work.contact_sheet import ContactSheetScreen
from gonogo.tui.screens.work.history import HistoryScreen
from gonogo.tui.screens.work.practice import PracticeScreen
from gonogo.tui.screens.work.review import ReviewScreen
from tests.tui.conftest import Running
from tests.tui.fakes import Clock, FakeDesk, task
from tests.tui.screen_text import press, settle, text_of

OWNERS: dict[actions.Scope, type] = {
    EVERYWHERE: GonogoApp,
    ANNOTATE: AnnotateScreen,
    EDIT: AnnotateScreen,
    actions.HISTORY: HistoryScreen,
    actions.REVIEW: ReviewScreen,
    actions.ADJUDICATE: AdjudicateScreen,
    actions.CONTACT: ContactSheetScreen,
    actions.QUALITY: QualityScreen,
    actions.CANDIDATES: GoldCandidatesScreen,
    actions.ANNOTATORS: AnnotatorsScreen,
    actions.PRACTICE: PracticeScreen,
    actions.LEAD: CampaignDashboardScreen,
    actions.RESULTS: ResultsScreen,
    actions.CASE: CaseScreen,
}


def test_ids_are_unique_and_every_action_can_be_called() -> None:
    assert len(BY_ID) == len(ACTIONS)
    for scope, owner in OWNERS.items():
        for action in scope.actions:
            assert hasattr(owner, "action_" + action.call.split("(")[0]), action.id
            assert action.help.endswith(".")
            assert len(action.help) <= 54, "one row of the help screen"
    assert set(OWNERS) == set(actions.SCOPES)


@pytest.mark.parametrize("scope", [scope for scope in OWNERS if scope != EVERYWHERE], ids=lambda scope: scope.name)
def test_no_two_actions_of_a_scope_share_a_key(scope: actions.Scope) -> None:
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


def test_the_page_of_the_manual_is_the_registry() -> None:
    page = Path(__file__).parents[2] / "docs" / "keys.md"
    assert page.read_text(encoding="utf-8") == keys_page(), "python -m gonogo.tui.keys_doc > docs/keys.md"


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


async def test_a_preset_moves_the_keys_and_confidence_with_them(running: Running, clock: Clock) -> None:
    desk = FakeDesk([task(1), task(2)])
    async with running(desk, profile=Settings(keymap="numeric")) as pilot:
        assert "1 correct" in text_of(pilot.app.screen)
        await press(pilot, clock, "9", "2")
        assert [(made.verdict, made.confidence) for _, made in desk.answers] == [("incorrect", 1.0)]


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
