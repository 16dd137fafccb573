"""`gonogo campaign watch`: how a campaign goes on, until it is done."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from gonogo.cli.common import campaign_argument, connect, json_option, run, server_option

if TYPE_CHECKING:
    from gonogo.client.leads import LeadClient
    from gonogo.wire.labeling import LabelingCampaignPublic

_MOVING = frozenset(("votes_per_hour", "seconds_left", "as_of", "people"))  # no change by themselves
QUALITY_EVERY = 60.0
"""Seconds between two looks at the quality, which the server has to work for."""


@click.command(
    epilog="""\b
Examples:
  gonogo campaign watch 'batch 12'
  gonogo campaign watch 'batch 12' --once --json
  gonogo campaign watch 'batch 12' --json >> batch12.log     a line a change, until it is done
"""
)
@campaign_argument
@click.option("--interval", type=click.FloatRange(0.5, 3600), default=5.0, show_default=True, help="Seconds.")
@click.option("--once", is_flag=True, help="Look once and stop.")
@server_option
@json_option
def watch(campaign: str, interval: float, once: bool, base_url: str | None, as_json: bool) -> None:
    """Follow CAMPAIGN, changing nothing, until its tasks are resolved, it is closed, or Ctrl-C.

    Left, held, in review, done; pace and expected end; agreement; who did what. On a terminal it is kept up to date in
    place; elsewhere each change is a line (with --json, a JSON object).
    """
    with ExitStack() as stack:
        run(_watch(campaign, base_url, interval, once, _shower(stack, as_json)))


async def _watch(
    campaign: str, base_url: str | None, interval: float, once: bool, show: Callable[[dict[str, Any]], None]
) -> None:
    from gonogo.cli.finding import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, campaign)
        watched = Watched(client, ours=await client.capabilities() is not None)
        while True:
            now = await client.get_campaign(found.id)
            show(await watched.look(now))
            done = now.task_count and now.resolved_count == now.task_count
            if once or done or now.status != "open":
                return
            await asyncio.sleep(interval)


@dataclass
class Watched:
    """What is asked of the server for one look, and what is kept between two looks."""

    client: LeadClient
    ours: bool
    started: float = field(default_factory=time.monotonic)
    first: int | None = None
    _quality: dict[str, Any] = field(default_factory=dict)
    _measured: tuple[float, int] | None = None

    async def look(self, now: LabelingCampaignPublic) -> dict[str, Any]:
        """The state as one flat object; what a plain server does not tell is `None`."""
        counts = {"task_count": now.task_count, "resolved_count": now.resolved_count}
        state: dict[str, Any] = {"name": now.name, "status": now.status, **counts}
        await self._measure(now)
        if self.ours:
            from gonogo.desk.progress_text import left

            seen = await self.client.progress(now.id)
            rest = left(seen)
            state |= {"left": seen.n_open, "held": seen.n_held, "in_review": seen.n_in_review}
            state |= {"votes_left": seen.votes_left, "votes_per_hour": seen.votes_per_hour}
            state |= {"seconds_left": None if rest is None else round(rest.total_seconds())}
            at_work = [one.model_dump() for one in seen.people]
            return {**state, **self._quality, "as_of": seen.as_of, "people": at_work}
        resolved = now.resolved_count or 0
        self.first = resolved if self.first is None else self.first
        nothing = dict.fromkeys(("left", "held", "in_review", "votes_left", "votes_per_hour"))
        return {**state, **nothing, **self._pace(state), **self._quality, "people": None}

    async def _measure(self, now: LabelingCampaignPublic) -> None:
        """The agreement, when something was settled since it was asked for; not often."""
        due = self._measured is None or time.monotonic() - self._measured[0] >= QUALITY_EVERY
        if due and (self._measured is None or self._measured[1] != now.resolved_count):
            report = await self.client.campaign_quality(now.id)
            self._quality = {"alpha": report.alpha, "acceptance_alpha": report.acceptance_alpha}
            self._quality["accepted"] = report.accepted
            self._measured = (time.monotonic(), now.resolved_count or 0)

    def _pace(self, state: dict[str, Any]) -> dict[str, Any]:
        """The time left at the pace since the watch began; `None` until something was resolved."""
        resolved = (state["resolved_count"] or 0) - (self.first or 0)
        seconds = time.monotonic() - self.started
        if resolved <= 0 or seconds <= 0:
            return {"seconds_left": None}
        return {
            "seconds_left": round(((state["task_count"] or 0) - (state["resolved_count"] or 0)) * seconds / resolved)
        }


def _shower(stack: ExitStack, as_json: bool) -> Callable[[dict[str, Any]], None]:
    last: dict[str, Any] = {}
    if sys.stdout.isatty() and not as_json:
        from rich.live import Live
        from rich.text import Text

        live = stack.enter_context(Live(auto_refresh=False))
        return lambda state: live.update(Text("\n".join([line(state), *people(state)])), refresh=True)

    def plain(state: dict[str, Any]) -> None:
        counts = {key: value for key, value in state.items() if key not in _MOVING}
        if counts != last:
            last.update(counts)
            click.echo(json.dumps(state) if as_json else line(state))

    return plain


def line(state: dict[str, Any]) -> str:
    """The state as one line."""
    done, total = state["resolved_count"] or 0, state["task_count"] or 0
    share = f"{done / total:.0%}" if total else "no tasks"
    cells = [f"{state['name']}", f"{state['status']}", f"{done}/{total} resolved ({share})"]
    if state["in_review"] is not None:
        cells += [f"{state['left']} left", f"{state['held']} held", f"{state['in_review']} in review"]
    if state["votes_per_hour"] is not None:
        cells.append(f"{state['votes_per_hour']:g} votes an hour")
    if state["seconds_left"] is not None:
        cells.append(f"{timedelta(seconds=state['seconds_left'])} to go")
    if "accepted" in state:
        alpha = "not defined" if state["alpha"] is None else f"{state['alpha']:.2f}"
        wanted = "" if state["acceptance_alpha"] is None else f" (wanted {state['acceptance_alpha']:g})"
        cells.append(f"alpha {alpha}{wanted}")
    return "   ".join(cells)


def people(state: dict[str, Any]) -> list[str]:
    """A line a person, the busiest first."""
    from gonogo.desk.progress_text import person_text
    from gonogo.wire.clean import clean_text
    from gonogo.wire.leads import AtWork

    found = [AtWork.model_validate(one) for one in state["people"] or ()]
    now = datetime.now(UTC)
    return [
        f"  {clean_text(one.email or one.name or one.voter_id):40.40}  {person_text(one, now)}" for one in found[:30]
    ]
