"""Webhooks: messages a second from one worker, and what they cost claims and votes, with and without, in turns.

    python -m tests.benchmarks.webhooks [sqlite|postgresql] [--messages 2000] [--pairs 100] [--turns 6]

Four people work at a fixed pace, 100 claim-and-vote pairs a second together, each pair settling a task. They do so with
no endpoint (`none`), with one that gets a message for each task that settles (`steady`), and while one gets a backlog
as fast as the sender can (`backlog`). The receiver is a process of its own and answers at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any, Final

import httpx

from gonogo.server.auth.api_keys import create_key
from gonogo.server.settings import ServerSettings
from tests.benchmarks import pairs as bench
from tests.server.house import House, people
from tests.server.live import Lean
from tests.server.storm import signed_in
from tests.server.web import LABELING, OURS
from tests.support.webhook_receiver import Receiver

PEOPLE: Final = 4
PAIRS_PER_SECOND: Final = 100
CASES: Final = ("none", "steady", "backlog")


def run(kind: str = "sqlite", messages: int = 2000, pairs: int = 100, turns: int = 6) -> dict[str, Any]:
    """Messages a second in peace, and p50 and p95 of claims and votes in the three cases, with ratios to `none`."""
    with tempfile.TemporaryDirectory() as folder, bench.database(kind, folder) as url, House(url) as house:
        house.now = datetime.now(UTC)
        old, campaign = house.campaign(), house.campaign()
        house.add(old, *[{"predicted_value": {"text": str(n)}} for n in range(messages)])
        house.work_off(old, people(1)[0])
        house.add(campaign, *[{} for _ in range(PEOPLE * pairs * (turns + 1) * len(CASES) + 100)])
        voters = signed_in(house, campaign, PEOPLE)
        key = create_key(house.store, "bench", ["parts:read", "parts:write"]).key
        house.store.dispose()
        settings = ServerSettings(
            database_url=url,
            webhook_private=True,
            webhook_process=True,
            requests_per_minute_per_caller=None,
            requests_per_minute_per_key=None,
            share_limits=False,
        )
        with bench.serving(bench.ours, settings, 1) as (port, process), receiving() as receiver:
            lead = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-API-Key": key}, trust_env=False)
            ask = Hooks(lead, receiver, campaign, old)
            peace = ask.rate(messages, process)
            return {kind: peace | _turns(ask, port, voters, campaign, pairs, turns) | {"messages": messages}}


class Hooks:
    """Endpoints of the receiver at the server."""

    def __init__(self, lead: httpx.Client, receiver: tuple[Connection, str], campaign: str, old: str) -> None:
        self._lead, (self._pipe, self._url), self._campaign, self._old = lead, receiver, campaign, old

    def received(self) -> tuple[int, float, float]:
        """Messages since the last question, and when the first and the last one came."""
        self._pipe.send("count")
        count: tuple[int, float, float] = self._pipe.recv()
        return count

    def rate(self, messages: int, process: int) -> dict[str, float]:
        """Messages a second while nobody works, and the processor time of the server without its sender."""
        spent = bench.processor_time(process)
        with self.endpoint("backlog"):
            total, first, last = 0, 0.0, 0.0
            while total < messages:
                time.sleep(0.2)
                count, began, ended = self.received()
                total += count
                first, last = first or began, ended or last
        spent = bench.processor_time(process) - spent
        return {
            "messages_per_second": round(total / (last - first)),
            "server_processor_ms_per_message": round(1000 * spent / total, 2),
        }

    @contextmanager
    def endpoint(self, case: str) -> Iterator[None]:
        """An endpoint of the case while the block lasts."""
        if case == "none":
            yield
            return
        backlog = case == "backlog"
        body = {"url": self._url, "campaign_id": self._old if backlog else self._campaign, "from_start": backlog}
        made = self._lead.post(f"{OURS}/webhooks", json=body)
        assert made.status_code == 201, made.text
        try:
            yield
        finally:
            self._lead.delete(f"{OURS}/webhooks/{made.json()['id']}")


def _turns(ask: Hooks, port: int, voters: list[str], campaign: str, pairs: int, turns: int) -> dict[str, Any]:
    times: dict[str, dict[str, list[list[float]]]] = {case: {"claim": [], "vote": []} for case in CASES}
    rates: dict[str, list[float]] = {case: [] for case in CASES}
    for turn in range(turns + 1):  # the first warms up
        for case in CASES:
            ask.received()
            with ask.endpoint(case):
                began = time.perf_counter()
                claims, votes = asyncio.run(_work(port, voters, campaign, pairs))
                rate = ask.received()[0] / (time.perf_counter() - began)
            if turn:
                times[case]["claim"].append(claims)
                times[case]["vote"].append(votes)
                rates[case].append(rate)
    return {
        "messages_per_second_meanwhile": {case: round(sum(values) / len(values)) for case, values in rates.items()},
        "ms": {
            case: {
                f"{name}_p{share}": round(_share([t for turn in each for t in turn], share), 2)
                for name, each in found.items()
                for share in (50, 95)
            }
            for case, found in times.items()
        },
        "over_none": {
            case: {
                f"{name}_p{share}": _ratio(times[case][name], times["none"][name], share)
                for name in ("claim", "vote")
                for share in (50, 95)
            }
            for case in CASES[1:]
        },
    }


def _ratio(some: list[list[float]], none: list[list[float]], share: int) -> list[float]:
    """The middle ratio of all turns, the smallest and the largest."""
    ratios = sorted(_share(a, share) / _share(b, share) for a, b in zip(some, none, strict=True))
    return [round(ratios[len(ratios) // 2], 2), round(ratios[0], 2), round(ratios[-1], 2)]


def _share(values: list[float], share: int) -> float:
    return sorted(values)[len(values) * share // 100]


async def _work(port: int, voters: list[str], campaign: str, pairs: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each claim and of each vote of all."""
    each = await asyncio.gather(*(_person(port, token, campaign, pairs, n) for n, token in enumerate(voters)))
    return [t for claims, _ in each for t in claims], [t for _, votes in each for t in votes]


async def _person(port: int, token: str, campaign: str, pairs: int, number: int) -> tuple[list[float], list[float]]:
    claims, votes = [], []
    pace = PEOPLE / PAIRS_PER_SECOND
    async with Lean(port, {"authorization": f"Bearer {token}"}) as client:
        start = time.perf_counter() + pace * number / PEOPLE
        for pair in range(pairs):
            await asyncio.sleep(max(0.0, start + pair * pace - time.perf_counter()))
            began = time.perf_counter()
            _status, task = await client.post(f"{LABELING}/campaigns/{campaign}/next-task")
            claimed = time.perf_counter()
            status, answer = await client.post(f"{LABELING}/tasks/{task['id']}/submit", {"verdict": "correct"})
            assert status == 201, answer
            claims.append((claimed - began) * 1000)
            votes.append((time.perf_counter() - claimed) * 1000)
    return claims, votes


@contextmanager
def receiving() -> Iterator[tuple[Connection, str]]:
    """A receiver in a process of its own, and the pipe to ask it by."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_receive, args=(theirs,))
    process.start()
    try:
        yield ours, ours.recv()
    finally:
        ours.send("stop")
        process.join(10)


def _receive(pipe: Connection) -> None:
    async def serve() -> None:
        times: list[float] = []
        async with Receiver() as receiver:
            ok = receiver.answer

            def note(message: Any) -> bytes | None:
                times.append(time.time())
                receiver.messages.clear()
                return ok(message)

            receiver.answer = note
            pipe.send(receiver.url)
            while await asyncio.to_thread(pipe.recv) == "count":
                pipe.send((len(times), times[0], times[-1]) if times else (0, 0.0, 0.0))
                times.clear()

    asyncio.run(serve())


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("kind", nargs="?", default="sqlite", choices=("sqlite", "postgresql"))
    for name, default in (("messages", 2000), ("pairs", 100), ("turns", 6)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    print(json.dumps(run(**vars(arguments.parse_args())), indent=2))


if __name__ == "__main__":
    main()
