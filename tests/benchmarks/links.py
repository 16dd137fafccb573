"""Links that let nobody in: are unknown, used, expired and revoked ones answered alike, in body and in time?

    python -m tests.benchmarks.links [sqlite|postgresql] [rounds]

In each round one link of each kind is shown to a real server, in random order, with the same nonce. Bodies and headers
must be equal but for the id of the request. The times are told as medians, and as the differences from the unknown link
of the same round: their mean without the widest tenth, with a 95 % interval from 2,000 resamples. An interval that
holds nought shows no difference; `requests_to_see_it` is how many it would take to see the one that was measured.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import insert

from gonogo.server.auth import tokens
from gonogo.server.settings import ServerSettings
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import annotator_accounts, assignments, magic_links
from tests.benchmarks.flat import database
from tests.benchmarks.pairs import ours, serving
from tests.postgres import Cluster
from tests.server.house import House
from tests.server.live import Lean
from tests.server.web import OURS

ROUNDS, WARM_UP = 3_000, 100
KINDS = ("unknown", "used", "expired", "revoked")
_DATABASES = ("sqlite", "postgresql")
_OWN = {"x-request-id", "date"}
Floats = npt.NDArray[np.float64]


def run(only: str | None = None, rounds: int = ROUNDS) -> dict[str, Any]:
    """Of each database and kind: milliseconds, and the difference from an unknown link."""
    return {name: _run(name, rounds) for name in _DATABASES if only in (None, name)}


def _run(name: str, rounds: int) -> dict[str, Any]:
    with ExitStack() as stack:
        here = stack.enter_context(tempfile.TemporaryDirectory())
        cluster = Cluster(durable=True) if name == "postgresql" else None
        if cluster is not None:
            stack.callback(cluster.stop)
        url = database(cluster, Path(here) / "links.db")
        links = _links(url)
        settings = ServerSettings(database_url=url, redeem_failures_per_minute=None)
        port, _process = stack.enter_context(serving(ours, settings, 1))
        times = asyncio.run(_ask(port, links, rounds))
    return {"rounds": rounds} | {kind: _summary(times[kind], times["unknown"]) for kind in KINDS}


def _links(url: str, many: int = 200) -> dict[str, list[str]]:
    """As many links of each kind; a link is asked about again and again, for its answer does not change it."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    with House(url) as house:
        now = datetime.now(UTC)
        campaign = house.campaign()
        with house.store.write() as connection:
            for kind in KINDS * many:
                token = tokens.new_secret("ml")
                found[kind].append(token)
                if kind == "unknown":
                    continue
                person, assignment = new_id(), new_id()
                who = {"id": person, "org_id": house.lead.org_id, "email": f"{person}@example.com", "created_at": now}
                connection.execute(insert(annotator_accounts).values(**who))
                invited = {"id": assignment, "campaign_id": campaign, "annotator_account_id": person}
                status = {"used": "active", "expired": "pending", "revoked": "revoked"}[kind]
                connection.execute(
                    insert(assignments).values(**invited, role="annotator", status=status, invited_at=now)
                )
                link: dict[str, Any] = {"sha256": tokens.digest(token), "assignment_id": assignment}
                link["expires_at"] = now - timedelta(hours=1) if kind == "expired" else now + timedelta(days=1)
                if kind == "used":
                    link |= {"used_at": now - timedelta(hours=1), "nonce_sha256": tokens.digest("of somebody else")}
                connection.execute(insert(magic_links).values(**link))
    return found


async def _ask(port: int, links: dict[str, list[str]], rounds: int) -> dict[str, Floats]:
    times = {kind: np.zeros(rounds) for kind in KINDS}
    answers = set()
    async with Lean(port, {}) as client:
        for number in range(-WARM_UP, rounds):
            for kind in random.sample(KINDS, len(KINDS)):
                body = {"magic_link_token": random.choice(links[kind]), "client_nonce": "mine"}
                started = time.perf_counter()
                status, answer = await client.post(f"{OURS}/sessions", body)
                if number >= 0:
                    times[kind][number] = (time.perf_counter() - started) * 1e3
                headers = {name: value for name, value in client.headers.items() if name not in _OWN}
                answers.add((status, json.dumps(answer["error"]), json.dumps(headers)))
    assert len(answers) == 1, answers
    return times


def _summary(mine: Floats, unknown: Floats) -> dict[str, Any]:
    difference = np.sort(mine - unknown)
    cut = len(difference) // 20
    middle = difference[cut : len(difference) - cut]
    resampled = np.random.default_rng(1).choice(middle, (2_000, len(middle))).mean(axis=1)
    low, high = np.quantile(resampled, (0.025, 0.975))
    mean, spread = float(middle.mean()), float(middle.std())
    return {
        "ms_p50": round(float(np.median(mine)), 3),
        "difference_ms": round(mean, 4),
        "interval_ms": [round(float(low), 4), round(float(high), 4)],
        "requests_to_see_it": round((4 * spread / mean) ** 2) if mean else None,
    }


if __name__ == "__main__":
    size = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    print(json.dumps(run(sys.argv[1] if len(sys.argv) > 1 else None, size), indent=2))
