"""The sign-in of one browser: a link works once and not for long."""

from __future__ import annotations

import pytest

from gonogo.cli.browser.sign_in import COOKIE_SECONDS, LINK_SECONDS, BrowserSignIn


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sign_in(clock: Clock) -> BrowserSignIn:
    return BrowserSignIn(clock)


def test_a_link_opens_once(sign_in: BrowserSignIn) -> None:
    link = sign_in.new_link()
    cookie = sign_in.open_link(link)
    assert cookie is not None
    assert sign_in.knows(cookie)
    assert sign_in.open_link(link) is None
    assert sign_in.knows(cookie)


def test_a_link_ends_by_itself_and_by_the_next_one(sign_in: BrowserSignIn, clock: Clock) -> None:
    first = sign_in.new_link()
    second = sign_in.new_link()
    assert sign_in.open_link(first) is None
    clock.now += LINK_SECONDS
    assert sign_in.open_link(second) is None


def test_one_browser_at_a_time_and_not_for_ever(sign_in: BrowserSignIn, clock: Clock) -> None:
    first = sign_in.open_link(sign_in.new_link())
    second = sign_in.open_link(sign_in.new_link())
    assert first is not None
    assert second is not None
    assert not sign_in.knows(first)
    assert sign_in.knows(second)
    clock.now += COOKIE_SECONDS
    assert not sign_in.knows(second)


@pytest.mark.parametrize("wrong", ["", "x", "\udcff", "é" * 400])
def test_anything_else_is_no_link_and_no_cookie(sign_in: BrowserSignIn, wrong: str) -> None:
    assert sign_in.open_link(wrong) is None
    link = sign_in.new_link()
    assert sign_in.open_link(wrong) is None
    assert not sign_in.knows(wrong)
    assert not sign_in.knows(link)
