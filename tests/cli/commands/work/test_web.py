"""`gonogo web`: refuses addresses at which others could read or open the page."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Gonogo
from tests.e2e.tmux import wait_until


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "label.example.com"])
def test_other_machines_need_a_public_url(gonogo: Gonogo, host: str) -> None:
    done = gonogo("web", "--host", host, code=2)
    assert "--public-url" in done.stderr


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://label.example.com", "readable"),
        ("label.example.com", "no address"),
        ("ftp://label.example.com", "no address"),
        ("https://label.example.com/?a=b", "no address"),
        ("https://", "no address"),
    ],
)
def test_a_public_url_that_would_not_do_is_refused(gonogo: Gonogo, url: str, words: str) -> None:
    assert words in gonogo("web", "--public-url", url, code=2).stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is not there on Windows")
def test_enter_prints_a_new_link_and_the_first_one_ends(tmp_path: Path) -> None:
    from tests.support.scripted_terminal import ScriptedTerminal  # Unix only

    def links(terminal: ScriptedTerminal) -> list[tuple[str, str]]:
        return re.findall(r"(http://\S+)/#(\S+)", terminal.seen.decode())

    with ScriptedTerminal(
        [sys.executable, "-m", "gonogo", "web", "--port", "0"], {"GONOGO_HOME": str(tmp_path)}
    ) as web:
        wait_until(lambda: len(links(web)) == 1, lambda: f"{web.seen!r}")
        web.type(b"\r")
        wait_until(lambda: len(links(web)) == 2, lambda: f"{web.seen!r}")
        (url, first), (_, second) = links(web)
        statuses = []
        for token in (first, second):
            connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
            connection.request("POST", "/session", token, {"Origin": url})
            statuses.append(connection.getresponse().status)
            connection.close()
        assert statuses == [401, 204]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is not there on Windows")
def test_in_the_background_it_leaves_the_lines_to_the_shell_and_goes_on(tmp_path: Path) -> None:
    from tests.support.scripted_terminal import ScriptedTerminal  # Unix only

    def link_words(terminal: ScriptedTerminal) -> list[str]:
        return re.findall(r"http://(\S+)/#\S+", terminal.seen.decode())

    shell_command = ["setsid", "--ctty", "--wait", "bash", "--norc", "--noprofile", "-i"]
    with ScriptedTerminal(shell_command, {"GONOGO_HOME": str(tmp_path)}, columns=200) as shell:
        shell.type(f"{sys.executable} -m gonogo web --port 0 &\n".encode())
        wait_until(lambda: len(link_words(shell)) == 1, lambda: f"{shell.seen!r}")
        for number in range(20):
            shell.type(f"echo line-$(({number} + 100))\n".encode())
            shell.wait_for(f"line-{number + 100}".encode())
        connection = http.client.HTTPConnection(link_words(shell)[0], timeout=20)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        shell.type(b"fg\n")
        wait_until(lambda: shell.seen.count(b"-m gonogo web") == 2, lambda: f"{shell.seen!r}")
        shell.type(b"\n")
        wait_until(lambda: len(link_words(shell)) == 2, lambda: f"{shell.seen!r}")


def test_a_missing_extra_is_a_sentence_with_the_command() -> None:
    program = "import sys; sys.modules['textual_serve'] = None; from gonogo.cli.main import main; main(['web'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "extra `web`" in done.stderr
    assert 'pip install ".[web]"' in done.stderr
    assert "pip install textual-serve" in done.stderr  # the project is in no index: its own name would be another's
    assert "Traceback" not in done.stderr
