"""The process of one browser window."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from textual_serve.app_service import AppService

from gonogo.cli.browser.app_process import AppProcess
from gonogo.tui.terminal.browser_driver import BrowserDriver


def test_what_is_overridden_is_there() -> None:
    """Two names of textual-serve are private: a new version that lacks them would run the command through a shell."""
    for name in ("_open_app_process", "_build_environment"):
        ours, theirs = getattr(AppProcess, name), getattr(AppService, name)
        assert inspect.signature(ours) == inspect.signature(theirs)
    assert "self._open_app_process(" in inspect.getsource(AppService.start)


def test_the_terminal_that_the_command_was_started_in_is_not_the_browsers() -> None:
    process = AppProcess(
        {"TMUX": "/tmp/tmux", "KITTY_WINDOW_ID": "1", "TERM": "xterm-kitty", "GONOGO_HOME": "/home/ana/g"},
        write_bytes=None,
        write_str=None,
        close=None,
        download_manager=None,
    )
    environment = process._build_environment(100, 30)
    assert environment["GONOGO_HOME"] == "/home/ana/g"
    assert (environment["COLUMNS"], environment["ROWS"]) == ("100", "30")
    assert environment["TERM"] == "xterm-256color"
    assert not environment.keys() & {"TMUX", "KITTY_WINDOW_ID"}
    assert environment["TEXTUAL_DRIVER"].endswith(f":{BrowserDriver.__name__}")


@pytest.mark.slow
def test_the_app_ends_with_its_input(tmp_path: Path) -> None:
    environment = AppProcess(
        {"GONOGO_HOME": str(tmp_path), "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        write_bytes=None,
        write_str=None,
        close=None,
        download_manager=None,
    )._build_environment(100, 30)
    done = subprocess.run(
        [sys.executable, "-m", "gonogo.cli.browser.app_process"],
        input=b"",
        capture_output=True,
        env=environment,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"__GANGLION__\n")
