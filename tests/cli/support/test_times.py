"""One form of times: local with the zone on a terminal, UTC for programs."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from gonogo.cli.support.times import shown_time
from tests.cli.support.test_tables import FakeTerminal

NOON = datetime(2026, 11, 30, 12, 0, 9, tzinfo=UTC)


@pytest.fixture
def vienna(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()


@pytest.mark.parametrize(
    "when", [NOON, NOON.timestamp(), "2026-11-30T12:00:09Z", "2026-11-30T13:00:09.25+01:00", "2026-11-30T12:00:09"]
)
@pytest.mark.usefixtures("vienna")
def test_programs_get_utc_and_people_their_own_zone(
    when: datetime | float | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        assert shown_time(when) == "2026-11-30T12:00:09Z"
        monkeypatch.setattr("sys.stdout", FakeTerminal())
        assert shown_time(when) == "2026-11-30 13:00 CET"
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_a_zone_without_a_short_name_is_an_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", FakeTerminal())
    monkeypatch.setenv("TZ", "<Mitteleuropa>-1")
    time.tzset()
    try:
        assert shown_time(NOON) == "2026-11-30 13:00 +0100"
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_what_is_no_time_is_left_as_it_is() -> None:
    assert shown_time(None) == ""
    assert shown_time("soon") == "soon"
