"""The real program in a real terminal: one tmux session a test, driven by keys, read as text."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

AVAILABLE = shutil.which("tmux") is not None
TICK = 0.05
_NUMBERS = itertools.count()


def wait_until(condition: Callable[[], bool], what: Callable[[], str], timeout: float = 20.0) -> None:
    """Poll `condition`; after `timeout` seconds fail and say `what()` was there instead."""
    pause = threading.Event()
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(what())
        pause.wait(TICK)


class Terminal:
    """A tmux session of its own server, so that the developer's is left alone."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        columns: int = 120,
        rows: int = 40,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._socket = str(folder / f"tmux-{next(_NUMBERS)}.sock")  # the last server may still be ending at its own
        settings = [f"{key}={value}" for key, value in (env or {}).items()]
        self._command = ["env", *settings, *command]
        self._size = ["-x", str(columns), "-y", str(rows)]
        self.keys = 0
        """Keys pressed so far; a paste counts as one."""
        self.started = 0.0

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, "-f", "/dev/null", *arguments], capture_output=True, text=True, check=False
        )
        return done.stdout

    def __enter__(self) -> Terminal:
        self.started = time.monotonic()
        self._tmux("new-session", "-d", *self._size, *self._command)
        self._tmux("set-option", "-g", "remain-on-exit", "on")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tmux("kill-server")

    def screen(self, *, styles: bool = False) -> str:
        """Text on the screen; with `styles` its colours, too, as escape sequences, and the spaces at line ends."""
        return self._tmux("capture-pane", "-p", *(("-e", "-N") if styles else ()))

    def record(self, file: Path) -> None:
        """Appends every byte that the program writes to the terminal to `file`."""
        self._tmux("pipe-pane", "-o", f"cat >> '{file}'")

    def alive(self) -> bool:
        return self._tmux("list-panes", "-F", "#{pane_dead}").strip() == "0"

    def press(self, *keys: str) -> None:
        """Named keys as tmux knows them: `a`, `Enter`, `Escape`, `C-q`."""
        self.keys += len(keys)
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self.keys += len(text)
        self._tmux("send-keys", "-l", text)

    def paste(self, text: str) -> None:
        """Pastes as a terminal does for a program that asked for bracketed pastes."""
        self.keys += 1
        self._tmux("set-buffer", text)
        self._tmux("paste-buffer", "-p")

    def sign_in(self, link: str, *, keep: bool = False) -> None:
        """Pastes a link at the sign-in screen; without a keyring answers whether the session may stay in a file."""
        self.wait_for("Invitation link")
        self.paste(link)
        wait_until(
            lambda: any(words in self.screen() for words in ("Stay signed in", "right?", "! ")),
            lambda: f"the link led nowhere:\n{self.screen()}",
            40,
        )
        if "Stay signed in" in self.screen():
            if keep:
                self.type("yes")
            self.press("Enter" if keep else "Escape")

    def wait_for(self, text: str, timeout: float = 20.0) -> None:
        wait_until(lambda: text in self.screen(), lambda: f"{text!r} never came; the screen:\n{self.screen()}", timeout)

    def wait_gone(self, timeout: float = 30.0) -> None:
        wait_until(lambda: not self.alive(), lambda: f"still running:\n{self.screen()}", timeout)
