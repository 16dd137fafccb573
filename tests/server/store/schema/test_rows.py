"""Typed rows have the columns of their tables."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table

from gonogo.server.store.schema import campaigns, submissions, tasks
from gonogo.server.store.schema.rows import CampaignRow, SubmissionRow, TaskRow


@pytest.mark.parametrize(
    ("table", "row"), [(campaigns, CampaignRow), (tasks, TaskRow), (submissions, SubmissionRow)], ids=str
)
def test_fields_are_the_columns_in_their_order(table: Table, row: Any) -> None:
    assert row._fields == tuple(column.name for column in table.c)
