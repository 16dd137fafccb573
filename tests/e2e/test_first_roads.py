"""First roads: from nothing to the first question, in fresh homes, by the commands that the README names.

Each road counts the keys that a newcomer presses between the command and the first answered question.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.demo.parts import draw_all
from tests.e2e.conftest import GONOGO, Cli
from tests.e2e.tmux import AVAILABLE, Terminal, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.tmux,
    pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed; .ci/run installs it"),
]
QUESTION = "right?"
SECONDS = 40


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A file of predictions, and the folder of its drawings."""
    folder = tmp_path / "scans"
    folder.mkdir()
    board = draw_all()["GX-2210 bracket"]
    (folder / "bracket.pdf").write_bytes(board.pdf())
    lines = [
        {"part": "bracket", "drawing": "bracket.pdf", "bbox": callout.bbox, "bbox_unit": "pt"}
        | {"detail_kind": "dimension", "predicted_value": {"text": callout.text}}
        for callout in board.callouts
    ]
    path = tmp_path / "predictions.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def answer(terminal: Terminal, key: str, reached: str) -> None:
    """Presses `key` at a person's pace until `reached` is shown: keys just after a paint do not count."""
    keys = terminal.keys

    def attempt() -> bool:
        threading.Event().wait(0.35)
        if reached not in terminal.screen():
            terminal.press(key)
        return reached in terminal.screen()

    wait_until(attempt, lambda: f"{key!r} was not taken:\n{terminal.screen()}")
    terminal.keys = keys + 1


@pytest.fixture
def judged(
    request: pytest.FixtureRequest, record_testsuite_property: Callable[[str, object], None]
) -> Callable[[Terminal, int], None]:
    """Checks the keys that a newcomer pressed up to the first judged question, and records them and the seconds.

    Speed is measured by the benchmark `newcomer`; these seconds hold the waits of the test.
    """

    def check(terminal: Terminal, most_keys: int) -> None:
        seconds = time.monotonic() - terminal.started
        record_testsuite_property(request.node.name, f"{terminal.keys} keys, {seconds:.1f} s")
        assert terminal.keys <= most_keys

    return check


def at(home: Path) -> dict[str, str]:
    return {"GONOGO_HOME": str(home), "LANG": "C.UTF-8"}


Judged = Callable[[Terminal, int], None]


def test_bare_gonogo_offers_the_demo_and_one_key_opens_it(tmp_path: Path, judged: Judged) -> None:
    with Terminal(GONOGO, tmp_path, env=at(tmp_path / "fresh")) as terminal:
        terminal.wait_for("Try it on sample drawings")
        terminal.press("Enter")
        terminal.wait_for(QUESTION, SECONDS)
        terminal.wait_for("1/5  Value and drawing say the same. Press a")
        answer(terminal, "a", "2/5  ")
        judged(terminal, 2)
        terminal.press("C-q")
        terminal.wait_gone()
    with Terminal(GONOGO, tmp_path, env=at(tmp_path / "fresh")) as terminal:
        terminal.wait_for("Demo: four parts", SECONDS)  # the tour never comes again
        terminal.press("C-q")
        terminal.wait_gone()


def test_practice_in_the_demo_has_items_at_once(tmp_path: Path, judged: Judged) -> None:
    with Terminal([*GONOGO, "demo", "--no-tour"], tmp_path, env=at(tmp_path / "fresh")) as terminal:
        terminal.wait_for("a correct", SECONDS)
        terminal.press("t")
        terminal.wait_for("nothing here counts", SECONDS)
        terminal.wait_for("a correct", SECONDS)
        answer(terminal, "a", "you said")
        judged(terminal, 2)
        terminal.press("C-q")
        terminal.wait_gone()


@pytest.mark.parametrize("command", [["annotate", "batch 12"], ["annotate"], []])
def test_what_was_imported_is_asked_without_a_key(
    tmp_path: Path, scans: Path, command: list[str], judged: Judged
) -> None:
    cli = Cli(tmp_path / "home")
    cli("import", str(scans), "--drawings", str(scans.parent / "scans"), "--campaign", "batch 12")
    assert "Next: gonogo annotate 'batch 12'" in cli.err
    with Terminal([*GONOGO, *command], tmp_path, env=at(cli.home)) as terminal:
        terminal.wait_for(QUESTION, SECONDS)
        terminal.wait_for("batch 12")
        assert terminal.keys == 0
        answer(terminal, "a", f"1 / {len(scans.read_text(encoding='utf-8').splitlines())}")
        judged(terminal, 1)
        terminal.press("C-q")
        terminal.wait_gone()


def test_a_name_that_does_not_exist_is_said_and_the_others_are_offered(tmp_path: Path, scans: Path) -> None:
    cli = Cli(tmp_path / "home")
    cli("import", str(scans), "--drawings", str(scans.parent / "scans"), "--campaign", "batch 12")
    with Terminal([*GONOGO, "annotate", "batch 13"], tmp_path, env=at(cli.home)) as terminal:
        terminal.wait_for("no open campaign “batch 13”", SECONDS)
        terminal.press("Down", "Enter")
        terminal.wait_for(QUESTION, SECONDS)
        terminal.press("C-q")
        terminal.wait_gone()


def test_the_team_block_in_its_order_gives_a_link_that_works_in_another_home(
    lead: Cli, tmp_path: Path, scans: Path, judged: Judged
) -> None:
    lead("import", str(scans), "--drawings", str(scans.parent / "scans"), "--campaign", "batch 12")
    with lead.serving() as url:
        link = lead("assign", "batch 12", "ana@example.com").strip()
        assert link.startswith(f"{url}/#token=")
        with Terminal(GONOGO, tmp_path, env=at(tmp_path / "ana")) as terminal:
            terminal.sign_in(link)
            terminal.wait_for(QUESTION, SECONDS)
            answer(terminal, "a", f"1 / {len(scans.read_text(encoding='utf-8').splitlines())}")
            judged(terminal, 3)
            terminal.press("C-q")
            terminal.wait_gone()


def test_without_a_server_no_dead_link_is_printed(lead: Cli, scans: Path) -> None:
    lead("import", str(scans), "--drawings", str(scans.parent / "scans"), "--campaign", "batch 12")
    assert lead("assign", "batch 12", "ana@example.com", code=1) == ""
    assert "gonogo serve --public-url" in lead.err
    assert lead.json("annotators", "list", "batch 12") == []
    with lead.serving("--public-url", "https://label.example.com"):
        pass
    assert lead("assign", "batch 12", "ana@example.com").startswith("https://label.example.com/#token=")


def test_a_lost_link_is_replaced_and_the_old_one_ends(lead: Cli, tmp_path: Path, scans: Path) -> None:
    lead("import", str(scans), "--drawings", str(scans.parent / "scans"), "--campaign", "batch 12")
    with lead.serving():
        lost = lead("assign", "batch 12", "ana@example.com").strip()
        new = lead("assign", "batch 12", "ana@example.com", "--again").strip()
        assert new != lost
        for link, words in ((lost, "expired"), (new, QUESTION)):
            home = tmp_path / f"ana-{words[0]}"
            home.mkdir()
            with Terminal(GONOGO, home, env=at(home)) as terminal:
                terminal.sign_in(link)
                terminal.wait_for(words, SECONDS)
                terminal.press("C-q")
                terminal.wait_gone()


def test_without_a_keyring_a_person_who_agreed_comes_back_without_a_link(
    lead: Cli, tmp_path: Path, scans: Path
) -> None:
    lead("import", str(scans), "--drawings", str(scans.parent / "scans"), "--campaign", "batch 12")
    home = tmp_path / "ana"
    with lead.serving():
        link = lead("assign", "batch 12", "ana@example.com").strip()
        with Terminal(GONOGO, tmp_path, env=at(home)) as terminal:
            terminal.sign_in(link, keep=True)
            terminal.wait_for(QUESTION, SECONDS)
            terminal.press("C-q")
            terminal.wait_gone()
        with Terminal(GONOGO, tmp_path, env=at(home)) as terminal:
            terminal.wait_for(QUESTION, SECONDS)
            terminal.press("C-q")
            terminal.wait_gone()
