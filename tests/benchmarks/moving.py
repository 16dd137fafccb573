"""How fast predictions come in, tasks go out, and pages of results are read; and in how much memory.

python -m tests.benchmarks.moving [lines]        default: 100,000
"""

from __future__ import annotations

import asyncio
import io
import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from gonogo.cli.exporting import ExportOptions, export_campaign
from gonogo.cli.finding import find_campaign
from gonogo.cli.importing import ImportOptions, import_file
from gonogo.client.credential import ApiKey
from gonogo.client.extensions import GonogoClient
from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings

TOKEN = "local-lead-of-this-benchmark"


class Nowhere(io.RawIOBase):
    def write(self, data: Any) -> int:
        return len(data)


def memory() -> float:
    """Largest so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def write_lines(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for n in range(count):
            value = {"text": f"⌀{n % 977},{n % 10} +0,1 0"}
            line = {
                "id": str(n),
                "part": f"part {n % 500}",
                "predicted_value": value,
                "bbox": [10, 20, 110, 60 + n % 9],
            }
            line |= {
                "bbox_unit": "px",
                "detail_kind": "dimension",
                "predicted_confidence": n % 100 / 100,
                "truth": value,
            }
            file.write(json.dumps(line) + "\n")


async def run(folder: Path, count: int) -> None:
    path = folder / "lines.jsonl"
    write_lines(path, count)
    app = create_app(ServerSettings(database_url=f"sqlite:///{folder / 'b.db'}", embedded_token=TOKEN))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with GonogoClient("http://embedded.localhost", ApiKey(TOKEN), transport=transport) as client:
            print(f"before: {memory():.0f} MB")
            started = time.perf_counter()
            made = await import_file(client, ImportOptions(path, "big", skip_bad=True))
            seconds = time.perf_counter() - started
            assert made.n_tasks == count, made
            print(f"import: {count / seconds:,.0f} predictions/s ({seconds:.1f} s), {memory():.0f} MB")
            started = time.perf_counter()
            campaign = await find_campaign(client, "big")
            done = await export_campaign(client, campaign, Nowhere(), ExportOptions())  # type: ignore[arg-type]
            seconds = time.perf_counter() - started
            print(f"export: {done.n_tasks / seconds:,.0f} tasks/s ({seconds:.1f} s), {memory():.0f} MB")
            number = (await client.campaign_detail(campaign.id)).number
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers={"X-API-Key": TOKEN}) as http:
            times = []
            for step in range(40):
                query = {"task_id": number, "last_sequence_id": step * count // 40}
                started = time.perf_counter()
                assert len((await http.get("/results/public/v1/list", params=query)).json()["payload"]) == 100
                times.append(1000 * (time.perf_counter() - started))
            quantiles = statistics.quantiles(times, n=20)
            print(
                f"results page of 100 at 40 depths: median {statistics.median(times):.1f} ms, "
                f"p95 {quantiles[-1]:.1f} ms"
            )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), count))


if __name__ == "__main__":
    main()
