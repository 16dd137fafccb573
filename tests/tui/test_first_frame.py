"""A kept frame is given to the same terminal and campaign in time, once, and damage is no frame."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.tui.first_frame import MOST_BYTES, pop, save, terminal_key

ENVIRONMENT = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
KEY = terminal_key(ENVIRONMENT, (120, 40))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save(tmp_path / "first-frame", ["Is this right?", "⌀ 8"], KEY, "campaign", until=1000.0)
    return tmp_path / "first-frame"


@pytest.mark.parametrize("campaign", [None, "campaign"])
def test_it_is_given_once(path: Path, campaign: str | None) -> None:
    frame = pop(path, KEY, campaign, 999.0)
    assert "\x1b[1;1HIs this right?" in frame
    assert "\x1b[2;1H⌀ 8" in frame
    assert pop(path, KEY, campaign, 999.0) == ""


@pytest.mark.parametrize(
    ("key", "campaign", "now"),
    [
        (terminal_key(ENVIRONMENT, (120, 41)), None, 0.0),
        (terminal_key(ENVIRONMENT | {"NO_COLOR": "1"}, (120, 40)), None, 0.0),
        (terminal_key(ENVIRONMENT | {"TMUX": "/tmp/x"}, (120, 40)), None, 0.0),
        (KEY, "another", 0.0),
        (KEY, None, 1000.0),
    ],
)
def test_another_terminal_campaign_or_time_gets_nothing(path: Path, key: str, campaign: str | None, now: float) -> None:
    assert pop(path, key, campaign, now) == ""
    assert not path.exists()


@pytest.mark.parametrize(
    "damage", [b"", b"\xff\xfe\x00", b"{}\n\x1b[2J", b"[1]\nx", b'{"key": 1, "until": "x"}\nIs this', b"x" * MOST_BYTES]
)
def test_a_damaged_frame_is_no_frame(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    assert pop(path, KEY, None, 0.0) == ""


def test_no_frame_is_no_frame(tmp_path: Path) -> None:
    assert pop(tmp_path / "nothing" / "first-frame", KEY, None, 0.0) == ""
