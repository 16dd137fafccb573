"""The recipes of `docs/scaling.md`, run as they stand: the numbers are those of our own report."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gonogo.server.export.stream import CampaignExport
from gonogo.server.quality.campaign_report import quality_report
from gonogo.server.store.engine import Store
from gonogo.transfer.exporting.writers.parquet import ParquetWriter
from tests.benchmarks import scale
from tests.benchmarks.columnar import VERDICT
from tests.sqlite import fresh_database

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scaling.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return found


def test_the_recipes_find_what_our_report_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb  # 20 MB, for these tests alone

    monkeypatch.chdir(tmp_path)
    made = scale.campaign(fresh_database(tmp_path / "gonogo.db"), 300, people=20, gold=False, verdict=VERDICT)
    store = Store(made.url)
    report = quality_report(store, made.id, datetime.now(UTC))
    with (tmp_path / "results.parquet").open("wb") as out:
        writer = ParquetWriter(out)
        for lines in CampaignExport(store, made.id, "large"):
            for line in lines.splitlines():
                writer.add(json.loads(line))
        writer.close()
    store.close()
    agreement, votes, people = blocks("sql")
    with duckdb.connect() as connection:
        assert connection.execute(agreement).fetchall() == [
            (300, 3000, pytest.approx(report.alpha), pytest.approx((report.gonogo or {})["gwet_ac1"]))
        ]
        connection.execute(votes)
        rows = connection.execute(people).fetchall()
    assert {row[0]: row[1] for row in rows} == {
        person.annotator_user_id: person.n_submissions for person in report.annotators or []
    }
    (program,) = blocks("python")
    names: dict[str, object] = {}
    exec(program, names)
    assert names["wrong"] == round(sum(row[1] * row[2] for row in rows))
