"""`gonogo web` as a process on a free port, its link, and the processes that it started."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class WebCommand:
    """A running `gonogo web`: `url` without a `/` at the end, and the `token` of its link."""

    process: subprocess.Popen[str]
    url: str
    token: str

    def apps(self) -> list[psutil.Process]:
        """The app processes of its windows."""
        try:
            return psutil.Process(self.process.pid).children()
        except psutil.NoSuchProcess:
            return []


@contextlib.contextmanager
def web_command(env: Mapping[str, str], *arguments: str) -> Iterator[WebCommand]:
    """Runs it for the block; what it wrote to standard error is read and dropped."""
    command = [sys.executable, "-m", "gonogo", "web", "--port", "0", *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(env)
    )
    assert process.stdout is not None
    assert process.stderr is not None
    drain = threading.Thread(target=process.stderr.read, daemon=True)
    drain.start()
    try:
        url, _, token = process.stdout.readline().strip().partition("/#")
        assert token, f"no link; it ended with {process.poll()}"
        yield WebCommand(process, url, token)
    finally:
        process.terminate()
        process.wait(20)
        drain.join(5)
        process.stdout.close()
        process.stderr.close()
