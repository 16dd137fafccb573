"""`gonogo campaign watch`: how a campaign goes on, line by line, until it is done."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import click

from gonogo.cli.common import campaign_argument, connect, json_option, run, server_option


@click.command(
    epilog="""\b
Examples:
  gonogo campaign watch 'batch 12'
  gonogo campaign watch 'batch 12' --once --json
"""
)
@campaign_argument
@click.option("--interval", type=click.FloatRange(0.5, 3600), default=5.0, show_default=True, help="Seconds.")
@click.option("--once", is_flag=True, help="Look once and stop.")
@server_option
@json_option
def watch(campaign: str, interval: float, once: bool, base_url: str | None, as_json: bool) -> None:
    """Follow CAMPAIGN, changing nothing, until its tasks are resolved, it is closed, or Ctrl-C.

    On a terminal one line is kept up to date; elsewhere each change is a line (with --json, a JSON object).
    """
    with ExitStack() as stack:
        run(_watch(campaign, base_url, interval, once, _shower(stack, as_json)))


async def _watch(
    campaign: str, base_url: str | None, interval: float, once: bool, show: Callable[[dict[str, Any]], None]
) -> None:
    from gonogo.cli.finding import find_campaign

    async with connect(base_url) as client:
        found = await find_campaign(client, campaign)
        ours = await client.capabilities() is not None
        started, first = time.monotonic(), None
        while True:
            now = await client.get_campaign(found.id)
            queue = await client.queue(found.id) if ours else None
            state = {
                "name": now.name,
                "status": now.status,
                "task_count": now.task_count,
                "resolved_count": now.resolved_count,
                "in_review": queue.in_review if queue else None,
                "held": queue.held_by_me + queue.held_by_others.n_tasks if queue else None,
            }
            first = now.resolved_count or 0 if first is None else first
            show({**state, **_pace(state, first, time.monotonic() - started)})
            done = now.task_count and now.resolved_count == now.task_count
            if once or done or now.status != "open":
                return
            await asyncio.sleep(interval)


def _pace(state: dict[str, Any], first: int, seconds: float) -> dict[str, Any]:
    """Tasks resolved an hour since the watch began, and the seconds left at that pace; `None` until there is one."""
    resolved = (state["resolved_count"] or 0) - first
    if resolved <= 0 or seconds <= 0:
        return {"per_hour": None, "seconds_left": None}
    left = (state["task_count"] or 0) - (state["resolved_count"] or 0)
    return {"per_hour": round(resolved / seconds * 3600, 1), "seconds_left": round(left * seconds / resolved)}


def _shower(stack: ExitStack, as_json: bool) -> Callable[[dict[str, Any]], None]:
    last: dict[str, Any] = {}
    if sys.stdout.isatty() and not as_json:
        from rich.live import Live
        from rich.text import Text

        live = stack.enter_context(Live(auto_refresh=False))
        return lambda state: live.update(Text(line(state)), refresh=True)

    def plain(state: dict[str, Any]) -> None:
        counts = {key: value for key, value in state.items() if key not in ("per_hour", "seconds_left")}
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
        cells += [f"{state['in_review']} in review", f"{state['held']} being worked on"]
    if state["per_hour"] is not None:
        cells += [f"{state['per_hour']:g} an hour", f"{timedelta(seconds=state['seconds_left'])} left"]
    return "   ".join(cells)
