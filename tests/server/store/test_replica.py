"""Reports are read from the replica, where there is one; what must not be behind never is."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import func, select

from gonogo.server.export.stream import CampaignExport
from gonogo.server.quality.campaign_report import quality_report
from gonogo.server.results import pages
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import tasks
from tests.postgres import cluster
from tests.server.house import House, people


def counted(connection: object) -> int:
    found: int = connection.execute(select(func.count()).select_from(tasks)).scalar_one()  # type: ignore[attr-defined]
    return found


def test_exports_and_quality_come_from_the_replica_and_claims_from_the_database(
    sqlite_house: House, tmp_path: Path
) -> None:
    house = sqlite_house
    campaign = house.campaign()
    house.add(campaign, {}, {})
    house.work_off_some(campaign, people(1)[0], 1)
    path = str(house.store.url.database)
    house.store.dispose()
    shutil.copy(path, tmp_path / "replica.db")  # from now on it does not follow
    house.add(campaign, {}, {}, {})
    house.work_off_some(campaign, people(1)[0], 2)
    store = Store(f"sqlite:///{path}", replica=f"sqlite:///{tmp_path / 'replica.db'}")
    try:
        with store.report() as old, store.read() as new:
            assert (counted(old), counted(new)) == (2, 5)
        assert len(b"".join(CampaignExport(store, campaign, "pmi")).splitlines()) == 2
        report = quality_report(store, campaign, house.now)
        assert (report.gonogo or {})["statuses"] == {"open": 1, "in_review": 0, "resolved": 1}
        with pages.read_latest(store) as connection:
            assert counted(connection) == 5
        later = house.campaign()  # the replica does not know it yet
        assert quality_report(store, later, house.now).n_tasks == 0
    finally:
        store.dispose()


def test_a_page_of_results_never_comes_from_a_replica_that_is_behind(postgres_house: House) -> None:
    house = postgres_house
    campaign = house.campaign()
    house.add(campaign, {}, {})
    store = Store(house.store.url.render_as_string(hide_password=False), replica=cluster().database())
    try:
        with store.report() as connection:
            assert counted(connection) == 0
        with pages.read_latest(store) as connection:
            assert counted(connection) == 2
    finally:
        store.dispose()
