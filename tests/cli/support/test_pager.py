"""The pager, in a real terminal: long output goes through PAGER, short output and programs never do."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from gonogo.cli.support.standard_streams import prepare_streams
prepare_streams()
import click
from gonogo.cli.support.pager import pager_option, print_long
@click.command()
@pager_option
def show():
    print_long("line\\n" * int(sys.argv[-1]))


show(args=sys.argv[1:-1], standalone_mode=False)
"""


def shown(tmp_path: Path, lines: int, *options: str, **environment: str) -> str:
    """What a terminal of 24 lines shows, with a pager that marks what it gets."""
    marker = tmp_path / "pager.sh"
    marker.write_text('#!/bin/sh\necho "PAGER $LESS"\ncat\n')
    marker.chmod(0o755)
    env = {**os.environ, "TERM": "xterm", "LINES": "24", "COLUMNS": "80", "PAGER": str(marker), **environment}
    env.pop("LESS", None)
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *options, str(lines)], stdin=slave, stdout=slave, stderr=slave, env=env
    )
    os.close(slave)
    output = b""
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:  # the other side is closed
            break
        if not data:
            break
        output += data
    os.close(master)
    assert child.wait(30) == 0, output
    return output.decode().replace("\r\n", "\n")


def test_long_output_goes_through_the_pager(tmp_path: Path) -> None:
    text = shown(tmp_path, 40)
    assert text.startswith("PAGER FRX\n")
    assert text.count("line\n") == 40


@pytest.mark.parametrize("pager", ["", "cat"])
def test_nobody_who_wants_no_pager_gets_one(tmp_path: Path, pager: str) -> None:
    assert shown(tmp_path, 40, PAGER=pager) == "line\n" * 40
    assert shown(tmp_path, 40, "--no-pager") == "line\n" * 40


def test_what_fits_is_printed(tmp_path: Path) -> None:
    assert shown(tmp_path, 23) == "line\n" * 23
    assert shown(tmp_path, 24).startswith("PAGER")


def test_a_pager_that_is_not_there_or_no_command_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    absent = shown(tmp_path, 40, PAGER=str(tmp_path / "none"))
    assert "can't be started" in absent
    assert absent.endswith("line\n" * 40)
    assert shown(tmp_path, 40, PAGER="less 'x").endswith("line\n" * 40)


def test_a_pager_that_is_left_early_is_no_error(tmp_path: Path) -> None:
    assert shown(tmp_path, 200_000, PAGER=shlex.join(["head", "-n", "1"])) == "line\n"


def test_programs_never_get_a_pager(tmp_path: Path) -> None:
    env = {**os.environ, "TERM": "xterm", "LINES": "5", "PAGER": "false"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "40"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=env,
        check=True,
    )
    assert done.stdout == "line\n" * 40
