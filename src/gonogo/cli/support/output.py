"""Output functions of the commands: print JSON, fields, lists and progress bars, and ask for confirmation."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import click
from pydantic import BaseModel
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.tables import Cells, Fit, TableColumn, print_table
from gonogo.cli.support.times import shown_time
from gonogo.schemas.sanitize import escape_json

M = TypeVar("M", bound=BaseModel)


def print_json(data: object) -> None:
    """Prints one JSON document to standard output."""
    sys.stdout.write(escape_json(json.dumps(data, ensure_ascii=not _utf8_stdout(), indent=2)) + "\n")


def print_fields(item: Mapping[str, object]) -> None:
    """Prints the fields of an object that are set, one a row."""
    rows = [(key.replace("_", " "), _as_text(key, value)) for key, value in item.items() if value not in (None, [], {})]
    print_table((TableColumn("field"), TableColumn("value", Fit.FOLD)), rows)


def _as_text(key: str, value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=not _utf8_stdout())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return shown_time(value) if key.endswith("_at") and isinstance(value, str) else str(value)


def print_item(item: Mapping[str, object], *, as_json: bool) -> None:
    """Prints one object, as JSON or field by field."""
    if as_json:
        print_json(item)
    else:
        print_fields(item)


def print_list(
    items: Sequence[M],
    *,
    as_json: bool,
    columns: Sequence[TableColumn],
    cells: Callable[[M], Cells],
    empty: str,
) -> None:
    """Prints a list: one JSON document, or a table of `cells`; the message `empty` when there is nothing."""
    if as_json:
        print_json([item.model_dump() for item in items])
        return
    if not items:
        echo_err(empty)
    print_table(columns, [cells(item) for item in items])


def _utf8_stdout() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def confirm(question: str, *, no_terminal: str, next_step: str) -> bool:
    """Asks a yes-or-no question; without a terminal it ends the command with these two sentences."""
    if not sys.stdin.isatty():
        fail(no_terminal, next_step, EXIT_USAGE)
    return click.confirm(question, default=False, err=True)


@contextlib.contextmanager
def waiting(text: str) -> Iterator[None]:
    """Shows on a terminal what the command waits for, and for how long, where no count of the work is known."""
    if not sys.stderr.isatty():
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as line:
        line.add_task(text, total=None)
        yield


@contextlib.contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Progress callback (see `transfer.progress_callback`): draws a bar for each kind of work on a terminal.

    Without a terminal, prints one plain line when a kind of work is finished.
    """
    if not sys.stderr.isatty():

        def print_line(work: str, done: int, total: int) -> None:
            if done == total:
                echo_err(f"{work}: {done}")

        yield print_line
        return
    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def update_bar(work: str, done: int, total: int) -> None:
            if work not in tasks:
                tasks[work] = bars.add_task(work, total=total or None)
            bars.update(tasks[work], completed=done, total=total or None)

        yield update_bar
