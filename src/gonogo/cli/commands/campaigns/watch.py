"""`gonogo campaigns watch`: follows the progress of a campaign until it is done."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypedDict

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from gonogo.cli.support.api_client import open_client
from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import echo_err
from gonogo.cli.support.options import campaign_argument, json_option, server_option
from gonogo.client.errors import GonogoClientError
from gonogo.client.lead_client import LeadClient
from gonogo.client.lookup import find_campaign
from gonogo.client.progress_stream import StreamUnavailableError, has_stream, stream_progress
from gonogo.json_types import JsonObject
from gonogo.report.progress import person_text, rate_text, time_left
from gonogo.schemas.labeling import LabelingCampaignPublic
from gonogo.schemas.lead import AtWork, CampaignProgress
from gonogo.schemas.sanitize import clean_text
from gonogo.schemas.statuses import takes_answers

_MOVING = frozenset(("votes_per_hour", "seconds_left", "as_of", "people"))  # they move without a change of the campaign
QUALITY_EVERY = 60.0
"""Seconds between two quality reports, which cost the server much time."""
ASK_EVERY = 5.0
"""Poll interval in seconds for a server without a progress stream."""


@click.command(
    epilog="""\b
Examples:
  gonogo campaigns watch 'batch 12'
  gonogo campaigns watch 'batch 12' --once --json
  # a line a change, until it is done
  gonogo campaigns watch 'batch 12' --json >> batch12.log
"""
)
@campaign_argument
@click.option(
    "--interval", type=click.FloatRange(0.5, 3600), help="Ask every so many seconds instead of following each change."
)
@click.option("--once", is_flag=True, help="Look once and stop.")
@server_option
@json_option
def watch(campaign: str, interval: float | None, once: bool, base_url: str | None, as_json: bool) -> None:
    """Follow CAMPAIGN, changing nothing, until its tasks are resolved, it is closed, or Ctrl-C.

    Left, held, in review, done; pace and expected end; agreement; who did what. Our own server tells each change within
    about a second; another one is asked every 5 seconds. On a terminal it is kept up to date in place; elsewhere each
    change is a line (with --json, a JSON object). A line to the server that drops is taken up again.
    """
    run(_watch(campaign, base_url, interval, once, as_json))


async def _watch(campaign: str, base_url: str | None, interval: float | None, once: bool, as_json: bool) -> None:
    async with open_client(base_url) as client:
        found = await find_campaign(client, campaign)
        with _screen(as_json) as screen:  # closed before an error is printed
            await _follow(client, found, interval, once, screen)


async def _follow(
    client: LeadClient, found: LabelingCampaignPublic, interval: float | None, once: bool, screen: Screen
) -> None:
    capabilities = await client.capabilities()
    watched = WatchedCampaign(client, ours=capabilities is not None)
    if once:
        screen.show(await watched.look(await client.get_campaign(found.id)))
        return
    if interval is None and has_stream(capabilities):
        try:
            await _follow_stream(watched, found, screen)
            return
        except StreamUnavailableError as error:
            screen.say(f"{error} We ask it every {ASK_EVERY:g} s instead.")
    elif interval is None:
        screen.say(f"This server sends no changes: we ask every {ASK_EVERY:g} s.")
    await _poll(watched, found, screen, interval or ASK_EVERY)


async def _follow_stream(watched: WatchedCampaign, found: LabelingCampaignPublic, screen: Screen) -> None:
    """Shows the progress stream until the campaign is done; fetches the agreement in a task beside it."""
    measuring: asyncio.Task[None] | None = None
    try:
        async with aclosing(stream_progress(watched.client, found.id, heard=screen.heard)) as updates:
            async for seen in updates:
                counts = {"status": seen.status, "task_count": seen.n_tasks, "resolved_count": seen.n_resolved}
                now = found.model_copy(update=counts)
                screen.show(watched.state(now, seen))
                if watched.due(now) and (measuring is None or measuring.done()):
                    measuring = asyncio.create_task(_measure_quality(watched, now, screen))
                if _done(now):
                    break
        if measuring is not None:
            await measuring
    finally:
        if measuring is not None:
            measuring.cancel()


async def _measure_quality(watched: WatchedCampaign, now: LabelingCampaignPublic, screen: Screen) -> None:
    try:
        await watched.measure(now)
    except GonogoClientError as error:
        screen.say(f"The agreement is not known: {error}")
    else:
        screen.show(screen.state | watched.quality)


async def _poll(watched: WatchedCampaign, found: LabelingCampaignPublic, screen: Screen, interval: float) -> None:
    """Polls the server until the campaign is done; retries transient errors after the first response."""
    answered = False
    while True:
        try:
            now = await watched.client.get_campaign(found.id)
            state = await watched.look(now)
        except GonogoClientError as error:
            if not (answered and error.transient):
                raise
            screen.heard(error, interval)
        else:
            answered = True
            screen.heard(None, 0)
            screen.show(state)
            if _done(now):
                return
        await asyncio.sleep(interval)


def _done(now: LabelingCampaignPublic) -> bool:
    return not takes_answers(now.status) or bool(now.task_count and now.resolved_count == now.task_count)


class WatchState(TypedDict, total=False):
    """State of a campaign as one flat object; fields that a plain server does not have are `None`."""

    name: str | None
    status: str | None
    task_count: int | None
    resolved_count: int | None
    left: int | None
    held: int | None
    in_review: int | None
    votes_left: int | None
    votes_per_hour: float | None
    seconds_left: int | None
    alpha: float | None
    acceptance_alpha: float | None
    accepted: bool | None
    as_of: str | None
    people: list[JsonObject] | None


@dataclass
class WatchedCampaign:
    """Campaign under watch: its progress, its quality, and the pace since the start."""

    client: LeadClient
    ours: bool
    started: float = field(default_factory=time.monotonic)
    first: int | None = None
    quality: WatchState = field(default_factory=WatchState)
    _asked: tuple[float, int] | None = None  # when, and how many were resolved

    async def look(self, now: LabelingCampaignPublic) -> WatchState:
        """Fetches the state."""
        if self.due(now):
            await self.measure(now)
        return self.state(now, await self.client.progress(now.id) if self.ours else None)

    def state(self, now: LabelingCampaignPublic, seen: CampaignProgress | None) -> WatchState:
        """The same, from progress that was fetched already."""
        state: WatchState = {"name": now.name, "status": now.status}
        state |= {"task_count": now.task_count, "resolved_count": now.resolved_count}
        if seen is not None:
            rest = time_left(seen)
            state |= {"left": seen.n_open, "held": seen.n_held, "in_review": seen.n_in_review}
            state |= {"votes_left": seen.votes_left, "votes_per_hour": seen.votes_per_hour}
            state |= {"seconds_left": None if rest is None else round(rest.total_seconds())}
            at_work = [one.model_dump() for one in seen.people]
            return {**state, **self.quality, "as_of": seen.as_of, "people": at_work}
        resolved = now.resolved_count or 0
        self.first = resolved if self.first is None else self.first
        nothing: WatchState = {"left": None, "held": None, "in_review": None, "votes_left": None}
        nothing |= {"votes_per_hour": None}
        return {**state, **nothing, **self._pace(state), **self.quality, "people": None}

    def due(self, now: LabelingCampaignPublic) -> bool:
        """True if a quality report is due: tasks were resolved since the last one, `QUALITY_EVERY` seconds ago."""
        return self._asked is None or (
            time.monotonic() - self._asked[0] >= QUALITY_EVERY and self._asked[1] != now.resolved_count
        )

    async def measure(self, now: LabelingCampaignPublic) -> None:
        self._asked = (time.monotonic(), now.resolved_count or 0)
        report = await self.client.campaign_quality(now.id)
        self.quality = {"alpha": report.alpha, "acceptance_alpha": report.acceptance_alpha}
        self.quality["accepted"] = report.accepted

    def _pace(self, state: WatchState) -> WatchState:
        """The time left at the pace since the watch began; `None` until something was resolved."""
        resolved = (state["resolved_count"] or 0) - (self.first or 0)
        seconds = time.monotonic() - self.started
        if resolved <= 0 or seconds <= 0:
            return {"seconds_left": None}
        return {
            "seconds_left": round(((state["task_count"] or 0) - (state["resolved_count"] or 0)) * seconds / resolved)
        }


class Screen:
    """Where the states go: a line a change to standard output, talk to standard error."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._last: dict[str, object] = {}
        self._dropped = False
        self.state: WatchState = {}  # as shown

    def show(self, state: WatchState) -> None:
        self.state = state
        counts = {key: value for key, value in state.items() if key not in _MOVING}
        if counts != self._last:
            self._last = counts
            click.echo(json.dumps(state) if self._as_json else line(state))

    def say(self, message: str) -> None:
        echo_err(message)

    def heard(self, why: GonogoClientError | None, seconds: float) -> None:
        """The line dropped, for this reason, and is taken up again in so many seconds; or (`None`) it is there."""
        if why is not None:
            self.say(f"{why} Trying again in {seconds:.0f} s; nothing of the campaign is lost.")
        elif self._dropped:
            self.say("Connected again.")
        self._dropped = why is not None


class LiveScreen(Screen):
    """On a terminal: kept up to date in place, with a line for each person, and what is to be said below."""

    def __init__(self) -> None:
        super().__init__(as_json=False)
        self._said = ""
        terminal = Console(file=sys.__stdout__)  # control sequences of its own; what it shows is cleaned
        self.live = Live(get_renderable=self._drawn, refresh_per_second=1, console=terminal)  # "5 min ago" goes on

    def show(self, state: WatchState) -> None:
        self.state = state
        self.live.refresh()

    def say(self, message: str) -> None:
        self._said = clean_text(message)
        self.live.refresh()

    def heard(self, why: GonogoClientError | None, seconds: float) -> None:
        super().heard(why, seconds)
        if why is None:
            self._said = ""

    def _drawn(self) -> Text:
        said = [f"! {self._said}"] if self._said else []
        return Text("\n".join([line(self.state), *people(self.state), *said] if self.state else said))


@contextmanager
def _screen(as_json: bool) -> Iterator[Screen]:
    if as_json or not sys.stdout.isatty():
        yield Screen(as_json)
        return
    screen = LiveScreen()
    with screen.live:
        yield screen


def line(state: WatchState) -> str:
    """The state as one line."""
    done, total = state["resolved_count"] or 0, state["task_count"] or 0
    share = f"{done / total:.0%}" if total else "no tasks"
    cells = [f"{state['name']}", f"{state['status']}", f"{done}/{total} resolved ({share})"]
    if state["in_review"] is not None:
        cells += [f"{state['left']} left", f"{state['held']} held", f"{state['in_review']} in review"]
    if state["votes_per_hour"] is not None:
        cells.append(rate_text(state["votes_per_hour"]))
    if state["seconds_left"] is not None:
        cells.append(f"{timedelta(seconds=state['seconds_left'])} to go")
    if "accepted" in state:
        alpha = "not defined" if state["alpha"] is None else f"{state['alpha']:.2f}"
        wanted = "" if state["acceptance_alpha"] is None else f" (wanted {state['acceptance_alpha']:g})"
        cells.append(f"alpha {alpha}{wanted}")
    return "   ".join(cells)


def people(state: WatchState) -> list[str]:
    """A line a person, the busiest first."""
    found = [AtWork.model_validate(one) for one in state["people"] or ()]
    now = datetime.now(UTC)
    return [
        f"  {clean_text(one.email or one.name or one.voter_id):40.40}  {person_text(one, now)}" for one in found[:30]
    ]
