"""`gonogo web`: refuses addresses at which others could read or open the page."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import Gonogo


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


def test_a_missing_extra_is_a_sentence_with_the_command(tmp_path_factory: pytest.TempPathFactory) -> None:
    program = "import sys; sys.modules['textual_serve'] = None; from gonogo.cli.main import main; main(['web'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "extra `web`" in done.stderr
    assert 'pip install ".[web]"' in done.stderr
    assert "Traceback" not in done.stderr
