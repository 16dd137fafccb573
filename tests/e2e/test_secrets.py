"""Canaries: a key, a link and a session are in no argument, no child's environment, no log, no error, no recording, and
in no file but the one that a person agreed to.
"""

from __future__ import annotations

import json
import re
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.conftest import GONOGO, Cli
from tests.e2e.test_main_job import answer
from tests.e2e.test_main_job import material as material
from tests.e2e.tmux import AVAILABLE, Terminal

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.slow,
    pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed; .ci/run installs it"),
    pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are read through /proc"),
]


class Watch:
    """Everything that other people on this machine could read of the processes under a home, ten times a second."""

    def __init__(self, home: Path) -> None:
        self._home = f"GONOGO_HOME={home}".encode()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.arguments: set[bytes] = set()
        self.children: set[bytes] = set()
        """Environments of the processes that gonogo started itself."""

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    environment = (folder / "environ").read_bytes()
                    command = (folder / "cmdline").read_bytes()
                except OSError:
                    continue
                if self._home in environment:
                    self.arguments.add(command)
                if b"gonogo.sheets.render" in command:
                    self.children.add(environment)

    @contextmanager
    def running(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()


def files(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield path, path.read_bytes()


def test_no_secret_is_found_outside_its_place(lead: Cli, tmp_path: Path, material: tuple[Path, Path]) -> None:
    predictions, drawings = material
    lead("import", str(predictions), "--drawings", str(drawings), "--campaign", "pmi")
    home = tmp_path / "annotator"
    recording = tmp_path / "recording"
    watch = Watch(home)
    with lead.serving("--log", str(tmp_path / "server.log")) as url, watch.running():
        key = lead.json("keys", "create", "--name", "lead")["key"]
        remote = {"GONOGO_BASE_URL": url, "GONOGO_API_KEY": key}
        link = lead.json("assign", "pmi", "ana@example.com", env=remote)["magic_link_url"]
        token = re.split("token=", link)[1]
        with Terminal(GONOGO, tmp_path, env={"GONOGO_HOME": str(home), "LANG": "C.UTF-8"}) as terminal:
            terminal.record(recording)
            terminal.sign_in(link, keep=True)
            terminal.wait_for("s incorrect", 40)
            answer(terminal, "a", 0)
            terminal.press("C-q")
            terminal.wait_gone()
        session = _session(home)
        # a key from the environment, too, in a home of its own; then a crash, and errors that repeat what was typed
        with Terminal(GONOGO, tmp_path, env={"GONOGO_HOME": str(home), "LANG": "C.UTF-8", **remote}) as terminal:
            terminal.record(recording)
            terminal.wait_for("pmi", 40)
            terminal.press("C-q")
            terminal.wait_gone()
        said = [lead.err]
        for arguments in (
            ("login", token),
            ("login", link),
            (key,),
            ("campaign", "show", key),
            ("keys", "revoke", key),
        ):
            done = subprocess.run(
                [*GONOGO, *arguments],
                capture_output=True,
                text=True,
                env={**lead.env, **remote},
                timeout=60,
                check=False,
            )
            assert done.returncode != 0
            said += [done.stdout, done.stderr]
    places = {
        "arguments": b"\n".join(watch.arguments),
        "environments of children": b"\n".join(watch.children),
        "what was said": "\n".join(said).encode(),
        "recording": recording.read_bytes(),
    }
    places |= {str(path): content for path, content in files(home, lead.home)}
    places["server.log"] = (tmp_path / "server.log").read_bytes()
    assert watch.arguments
    assert watch.children
    canaries = {"key": key, "token": token, "session": session}
    hits = {
        f"{name} in {place}"
        for name, secret in canaries.items()
        for place, content in places.items()
        if secret.encode() in content
    }
    assert hits == {f"session in {home / 'state' / 'credentials.json'}"}  # the person said yes to this one
    assert stat.S_IMODE((home / "state" / "credentials.json").stat().st_mode) == 0o600
    open_to_others = [path for path in (home, *home.rglob("*")) if stat.S_IMODE(path.lstat().st_mode) & 0o077]
    assert [path for path in open_to_others if not path.is_symlink()] == []


def _session(home: Path) -> str:
    text = (home / "state" / "credentials.json").read_text(encoding="utf-8")
    return str(max((value for value in json.loads(text).values() if isinstance(value, str)), key=len))
