"""On PostgreSQL, with many tasks and with statistics: the claim and the vote read by index, and only a few rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, text

from gonogo.server.store import compiled_statements
from tests.server.house import House, people

MANY = 5_000
BIG = {"tasks", "submissions", "gold_items", "gold_servings", "audit_log", "voters"}


def test_no_statement_of_the_queue_scans_a_table(postgres_house: House) -> None:
    house = postgres_house
    campaign = house.campaign(target_redundancy=2, gold_fraction=0.5)
    house.add(campaign, {}, *[{"is_gold": True, "gold_answer": "correct"}] * 30)
    with house.store.write() as connection:
        connection.execute(
            text(
                "INSERT INTO tasks (id, campaign_id, target_kind, n_required, created_at, sheet_seq, place, rank)"
                " SELECT 'task-' || n, :campaign, 'pmi', 2, 0, 1, lpad(n::text, 10, '0'),"
                " '00000000.' || lpad(n::text, 10, '0') FROM generate_series(1, :many) AS n"
            ),
            {"campaign": campaign, "many": MANY},
        )
    with house.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    for step, (read, node) in plans(house, campaign).items():
        assert node.get("Node Type") != "Seq Scan" or node["Relation Name"] not in BIG, step
        assert read <= 200, step


def plans(house: House, campaign: str) -> dict[str, tuple[float, dict[str, Any]]]:
    """Rows read, and the node, of each scan in the plans of a claim, a vote and a release, as they ran."""
    sent: list[tuple[str, Any]] = []

    def remember(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.append((statement, parameters))

    one, two = people(2)
    house.work_off_some(campaign, one, 3)

    def remember_prepared(statement: str, parameters: Any) -> None:
        sent.append((statement, parameters))

    event.listen(house.store.engine, "before_cursor_execute", remember)
    compiled_statements.watchers.append(remember_prepared)
    claim = house.next(campaign, two)
    assert claim is not None
    house.submit(campaign, claim.task.id, two)
    again = house.next(campaign, two)
    assert again is not None
    house.release(again.task.id, two)
    event.remove(house.store.engine, "before_cursor_execute", remember)
    compiled_statements.watchers.remove(remember_prepared)
    found = {}
    for statement, parameters in sent:
        if not statement.startswith(("SELECT", "UPDATE")):
            continue
        with house.store.engine.connect() as connection:  # rolled back
            explained = connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
            ).scalar_one()
        for node in scans(explained[0]["Plan"]):
            rows = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            found[f"{statement} {node['Node Type']} {node['Relation Name']} {rows}"] = (rows, node)
    return found


def scans(node: dict[str, Any]) -> list[dict[str, Any]]:
    below = [scan for child in node.get("Plans", ()) for scan in scans(child)]
    return [*([node] if "Relation Name" in node and "Actual Rows" in node else []), *below]
