"""Whether a program still runs is asked without a signal, with /proc and without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.desk.outbox import owner
from tests.support import other_platforms

PROGRAM = """
import sys
from gonogo.desk.outbox.owner import process_id
print(process_id(), flush=True)
sys.stdin.read()
"""
CHECK = "import sys; from gonogo.desk.outbox.owner import is_running; print(is_running(sys.argv[1]))"


@pytest.mark.parametrize("platform", [None, other_platforms.MACOS, other_platforms.WINDOWS], ids=["here", "mac", "win"])
def test_a_program_is_known_while_it_runs_and_no_longer(platform: str | None, tmp_path: Path) -> None:
    env = other_platforms.environment(platform, tmp_path) if platform else None
    program = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        mark = process.stdout.readline().strip()
        assert _asked(mark, env) == "True"
        assert process.poll() is None
        process.communicate("")
    assert _asked(mark, env) == "False"


def _asked(mark: str, env: dict[str, str] | None) -> str:
    return subprocess.run(
        [sys.executable, "-c", CHECK, mark], capture_output=True, text=True, env=env, check=True
    ).stdout.strip()


@pytest.mark.skipif(not Path("/proc/sys/kernel/random/boot_id").exists(), reason="no /proc here")
def test_a_mark_knows_this_start_of_the_machine() -> None:
    """Without it a program of before a restart may count as running: process numbers and ticks come again."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    assert owner.process_id().partition(":")[0] == boot[:8]


@pytest.mark.parametrize(
    "other",
    [
        lambda mark: mark.replace(mark.split(":")[2], "1"),  # a reused process number
        lambda mark: mark.replace(mark.split(":")[0], "00000000"),  # before a restart of the machine
        lambda mark: "",
        lambda mark: "::::",
    ],
)
def test_a_mark_of_another_program_is_none_that_runs(other: Callable[[str], str]) -> None:
    mark = owner.process_id()
    assert owner.is_running(mark)
    assert not owner.is_running(other(mark))
