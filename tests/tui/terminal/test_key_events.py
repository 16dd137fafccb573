"""Key events of Kitty's keyboard protocol: repeats are told from presses, releases are no keys."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gonogo.tui.terminal.key_events import ASK_EVENT_TYPES, REPEAT_KEY, KeyEvents
from tests.support.scripted_terminal import KITTY_REPLIES, ScriptedTerminal

REPEAT = f"\x1b[{ord(REPEAT_KEY)}u".encode()
HELD_A = b"\x1b[97;1:1;97u" + b"\x1b[97;1:2;97u" * 3 + b"\x1b[97;1:3u"
OTHERS = b"as\x1b[A\x1b[97;;97u\x1b[65;2;65u\x1b[<0;12;5M\x1b[I\x1b[48;24;80;480;800t\x1b[13u\x1b[200~pasted\x1b[201~"


def test_a_press_a_repeat_and_a_release() -> None:
    pressed = b"\x1b[97;1;97u"
    assert KeyEvents().feed(HELD_A) == pressed + (REPEAT + pressed) * 3
    assert KeyEvents().feed(b"\x1b[1;1:2A\x1b[1;5:3C\x1b[3;1:1~\x1b[13;1:3u") == REPEAT + b"\x1b[1;1A\x1b[3;1~"
    assert KeyEvents().feed(b"\x1b[97:65;2:2;65u") == REPEAT + b"\x1b[97:65;2;65u"


@given(st.lists(st.integers(1, 60), max_size=20))
def test_in_any_pieces_all_other_input_passes_as_it_is(cuts: list[int]) -> None:
    stream, events, read, at = OTHERS + HELD_A + OTHERS, KeyEvents(), b"", 0
    for cut in [*cuts, len(stream)]:
        read += events.feed(stream[at : at + cut])
        at += cut
    assert read == OTHERS + KeyEvents().feed(HELD_A) + OTHERS


def test_nobody_can_send_the_mark_of_a_repeat() -> None:
    assert KeyEvents().feed(b"a" + REPEAT + b"b") == b"ab"


def test_escape_alone_is_a_key_in_the_end() -> None:
    events = KeyEvents()
    assert events.feed(b"\x1b") == b""
    assert events.holding
    assert events.release() == b"\x1b"


CHILD = """
import json, sys
from textual.app import App
from gonogo.tui.terminal.driver import TerminalDriver
from gonogo.tui.terminal.probe import Probe
from gonogo.tui.terminal.capabilities import TerminalCapabilities
class Keys(App):
    def __init__(self):
        self.probe = Probe(dict(TERM="xterm")); self.probe.ask()
        self.terminal = TerminalCapabilities({}, answers=self.probe.collect(float(sys.argv[2]))); self.keys = []
        super().__init__(driver_class=TerminalDriver)
    def on_key(self, event):
        self.keys.append([event.key, self.terminal.is_repeat(event.time)])
        if event.key == "q":
            self.exit()
app = Keys(); app.run(); app.probe.end()
json.dump(app.keys, open(sys.argv[1], "w"))
"""


def keys_of_program(tmp_path: Path, *, early: bool) -> list[list[object]]:
    """Returns key and repeat of each event that a program gets, whose terminal replies before or after its start."""
    out, seconds = tmp_path / "out.json", "30" if early else "0"
    with ScriptedTerminal([sys.executable, "-c", CHILD, str(out), seconds], {"TERM": "xterm-256color"}) as terminal:
        terminal.wait_for(b"\x1b[c" if early else b"\x1b[?2004h")
        terminal.type(KITTY_REPLIES)
        terminal.wait_for(ASK_EVENT_TYPES.encode())
        shift = b"\x1b[57441;2:1u\x1b[57441;2:3u"
        for piece in (HELD_A[:20], HELD_A[20:], shift, b"\x1b[115;1:1;115u", b"\x1b[113;1;113u"):
            terminal.type(piece)
        assert terminal.ends() == 0
    keys: list[list[object]] = json.loads(out.read_text())
    return keys


EXPECTED = [["a", False], *([["a", True]] * 3), ["left_shift", False], ["s", False], ["q", False]]


def test_a_program_is_told_which_keys_repeat(tmp_path: Path) -> None:
    assert keys_of_program(tmp_path, early=True) == EXPECTED


def test_a_terminal_that_replies_late_tells_it_too(tmp_path: Path) -> None:
    assert keys_of_program(tmp_path, early=False) == EXPECTED
