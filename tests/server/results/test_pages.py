"""What stands in a page, to the last word; and that no page, however deep, reads more than its cases."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event, text

from gonogo.schemas.results_api import ResultPage
from gonogo.server.results.pages import CaseQuery, read_case, read_page
from gonogo.server.results.queries import find_campaign
from gonogo.server.store import compiled_statements
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import calculations, drawings, part_revisions, parts, predictions, projects, tasks
from tests.server.results.conftest import LABELING, Served
from tests.server.results.test_progress import annotator

LIST = "/results/public/v1/list"
GET = "/results/public/v1/get"
QUOTED = 'the "⌀16,5" of\nsheet \\2'
BOX = [0.1, 0.2, 1 / 3, 0.4, 2]
VALUE = {"text": QUOTED, "nominal": 1 / 3, "many": [1e300, None, True, {"deep": "\u2028"}]}
PATCH = "POLYGON ((10 20, 33.33333333 20, 33.33333333 40, 10 40, 10 20))"
MANY = 5_000


def give_origin(served: Served, task: str) -> None:
    """As if the task had been made of an imported prediction, on a part with two drawings, the second an image."""
    ids = {name: new_id() for name in ("parts", "part_revisions", "calculations", "predictions")}
    with served.app.state.store.write() as connection:
        (org,) = connection.execute(text("SELECT org_id FROM campaigns")).one()
        now = served.app.state.clock()
        project = new_id()
        policy: dict[str, Any] = {"org_id": org, "name": QUOTED, "selection_policy": {}, "target_kinds": []}
        connection.execute(projects.insert().values(id=project, created_at=now, **policy))
        connection.execute(parts.insert().values(id=ids["parts"], org_id=org, name=QUOTED, created_at=now))
        connection.execute(
            part_revisions.insert().values(id=ids["part_revisions"], part_id=ids["parts"], created_at=now)
        )
        connection.execute(text("INSERT INTO drawing_files (sha256, size_bytes, bytes) VALUES ('x', 0, '')"))
        for name, kind in (("old.pdf", "application/pdf"), (QUOTED, "image/png")):
            of = {"part_revision_id": ids["part_revisions"], "sha256": "x", "created_at": now}
            connection.execute(drawings.insert().values(id=new_id(), filename=name, content_type=kind, **of))
        run = {"id": ids["calculations"], "project_id": project, "run": QUOTED, "created_at": now}
        connection.execute(calculations.insert().values(run))
        made = {"id": ids["predictions"], "calculation_id": ids["calculations"], "external_id": QUOTED}
        connection.execute(predictions.insert().values(**made, target_kind="pmi", created_at=now))
        origin = {"prediction_id": ids["predictions"], "part_revision_id": ids["part_revisions"]}
        connection.execute(tasks.update().where(tasks.c.id == task).values(**origin))
        connection.execute(text("UPDATE campaigns SET project_id = :project, max_risk = 0.2"), {"project": project})


async def vote_as(served: Served, name: str, task: str, **body: Any) -> None:
    async with await annotator(served, f"{name}@works.test") as person:
        answer = await person.post(f"{LABELING}/tasks/{task}/submit", json=body)
        assert answer.status_code == 201, answer.text


async def test_every_word_of_a_case_is_there_and_unharmed(either: Served) -> None:
    (task,) = await either.add(1, prompt=QUOTED, predicted_value=VALUE, drawing_bbox=BOX, n_required=3)
    give_origin(either, task)
    await vote_as(either, "a", task, verdict="correct", duration_ms=2400)
    await vote_as(either, "b", task, verdict="incorrect", corrected_value=VALUE)
    await vote_as(either, "c", task, verdict="correct")
    http = await either.signed_in()
    page = (await http.get(LIST, params={"task_id": either.number, "verbose": "true"})).json()
    (case,) = page.pop("payload")
    seq = case["gonogo"]["sequence_id"]
    assert page == {"has_next": False, "last_sequence_id": seq, "limit": 100}
    one = await http.get(GET, params={"task_id": either.number, "case_id": case["case_id"], "verbose": "true"})
    assert one.json() == case

    reads, ours, (content,) = case["read_stats"].pop("reads"), case.pop("gonogo"), case.pop("content_metadata")
    assert [(read["answer"]["answer_class"], read["answer"]["corrected_value"]) for read in reads] == [
        ("correct", None),
        ("incorrect", VALUE),
        ("correct", None),
    ]
    assert [(read["duration_ms"], read["qualified"]) for read in reads] == [(2400, True), (None, True), (None, True)]
    assert (content["origin"], case["content_type"]) == (QUOTED, "image")
    assert case == {
        "task_id": either.number,
        "task_name": "pmi",
        "project_id": 1,
        "project_name": QUOTED,
        "case_id": case["case_id"],
        "task_type": "choice",
        "content_type": "image",
        "labeling_state": "Labeled",
        "qualified_reads": 3,
        "patch": PATCH,
        "agreement": 2 / 3,
        "difficulty": 1 - 2 / 3,
        "correct_label": "correct",
        "majority_label": "correct",
        "read_stats": {"counts": {"correct": 2, "incorrect": 1}, "n_reads": 3, "n_qualified_reads": 3},
    }
    at = ours.pop("updated_at")
    assert at.endswith("Z")
    assert ours == {
        "task_id": task,
        "campaign_id": either.campaign,
        "part": QUOTED,
        "prediction_id": QUOTED,
        "run": QUOTED,
        "prompt": QUOTED,
        "predicted_value": VALUE,
        "consensus_value": None,
        "adjudicated": False,
        "sequence_id": seq,
        "target_kind": "pmi",
        "detail_kind": None,
        "drawing_bbox": BOX,
        "part_revision_id": ours["part_revision_id"],
    }
    (short,) = (await http.get(LIST, params={"task_id": either.number})).json()["payload"]
    assert short["read_stats"] == case["read_stats"]
    assert set(ours) - set(short["gonogo"]) == {"target_kind", "detail_kind", "drawing_bbox", "part_revision_id"}


async def test_a_page_is_read_and_written_apart_from_the_event_loop(either: Served) -> None:
    """Else those who submit would wait for every page of a thousand cases."""
    await either.add(3)
    http = await either.signed_in()
    readers: set[int] = set()

    def note(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        if "FROM cases" in sql:
            readers.add(threading.get_ident())

    event.listen(either.app.state.store.engine, "before_cursor_execute", note)
    answer = await http.get(LIST, params={"task_id": either.number, "limit": 1000})
    event.remove(either.app.state.store.engine, "before_cursor_execute", note)
    assert len(answer.json()["payload"]) == 3
    assert readers
    assert threading.get_ident() not in readers


@contextmanager
def sent_to(served: Served) -> Iterator[list[tuple[str, Any]]]:
    """The statements that read cases, with their parameters."""
    sent: list[tuple[str, Any]] = []

    def note(sql: str, parameters: Any) -> None:
        if "FROM cases" in sql:
            sent.append((sql, parameters))

    def note_core(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_rest: Any) -> None:
        note(sql, parameters)

    event.listen(served.app.state.store.engine, "before_cursor_execute", note_core)
    compiled_statements.watchers.append(note)
    yield sent
    compiled_statements.watchers.remove(note)
    event.remove(served.app.state.store.engine, "before_cursor_execute", note_core)


def fill(served: Served) -> None:
    """Many settled cases, one in a thousand of them flagged."""
    sqlite = served.app.state.store.url.get_backend_name() == "sqlite"
    series = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) "
    with served.app.state.store.write() as connection:
        connection.execute(
            text(
                ("" if sqlite else series) + "INSERT INTO tasks (id, campaign_id, target_kind, n_required, created_at,"
                " sheet_seq, place, status) " + (series if sqlite else "") + "SELECT 'task-' || i, :campaign, 'pmi', 1,"
                " 0, 1, CAST(i AS TEXT), CASE i % 1000 WHEN 0 THEN 'in_review' ELSE 'resolved' END FROM n"
            ),
            {"campaign": served.campaign, "many": MANY},
        )
    with served.app.state.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def all_filters() -> Iterator[CaseQuery]:
    for after in (0, MANY // 2, MANY - 60):
        yield CaseQuery(after=after, limit=50)
        yield CaseQuery(after=after, limit=50, verbose=True)
        yield CaseQuery(after=after, limit=50, state="Flagged")
        yield CaseQuery(after=after, limit=50, state="Canceled")


async def test_no_page_reads_more_than_its_cases_at_any_depth(either: Served) -> None:
    fill(either)
    store = either.app.state.store
    campaign = find_campaign(store, org_of(either), either.number)
    assert campaign is not None

    def read_pages() -> list[ResultPage]:
        pages = []
        for query in all_filters():
            with store.read() as connection:
                pages.append(read_page(connection, campaign, query, 10**9))
        with store.read() as connection:
            assert read_case(connection, campaign, MANY, verbose=True) is not None
        return pages

    with sent_to(either) as sent:
        pages = read_pages()
    assert [len(page.payload) for page in pages] == [50, 50, 5, 0, 50, 50, 3, 0, 50, 50, 1, 0]
    with store.read() as connection:
        for sql, parameters in sent:
            if connection.dialect.name == "sqlite":
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).all()
                assert not [row.detail for row in plan if row.detail.startswith("SCAN") and "few" not in row.detail]
                assert not [row.detail for row in plan if "TEMP B-TREE" in row.detail]
            else:
                assert most_read(lasting_plan(connection, sql, parameters)) <= 51


def lasting_plan(connection: Connection, sql: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The plan that PostgreSQL keeps for a statement that comes often: made without a look at the parameters."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", sql)))
    for number, name in enumerate(names, 1):
        sql = sql.replace(f"%({name})s", f"${number}")
    given = ", ".join(f"'{parameters[name]}'" for name in names)
    connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
    connection.exec_driver_sql(f"PREPARE kept AS {sql}")
    told = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE kept({given})").scalar_one()
    connection.exec_driver_sql("DEALLOCATE kept")
    plan: dict[str, Any] = told[0]["Plan"]
    return plan


def most_read(node: dict[str, Any]) -> float:
    """Rows that the busiest scan of a plan read, those it threw away among them."""
    own = 0.0
    if "Relation Name" in node:
        own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return max([own, *(most_read(inner) for inner in node.get("Plans", ()))])


def org_of(served: Served) -> str:
    with served.app.state.store.read() as connection:
        return str(connection.execute(text("SELECT org_id FROM campaigns")).scalar_one())
