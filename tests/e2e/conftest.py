from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

GONOGO = [sys.executable, "-m", "gonogo"]


class Cli:
    """`gonogo` as a person at a shell runs it, in a home of his own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {"GONOGO_HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(home)}

    def __call__(self, *arguments: str, env: dict[str, str] | None = None, code: int = 0) -> str:
        done = subprocess.run(
            [*GONOGO, *arguments], capture_output=True, text=True, env={**self.env, **(env or {})}, timeout=120
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        self.err = done.stderr
        return done.stdout

    def json(self, *arguments: str, env: dict[str, str] | None = None) -> Any:
        return json.loads(self(*arguments, "--json", env=env))

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[str]:
        """`gonogo serve` on a free port; yields its base URL."""
        process = subprocess.Popen(
            [*GONOGO, "serve", "--port", "0", *arguments], stderr=subprocess.PIPE, text=True, env=self.env
        )
        assert process.stderr is not None
        try:
            line = process.stderr.readline()
            found = re.search(r"https?://[\w.:-]+", line)
            assert found, line + process.stderr.read()
            drain = threading.Thread(target=process.stderr.read, daemon=True)
            drain.start()
            yield found.group()
        finally:
            process.terminate()
            process.wait(15)
            drain.join(5)
            process.stderr.close()


@pytest.fixture
def lead(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "lead")
