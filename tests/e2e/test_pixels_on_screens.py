"""Pixels on every screen that shows a drawing: sent to a terminal that replies as Kitty, and all of them taken back."""

from __future__ import annotations

import re

import pytest

from tests.e2e.conftest import GONOGO, Cli
from tests.support.scripted_terminal import KITTY_REPLIES, ScriptedTerminal

pytestmark = pytest.mark.slow
SENT = b"\x1b_Ga=T"
QUIT = b"\x1b[113;5u"
ESCAPE = b"\x1b[27u"


def env(lead: Cli) -> dict[str, str]:
    return {"GONOGO_HOME": str(lead.home), "LANG": "C.UTF-8", "TERM": "xterm-kitty", "COLORTERM": "truecolor"}


def started(lead: Cli, *command: str) -> ScriptedTerminal:
    terminal = ScriptedTerminal([*GONOGO, *command], env(lead))
    terminal.wait_for(b"\x1b[c")
    terminal.type(KITTY_REPLIES)
    return terminal


def ids(terminal: ScriptedTerminal, command: bytes) -> list[int]:
    """Ids of the pictures that a command of Kitty's protocol was sent for."""
    return [int(number) for number in re.findall(rb"\x1b_G" + command + rb"[^;\x1b]*i=(\d+)", bytes(terminal.seen))]


@pytest.fixture
def signed_in(lead: Cli) -> Cli:
    with started(lead, "demo", "--no-tour") as terminal:
        terminal.wait_for(SENT)
        terminal.type(QUIT)
        assert terminal.ends() == 0
        assert sorted(ids(terminal, b"a=T")) == sorted(ids(terminal, b"a=d"))
    return lead


def test_queue_contact_sheet_and_case_show_pixels_and_take_them_back(signed_in: Cli) -> None:
    with started(signed_in, "review") as terminal:
        terminal.wait_for(b"to review")
        terminal.wait_for(SENT)  # the preview
        before = len(ids(terminal, b"a=T"))
        terminal.type(b"c")
        terminal.wait_for(b"confirm page")
        terminal.wait_for(SENT, before + 3)  # the tiles
        terminal.type(b"?")
        terminal.wait_for(b"This one is read wrong")
        terminal.type(ESCAPE)
        shown = len(ids(terminal, b"a=T"))
        terminal.type(b"o")
        terminal.wait_for(b"type value")
        terminal.wait_for(SENT, shown + 1)  # the case
        terminal.type(QUIT)
        assert terminal.ends() == 0
        sent, deleted = ids(terminal, b"a=T"), ids(terminal, b"a=d")
    assert sorted(sent) == sorted(deleted)
    in_use: set[int] = set()
    for command, number in re.findall(rb"\x1b_Ga=([Td])[^;\x1b]*i=(\d+)", bytes(terminal.seen)):
        assert (int(number) in in_use) == (command == b"d")  # no two pictures have one id at a time
        in_use ^= {int(number)}
