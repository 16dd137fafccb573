"""Magic link parser: finds the token in pasted text, or raises."""

from __future__ import annotations

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.client.errors import InvalidInputError
from gonogo.client.magic_link_parser import magic_token

T = "ml_9fQ-x7.Zk~aa_0"


@pytest.mark.parametrize(
    ("text", "base"),
    [
        (T, None),
        (f"  {T}\n", None),
        (f'"{T}"', None),
        (f"<{T}>", None),
        (f"https://x.example/join?token={T}", "https://x.example"),
        (f"https://x.example/join?a=1&token={T}&b=2", "https://x.example"),
        (f"https://x.example:8443/join#token={T}", "https://x.example:8443"),
        (f"http://127.0.0.1:8000/invite/{T}", "http://127.0.0.1:8000"),
        (f"http://[::1]:8000/invite/{T}/", "http://[::1]:8000"),
        (f"HTTPS://X.Example/{T}", "https://x.example"),
        (f"<https://x.example/join?token={T}>.", "https://x.example"),
        (f"“https://x.example/join?token={T}”", "https://x.example"),
        (f"Your link: https://x.example/join?token={T} (valid for a day)", "https://x.example"),
        (f"https://x.example/join?tok\n  en={T[:5]}\r\n{T[5:]}", "https://x.example"),
        (f"Hello Ana,\nhere is your link:\nhttps://x.example/join?token={T}\nIt works once.", "https://x.example"),
        (f"Your link: <https://x.example/join?token={T[:9]}\n{T[9:]}>.\n\nGreetings\nThe lead", "https://x.example"),
    ],
)
def test_the_token_is_found(text: str, base: str | None) -> None:
    assert magic_token(text) == (T, base)


@pytest.mark.parametrize(
    "text", ["", "   ", "hello there", "https://", "https://x.example", "https://x.example/?token=", "short", "x" * 501]
)
def test_text_without_a_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        magic_token(text)
    assert "whole link" in caught.value.next_step


def test_an_api_key_is_recognised_and_not_shown() -> None:
    with pytest.raises(InvalidInputError, match="API key") as caught:
        magic_token("ak_live_0a1b2c3d_hidden")
    assert "hidden" not in str(caught.value)


@settings(deadline=None)  # shared machines stall
@given(
    token=st.from_regex(r"[A-Za-z0-9._~+/=-]{5,59}[A-Za-z0-9_=-]", fullmatch=True),
    form=st.sampled_from(["?token=", "#token="]),
)
def test_any_token_survives_a_link(token: str, form: str) -> None:
    if token.startswith("ak_"):
        return
    assert magic_token(f"https://x.example/join{form}{quote(token, safe='')}")[0] == token


@settings(deadline=None)  # shared machines stall
@given(st.text())
def test_any_text_gives_a_token_or_is_refused(text: str) -> None:
    with contextlib.suppress(InvalidInputError):
        token, _ = magic_token(text)
        assert token.isascii()
