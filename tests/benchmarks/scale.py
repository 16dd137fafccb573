"""A campaign in the middle of its work, as large as wanted, written by the database itself in a few statements.

Every ordinary task was answered by `VOTES` of `PEOPLE` people and wants two answers more; honeypots make up a tenth
and were served as often; the audit log and the idempotency keys have a row for each task. What grows is how much there
is of all this, and not how a task or a person looks.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from gonogo.server.store.engine import Store
from tests.server.house import House
from tests.server.storm import signed_in

PEOPLE, VOTES, ON_A_SHEET = 500, 10, 20
AGREED = "'correct'"
ROUND = "0000000a"
"""All tasks wait in this round, and what is answered comes back in the next one."""
_NEXT = "0000000b"
_FILLED = ("tasks", "submissions", "gold_items", "gold_servings", "voters", "audit_log", "idempotency_keys")


@dataclass(frozen=True)
class Campaign:
    """A campaign in a database, and who is signed in for it."""

    url: str
    id: str
    tokens: list[str]
    seconds: float
    """How long it took to make."""


def campaign(url: str, n_tasks: int, *, people: int = PEOPLE, gold: bool = True, verdict: str = AGREED) -> Campaign:
    """Fills the database (with the schema, and nothing in it) with a campaign of `n_tasks` ordinary tasks.

    `verdict` is the SQL of a vote's verdict, over the task `t` and the person `p`.
    """
    started = time.monotonic()
    with House(url) as house:
        house.now = datetime.now(UTC)
        made = house.campaign(
            target_redundancy=VOTES + 2, gold_fraction=0.1 if gold else 0.0, consensus_method="dawid_skene"
        )
        tokens = signed_in(house, made, people)
        values = {
            "campaign": made,
            "n_tasks": n_tasks,
            "n_gold": n_tasks // 10 if gold else 0,
            "now": int((house.now - timedelta(hours=2)).timestamp() * 1_000_000),
            "later": int((house.now + timedelta(hours=20)).timestamp() * 1_000_000),
            "people": people,
            "step": max(1, people // VOTES),
        }
        fill = _fill_postgresql if house.store.url.get_backend_name() == "postgresql" else _fill_sqlite
        fill(house.store, values, verdict)
    return Campaign(url, made, tokens, round(time.monotonic() - started, 1))


def _fill_sqlite(store: Store, values: dict[str, Any], verdict: str) -> None:
    """Plain indexes are made afterwards; those of UNIQUE are fed in their own order, which costs as little."""
    with store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("COMMIT") if driver.in_transaction else None
        for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-1000000", "temp_store=MEMORY"):
            driver.execute(f"PRAGMA {pragma}")
        driver.execute("BEGIN IMMEDIATE")
        wanted = ", ".join(f"'{table}'" for table in _FILLED)
        indexes = driver.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({wanted})"
        ).fetchall()
        for name, _sql in indexes:
            driver.execute(f"DROP INDEX {name}")
        for statement in _statements("sqlite", verdict):
            driver.execute(statement, values)
        for _name, sql in indexes:
            driver.execute(sql)
        driver.execute("DROP TABLE people")
        driver.execute("COMMIT")
        driver.execute("ANALYZE")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.invalidate()  # with its settings


def _fill_postgresql(store: Store, values: dict[str, Any], verdict: str) -> None:
    engine = store.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("session_replication_role = replica", "synchronous_commit = off", "enable_seqscan = on"):
            connection.execute(text(f"SET {setting}"))
        connection.execute(text("SET maintenance_work_mem = '1GB'"))
        connection.execute(text("SET work_mem = '256MB'"))
        again = _drop_constraints(connection, "submissions") + _drop_indexes(connection)
        for statement in _statements("postgresql", verdict):
            connection.execute(text(statement), values)
        for statement in again:
            connection.execute(text(statement))
        connection.execute(text("DROP TABLE people"))
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))
        connection.invalidate()


def _drop_constraints(connection: Connection, table: str) -> list[str]:
    """Drops what is unique but the primary key, and foreign keys to it; answers the statements that make them again."""
    query = text(
        "SELECT conrelid::regclass::text AS owner, conname, pg_get_constraintdef(oid) AS made FROM pg_constraint"
        " WHERE (conrelid = CAST(:table AS regclass) AND contype = 'u')"
        " OR (confrelid = CAST(:table AS regclass) AND contype = 'f') ORDER BY contype DESC"
    )
    found = connection.execute(query, {"table": table}).all()
    for row in reversed(found):
        connection.execute(text(f"ALTER TABLE {row.owner} DROP CONSTRAINT {row.conname}"))
    return [f"ALTER TABLE {row.owner} ADD CONSTRAINT {row.conname} {row.made}" for row in found]


def _drop_indexes(connection: Connection) -> list[str]:
    query = text(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(:tables)"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    found = connection.execute(query, {"tables": list(_FILLED)}).all()
    for row in found:
        connection.execute(text(f"DROP INDEX {row.indexname}"))
    return [row.indexdef for row in found]


def _statements(dialect: str, verdict: str) -> list[str]:
    """The SQL that makes it all, the same for both but for three functions."""
    sqlite = dialect == "sqlite"
    words = {
        "uuid": _UUID if sqlite else "gen_random_uuid()::text",
        "hash": "lower(hex(randomblob(32)))" if sqlite else "encode(sha256(random()::text::bytea), 'hex')",
        "sheet": _hexadecimal(f"(i / {ON_A_SHEET})", sqlite=sqlite),
        "place": _digits("i", 10, sqlite=sqlite),
        "ordered": "ORDER BY t.id" if sqlite else "",
        "tail": _digits("(t.number * 100 + k.k)", 12, sqlite=sqlite),
        "random": "abs(random() % 2147483648)" if sqlite else "floor(random() * 2147483647)::int",
        "blob": "randomblob(400)" if sqlite else "decode(repeat(md5(random()::text), 25), 'hex')",
        "true": "1" if sqlite else "true",
        "json": "" if sqlite else "::json",
        "verdict": verdict,
        "votes": VOTES,
        "wanted": VOTES + 2,
        "on_a_sheet": ON_A_SHEET,
        "round": ROUND,
        "next": _NEXT,
    }
    return [statement.format(**words) for statement in _ALL]


def _hexadecimal(number: str, *, sqlite: bool) -> str:
    return f"printf('%08x', {number})" if sqlite else f"lpad(to_hex(({number})::bigint), 8, '0')"


def _digits(number: str, width: int, *, sqlite: bool) -> str:
    return f"printf('%0{width}d', {number})" if sqlite else f"lpad(({number})::text, {width}, '0')"


_UUID = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8'"
    " || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
)
_COUNT = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {limit})"
_K = "(WITH RECURSIVE k(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM k WHERE k + 1 < {votes}) SELECT k FROM k) AS k"
_ASKED = (
    "'pmi', 'dimension', 'nominal', 'Is this dimension read right?', '{{\"text\": \"⌀16,5 +0,1 0\"}}'{json}, 0.5,"
    " '[0.1, 0.1, 0.2, 0.2]'{json}, 'part-' || (i / {on_a_sheet})"
)
_SUBJECT = (
    "target_kind, detail_kind, field_name, prompt, predicted_value, predicted_confidence, drawing_bbox,"
    " part_revision_id"
)
_VOTED = (
    "SELECT substr(t.id, 1, 8) || '-0000-4000-8000-' || {tail}, t.id, :campaign, p.id, 'annotator', {verdict}, 4000,"
    " :now - 5000000, :now"
    " FROM tasks AS t CROSS JOIN " + _K + " CROSS JOIN people AS p"
    " WHERE p.n = (t.number + k.k * :step) % :people {ordered}"
)
_ALL = (
    "CREATE TABLE people (n INTEGER PRIMARY KEY, id VARCHAR(36))",
    "INSERT INTO people SELECT row_number() OVER () - 1, id FROM annotator_accounts",
    _COUNT.format(limit=":n_tasks")
    + f" INSERT INTO tasks (id, campaign_id, {_SUBJECT}, n_required, created_at, n_people, submission_count,"
    " sheet_seq, place, rank) SELECT {uuid}, :campaign, "
    + _ASKED
    + ", {wanted}, :now, {votes}, {votes}, i / {on_a_sheet}, {sheet} || '.050000.' || {place},"
    " '{round}.' || {sheet} || '.050000.' || {place} FROM n",
    _COUNT.format(limit=":n_gold") + " INSERT INTO gold_items (id, campaign_id, sheet_seq, shuffle)"
    " SELECT {uuid}, :campaign, i * 10 / {on_a_sheet}, {random} FROM n WHERE i < :n_gold",
    f"INSERT INTO tasks (id, campaign_id, {_SUBJECT}, n_required, created_at, n_people, submission_count, is_gold,"
    " gold_item_id, gold_answer, sheet_seq, place, rank) SELECT {uuid}, :campaign, "
    + _ASKED
    + ", {wanted}, :now, {votes}, {votes}, {true}, id, 'correct', sheet_seq, {sheet} || '.050000.' || {place} || '.g',"
    " '{round}.' || {sheet} || '.050000.' || {place} || '.g'"
    " FROM (SELECT id, sheet_seq, sheet_seq * {on_a_sheet} AS i FROM gold_items) AS gold",
    "INSERT INTO submissions (id, task_id, campaign_id, voter_id, voter_kind, verdict, duration_ms, claimed_at,"
    " created_at) " + _VOTED,
    "INSERT INTO gold_servings (gold_item_id, voter_id)"
    " SELECT t.gold_item_id, s.voter_id FROM tasks AS t JOIN submissions AS s ON s.task_id = t.id"
    " WHERE t.gold_item_id IS NOT NULL",
    "INSERT INTO voters (campaign_id, voter_id, cursor, n_served, n_done, n_gold_done)"
    " SELECT :campaign, p.id, '{round}', g.done + g.gold, g.done + g.gold, g.gold FROM people AS p"
    " CROSS JOIN (SELECT :n_tasks * {votes} / :people AS done, :n_gold * {votes} / :people AS gold) AS g",
    "INSERT INTO campaign_scores (campaign_id, method_used, class_prior, refreshed_at)"
    " VALUES (:campaign, 'dawid_skene', '[0.8, 0.15, 0.05]', :now)",
    "INSERT INTO annotator_scores (campaign_id, voter_id, confusion, reliability)"
    " SELECT :campaign, id, '[[0.9, 0.05, 0.05], [0.1, 0.85, 0.05], [0.3, 0.2, 0.5]]'{json}, 0.8 FROM people",
    _COUNT.format(limit=":n_tasks")
    + " INSERT INTO audit_log (chain, seq, at, actor, action, request_id, content, hash)"
    " SELECT 1, i + 1, :now, {uuid}, 'submit_label', {uuid}, '{{\"id\":\"' || {uuid} || '\"}}', {hash} FROM n",
    _COUNT.format(limit=":n_tasks")
    + " INSERT INTO idempotency_keys (principal_id, key, fingerprint, status_code, headers, body, created_at,"
    ' expires_at) SELECT p.id, {hash}, {hash}, 201, \'{{"sealed": ""}}\'{json}, {blob}, :now, :later'
    " FROM n CROSS JOIN people AS p WHERE p.n = n.i % :people",
    "UPDATE campaigns SET insert_round = '{next}', n_tasks = :n_tasks, n_gold_items = :n_gold,"
    " n_gold_planned = :n_gold",
)
