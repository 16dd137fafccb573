"""Asking the terminal: it answers at once, late, in pieces, never, or nonsense; what is typed stays what is typed."""

from __future__ import annotations

import os
import pty
import termios
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.tui.terminal.probe import Probe, ReplyFilter, TerminalReplies, questions

KITTY = b"\x1bP>|kitty(0.40.1)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;c"
XTERM = b"\x1bP>|XTerm(379)\x1b\\\x1b[6;17;8t\x1b[?63;1;2;4;6;9;15;22c"
GROUND = b"\x1b]11;rgb:eeee/eeee/eeee\x1b\\"
KEYS = b"as\x1b[A\x1b[6~\x1b[6;5~\x1b[?2026;2$y\x1b[48;24;80;480;800t\x1bOP\x1b[12;5R\x1b[97u"


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        (KITTY, TerminalReplies("kitty(0.40.1)", sixel=False, kitty=True, cell=(10, 20), complete=True)),
        (XTERM, TerminalReplies("XTerm(379)", sixel=True, cell=(8, 17), complete=True)),
        (b"\x1b[?6c", TerminalReplies(complete=True)),
        (b"\x1b[?4c", TerminalReplies(complete=True)),  # a VT132, not the attribute
        (b"\x1b_Gi=31;EINVAL:no\x1b\\\x1b[?1;2c", TerminalReplies(complete=True)),
        (b"\x1b[6;0;0t\x1b[6;99999;1t\x1b[?1;2c", TerminalReplies(complete=True)),
        (b"\x1bP>|a\x07\x9b31mb\x1b\\", TerminalReplies("a31mb")),
        (b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?6c", TerminalReplies(light=True, complete=True)),
        (b"\x1b]11;rgb:14/16/1a\x07\x1b[?6c", TerminalReplies(light=False, complete=True)),
        (b"\x1b]11;rgba:ffff/ffff/eeee/ffff\x07", TerminalReplies(light=True)),
        (b"\x1b]11;white\x07\x1b]11;rgb:zz\x1b\\\x1b]11;rgb:////\x07\x1b[?6c", TerminalReplies(complete=True)),
    ],
)
def test_answers_are_understood_and_cleaned(said: bytes, answers: TerminalReplies) -> None:
    reply_filter = ReplyFilter()
    assert reply_filter.feed(said) == b""
    assert reply_filter.answers == answers


@given(st.lists(st.integers(1, 200), max_size=12))
def test_answers_in_any_pieces_among_keys_leave_the_keys(cuts: list[int]) -> None:
    stream = KEYS + GROUND + KITTY[:18] + KITTY[18:] + KEYS + XTERM + b"q"
    reply_filter, keys, at = ReplyFilter(), b"", 0
    for cut in [*cuts, len(stream)]:
        keys += reply_filter.feed(stream[at : at + cut])
        at += cut
    assert keys == KEYS + KEYS + b"q"
    assert reply_filter.answers.light
    assert reply_filter.answers.complete


@given(st.binary(max_size=60).filter(lambda data: b"\x1b" not in data))
def test_what_holds_no_answer_passes_untouched(data: bytes) -> None:
    assert ReplyFilter().feed(data) == data


def test_escape_alone_is_a_key_in_the_end_and_half_an_answer_is_none() -> None:
    reply_filter = ReplyFilter()
    assert reply_filter.feed(b"\x1b") == b""
    assert reply_filter.release() == b"\x1b"
    assert reply_filter.feed(b"\x1bP>|half an answer") == b""
    assert reply_filter.release() == b""
    assert not reply_filter.holding


@pytest.mark.parametrize(
    "environment",
    [{}, {"TERM": "dumb"}, {"TERM": "linux"}, {"TERM": "xterm", "TERM_PROGRAM": "Apple_Terminal"},
     {"TERM": "screen", "STY": "1"}],
)  # fmt: skip
def test_nothing_is_asked_where_it_would_be_printed(environment: dict[str, str]) -> None:
    assert questions(environment) == ""


def test_tmux_is_not_asked_kittys_question_which_it_takes_for_a_title() -> None:
    queries = questions({"TERM": "tmux-256color", "TMUX": "/tmp/x"})
    assert "_G" not in queries
    assert queries.endswith("\x1b[c")


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """A terminal's own end, and the program's."""
    terminal, program = pty.openpty()
    yield terminal, program
    os.close(terminal)
    os.close(program)


def test_asking_does_not_echo_does_not_wait_and_leaves_the_terminal_as_it_was(ends: tuple[int, int]) -> None:
    terminal, program = ends
    before = termios.tcgetattr(program)
    probe = Probe({"TERM": "xterm"}, program, program)
    probe.ask()
    assert b"\x1b[>0q" in os.read(terminal, 1000)
    assert probe.collect() == TerminalReplies()
    assert probe.waiting
    os.write(terminal, b"a" + XTERM + b"s")
    assert probe.collect(5).sixel
    assert not probe.waiting
    assert probe.typed.startswith(b"a")  # type: ignore[unreachable]
    os.set_blocking(terminal, False)
    with pytest.raises(BlockingIOError):  # nothing was echoed
        os.read(terminal, 1000)
    probe.end()
    assert termios.tcgetattr(program) == before


def test_a_terminal_that_never_answers_costs_no_more_than_was_granted(ends: tuple[int, int]) -> None:
    terminal, program = ends
    probe = Probe({"TERM": "xterm"}, program, program)
    probe.ask()
    os.write(terminal, b"\x1b[?1049garbage\x1b_Gi=99;OK\x1b\\")
    assert probe.collect(0.05) == TerminalReplies()
    assert probe.waiting
    probe.end()
    assert b"garbage" in probe.typed
