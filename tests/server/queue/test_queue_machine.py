"""Any sequence of claims, votes, expiries, releases, revocations and new work, against a small model."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from gonogo.json_types import as_object
from gonogo.schemas.enums import ConflictReason
from gonogo.schemas.labeling import Adjudication
from gonogo.server.auth.principals import Voter
from gonogo.server.queue import leases
from gonogo.server.queue import submissions as votes
from gonogo.server.queue.leases import MAX_CLAIMS, MAX_GROUPED_CLAIMS
from gonogo.server.queue.next_task import Claim
from gonogo.server.scoring.refresh import refresh_campaign
from gonogo.server.store.schema import campaigns, submissions, tasks, voters
from gonogo.values import equal
from tests.postgres import cluster
from tests.server.conftest import needs_postgresql
from tests.server.house import House, people, seeded_ids
from tests.sqlite import empty_database

LEASE = 10
PEOPLE = people(4)
WHO = st.sampled_from(PEOPLE)
VERDICTS = st.sampled_from(["correct", "incorrect", "unsure"])
VALUES = st.sampled_from(["12,5", "12.50", "M8", ""])
PLACE = st.integers(0, 999)
"""Picks a task by its place in the order of creation: ids are random, and a replay must draw from the same."""


class Queue(RuleBasedStateMachine):
    """The model: who holds what until when, and who has answered what."""

    template: Path | None
    """An empty SQLite database; `None` for PostgreSQL."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(seeded_ids())
        self.house = self.stack.enter_context(House(self.database()))
        self.stack.enter_context(self.house.at_once())
        self.leases: dict[str, tuple[str, datetime]] = {}
        self.answered: dict[str, set[str]] = defaultdict(set)
        self.met: dict[str, dict[str, str]] = defaultdict(dict)  # the copy of each gold item that a person met
        self.known: list[str] = []  # in the order of creation; copies of gold in that of their first claim
        self.closed = False
        self.steps = 0

    def database(self) -> Path | str:
        if self.template is None:
            return cluster().database()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        return Path(shutil.copy(self.template, folder))

    @initialize(
        redundancy=st.integers(1, 3), gold=st.sampled_from([0.0, 0.3]), by_risk=st.booleans(), grouping=st.booleans()
    )
    def open(self, redundancy: int, gold: float, by_risk: bool, grouping: bool) -> None:
        self.campaign = self.house.campaign(
            target_redundancy=redundancy,
            gold_fraction=gold,
            votes="by_risk" if by_risk else "fixed",
            lease_minutes=LEASE,
            grouping=grouping,
        )
        self.most_held = MAX_GROUPED_CLAIMS if grouping else MAX_CLAIMS
        self.create([(0, 0.5, "12,5"), (1, 0.2, "12.50"), (0, None, "M8")], 2)

    @rule(
        wanted=st.lists(st.tuples(st.integers(0, 2), st.none() | st.floats(0, 1), VALUES), min_size=1, max_size=4),
        gold=st.integers(0, 2),
    )
    def create(self, wanted: list[tuple[int, float | None, str]], gold: int) -> None:
        bodies: list[dict[str, Any]] = [
            {"part_revision_id": f"part-{sheet}", "predicted_confidence": level, "predicted_value": {"text": value}}
            for sheet, level, value in wanted
        ]
        value = {"text": "12,5"}
        item = {"part_revision_id": "part-0", "predicted_value": value, "is_gold": True, "gold_answer": "correct"}
        bodies += [item] * gold
        self.known += self.house.add(self.campaign, *bodies)

    @rule(who=WHO)
    def claim(self, who: Voter) -> None:
        self.steps += 1
        held = self._live_claims(who)
        claim = self.house.next(self.campaign, who)
        if self.closed:
            assert claim is None
        if claim is not None:
            assert (claim.task.id in held) == (len(held) >= MAX_CLAIMS), (
                "a new task while fewer are held, else a held one"
            )
            self._claimed(who, claim, held)

    @rule(who=WHO, limit=st.integers(1, 6))
    def claim_group(self, who: Voter, limit: int) -> None:
        self.steps += 1
        held = self._live_claims(who)
        claims = self.house.next_group(self.campaign, who, limit)
        if self.closed:
            assert not claims
        if not claims:
            return
        assert len({claim.task.id for claim in claims}) == len(claims) <= limit
        first, *others = [claim.task.id for claim in claims]
        assert (first in held) == (len(held) >= self.most_held)
        assert not others or not held.intersection([first, *others])
        assert len(held) + len(others) < self.most_held or not others
        values = [as_object(self.house.task(task).predicted_value)["text"] for task in (first, *others)]
        assert all(equal(values[0], value).equal for value in values)
        assert not others or values[0], "a page without a value to compare"
        for claim in claims:
            self._claimed(who, claim, held)

    def _live_claims(self, who: Voter) -> set[str]:
        return {task for task, (holder, until) in self.leases.items() if holder == who.id and until > self.house.now}

    def _claimed(self, who: Voter, claim: Claim, held: set[str]) -> None:
        task = claim.task.id
        assert who.id not in self.answered[task], "served a task he has answered"
        holder, until = self.leases.get(task, (who.id, self.house.now))
        assert holder == who.id or until <= self.house.now, "two people hold one task"
        assert claim.expires_at == self.house.now + timedelta(minutes=LEASE)
        item = self.house.task(task).gold_item_id
        if item is not None and task not in held:
            assert self.met[who.id].setdefault(item, task) == task, "another copy of a gold item met before"
        self.leases[task] = (who.id, claim.expires_at)
        if task not in self.known:
            self.known.append(task)

    def _held(self, who: Voter) -> list[str]:
        return [task for task in self.known if task in self.leases and self.leases[task][0] == who.id]

    @rule(who=WHO, verdict=VERDICTS, place=PLACE)
    def answer_held(self, who: Voter, verdict: str, place: int) -> None:
        if mine := self._held(who):
            self._answer(mine[place % len(mine)], who, verdict)

    @rule(who=WHO, verdict=VERDICTS, place=PLACE)
    def answer_any(self, who: Voter, verdict: str, place: int) -> None:
        """Also late, without a claim, twice, or on a task somebody else holds."""
        self._answer(self.known[place % len(self.known)], who, verdict)

    def _answer(self, task: str, who: Voter, verdict: str) -> None:
        before = self.house.task(task)
        outcome = self.house.submit(self.campaign, task, who, verdict)
        if who.id in self.answered[task]:
            assert outcome.refused is ConflictReason.ALREADY_SUBMITTED
            return
        holder, until = self.leases.get(task, (who.id, self.house.now))
        if holder == who.id and until > self.house.now and before.status == "open" and not self.closed:
            assert outcome.refused is None, "the answer to a live claim does not count"
        assert outcome.submission.counted == (outcome.refused is None)
        self.answered[task].add(who.id)
        if holder == who.id:
            self.leases.pop(task, None)

    @rule(who=WHO, place=PLACE)
    def give_back(self, who: Voter, place: int) -> None:
        if mine := self._held(who):
            task = mine[place % len(mine)]
            self.house.release(task, who)
            del self.leases[task]

    @rule(minutes=st.sampled_from([1, 4, LEASE, 2 * LEASE]))
    def wait(self, minutes: int) -> None:
        self.house.pass_time(minutes=minutes)

    @rule(who=WHO)
    def revoke(self, who: Voter) -> None:
        with self.house.write() as connection:
            leases.end_claims(connection, self.house.now, campaign_id=self.campaign, voter_id=who.id)
        self.leases = {task: lease for task, lease in self.leases.items() if lease[0] != who.id}

    @rule(place=PLACE)
    def adjudicate(self, place: int) -> None:
        task = self.known[place % len(self.known)]
        with self.house.write() as connection:
            votes.resolve_by_ruling(connection, task, Adjudication(verdict="correct"), self.house.now)
        self.leases.pop(task, None)

    @rule()
    def refresh(self) -> None:
        with self.house.write() as connection:
            refresh_campaign(connection, self.campaign, self.house.now)

    @precondition(lambda self: self.steps > 25 and not self.closed)
    @rule()
    def close(self) -> None:
        with self.house.write() as connection:
            leases.end_claims(connection, self.house.now, campaign_id=self.campaign)
            connection.execute(campaigns.update().values(status="closed"))
        self.closed, self.leases = True, {}

    @invariant()
    def nothing_is_counted_beyond_what_was_asked(self) -> None:
        if not self.known:
            return
        counted: dict[str, int] = defaultdict(int)
        with self.house.read() as connection:
            for row in connection.execute(select(submissions.c.task_id).where(submissions.c.counted)):
                counted[row.task_id] += 1
            rows = connection.execute(select(tasks)).all()
        for row in rows:
            assert row.submission_count == counted[row.id] <= row.n_required
            wanted = row.status == "open" and row.submission_count < row.n_required
            is_free = wanted and row.holder_id is None
            # Of gold some copies are a reserve, without a rank.
            assert (row.rank is not None) == is_free or (row.is_gold and row.rank is None)

    @invariant()
    def nothing_still_to_do_lies_behind_a_cursor(self) -> None:
        with self.house.read() as connection:
            cursors = connection.execute(select(voters.c.voter_id, voters.c.cursor)).all()
            ordinary = select(tasks.c.id, tasks.c.rank).where(tasks.c.rank.is_not(None), ~tasks.c.is_gold)
            ranks = connection.execute(ordinary).all()
        for voter, cursor in cursors:
            for task, rank in ranks:
                assert rank > cursor or voter in self.answered[task]

    def teardown(self) -> None:
        if self.known and not self.closed:
            self._drain()
        self.stack.close()

    def _drain(self) -> None:
        """With everybody pulling, and abandoned claims running out, all gets done that anybody here can do."""
        for _round in range(2):
            self.house.pass_time(minutes=2 * LEASE)
            for who in PEOPLE:
                for task in self.house.work_off(self.campaign, who):
                    assert who.id not in self.answered[task]
                    self.answered[task].add(who.id)
        with self.house.read() as connection:
            rows = connection.execute(select(tasks).where(~tasks.c.is_gold)).all()
        for row in rows:
            assert row.status != "open" or {who.id for who in PEOPLE} <= self.answered[row.id]


@pytest.mark.slow
@pytest.mark.parametrize(("on", "examples"), [("sqlite", 20), pytest.param("postgresql", 12, marks=needs_postgresql)])
def test_any_sequence_keeps_the_promises_of_the_queue(on: str, examples: int) -> None:
    class Machine(Queue):
        template = empty_database() if on == "sqlite" else None

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.parametrize("redundancy", [1, 3])
def test_a_late_vote_kept_aside_counts_when_the_holder_gives_up(house: House, redundancy: int) -> None:
    campaign = house.campaign(target_redundancy=redundancy)
    (task,) = house.add(campaign, {})
    *early, late, holder = people(redundancy + 1)
    for who in early:
        house.submit(campaign, task, who)
    assert house.next(campaign, late) is not None
    house.pass_time(minutes=11)
    assert house.next(campaign, holder) is not None
    assert house.submit(campaign, task, late).refused is ConflictReason.TASK_RESOLVED
    house.release(task, holder)
    assert house.task(task).submission_count == redundancy
    assert house.next(campaign, holder) is None
