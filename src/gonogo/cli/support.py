"""What the commands share: which server they talk to, how errors end, how data is printed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from gonogo.cli.completion import complete_campaign

if TYPE_CHECKING:
    from gonogo.client.errors import GonogoClientError
    from gonogo.client.lead import LeadClient
    from gonogo.desk.core.paths import AppPaths

EXIT_FAILED, EXIT_USAGE, EXIT_NO_CREDENTIAL, EXIT_REFUSED, EXIT_UNREACHABLE = 1, 2, 3, 4, 5

PAUSES = 30
"""How often a command waits for a server that asks it to go slower: a long import sends more than a minute's share."""

_NEXT_STEPS = {
    errno.ENOENT: "Look at the path: the folder has to be there.",
    errno.EACCES: "Give yourself the file or its folder, or choose another place.",
    errno.EROFS: "Nothing can be written there: choose another place.",
    errno.ENOSPC: "Make room there, then try again.",
    errno.EDQUOT: "Make room there, then try again.",
}

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def say(message: str) -> None:
    """Talk to the person: standard error, so that data on standard output stays clean."""
    from gonogo.schemas.sanitize import clean_text

    click.echo(clean_text(message), err=True)


def fail(message: str, next_step: str = "", code: int = EXIT_FAILED) -> NoReturn:
    """End the command with one clear sentence, the next step, and a documented exit code."""
    say(f"gonogo: {message}" + (f"\n        {next_step}" if next_step else ""))
    raise SystemExit(code)


def fail_file(error: OSError) -> NoReturn:
    """End the command: a file or folder cannot be read or written."""
    what = f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
    fail(what, _NEXT_STEPS.get(error.errno or 0, ""))


def emit(data: Any) -> None:
    """One JSON document to standard output."""
    json.dump(data, sys.stdout, ensure_ascii=not _utf8_stdout(), indent=2)
    sys.stdout.write("\n")


def terminal_width() -> int | None:
    """Columns of the terminal on standard output; `None` where that is a file or a pipe."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def show_fields(found: dict[str, Any]) -> None:
    """What is set in an object, one field a line."""
    for key, value in found.items():
        if value is not None and not isinstance(value, dict | list):
            click.echo(f"{key.replace('_', ' '):20} {value}")
        elif value:
            click.echo(f"{key.replace('_', ' '):20} {json.dumps(value, ensure_ascii=not _utf8_stdout())}")


def show_list(
    found: list[dict[str, Any]], as_json: bool, cells: Callable[[dict[str, Any]], list[str]], empty: str
) -> None:
    """All of a list: one JSON document, or a line of `cells` each; `empty` is said when there is nothing."""
    if as_json:
        emit(found)
        return
    if not found:
        say(empty)
    show_table([cells(item) for item in found])


def show_table(rows: list[list[str]]) -> None:
    """A line a row: cells parted by tabs for programs, in columns on a terminal. No cell breaks its line."""
    from gonogo.schemas.sanitize import clean_text

    rows = [[" ".join(clean_text(cell).split()) for cell in row] for row in rows]
    if rows and terminal_width() is not None:
        from rich.cells import cell_len

        widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
        rows = [
            [
                "   ".join(
                    cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
                ).rstrip()
            ]
            for row in rows
        ]
    for row in rows:
        click.echo("\t".join(row))


def name_given(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A callback for names that are made: one line with something to see in it."""
    if value is not None and (not value.strip() or not value.isprintable()):
        raise click.BadParameter("a name is one line with something to see in it.", ctx, parameter)
    return value


def _utf8_stdout() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def json_option(command: F) -> F:
    """`--json`: the same data for machines."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def server_option(command: F) -> F:
    """`--base-url`: act on a server instead of the embedded workspace."""
    return click.option(
        "--base-url",
        envvar="GONOGO_BASE_URL",
        show_envvar=True,
        metavar="URL",
        help="Act on this server (with GONOGO_API_KEY) instead of the workspace on this machine.",
    )(command)


def campaign_argument(command: F) -> F:
    """CAMPAIGN: a name, where it is unique, or an id; the shell completes names."""
    return click.argument("campaign", shell_complete=complete_campaign)(command)


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Told what is going on (what, how many are done, of how many): a bar for each kind of work on a terminal,
    otherwise one plain line when a kind is done. A total of 0 means it is not known."""
    if not sys.stderr.isatty():

        def plain(what: str, done: int, total: int) -> None:
            if done == total:
                say(f"{what}: {done}")

        yield plain
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def bar(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield bar


def current_home() -> AppPaths:
    from gonogo.desk.core.paths import AppPaths

    return AppPaths()


@contextlib.asynccontextmanager
async def connect(base_url: str | None, *, clean: bool = True) -> AsyncIterator[LeadClient]:
    """A client of `base_url` with the key of the environment, or of the embedded workspace."""
    from gonogo.client.credential import ApiKey
    from gonogo.client.lead import LeadClient
    from gonogo.client.retry import RetryPolicy

    if base_url:
        key = os.environ.get("GONOGO_API_KEY") or os.environ.get("ARCNM_API_KEY")
        if not key:
            fail(
                f"no API key for {base_url}",
                "Put it into GONOGO_API_KEY (an admin makes one with `gonogo keys create`).",
                EXIT_NO_CREDENTIAL,
            )
        patient = RetryPolicy(pauses=PAUSES, on_wait=_slower)
        async with LeadClient(base_url, ApiKey(key), clean=clean, retry=patient) as client:
            yield client
        return
    from gonogo.embedded.transport import embedded_parts

    parts = embedded_parts(current_home())
    async with LeadClient(parts.base_url, ApiKey(parts.token), transport=parts.transport, clean=clean) as client:
        yield client


def _slower(seconds: float, error: GonogoClientError) -> None:
    from gonogo.client.errors import RateLimitedError

    if isinstance(error, RateLimitedError):
        say(f"The server asks to go slower; going on in {seconds:.0f} s.")


@contextlib.contextmanager
def bulk() -> Iterator[None]:
    """For work on many records: they form no cycles, so the collector need not look through them again and again."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; the client's errors become sentences and exit codes."""
    with sentences():
        return asyncio.run(work)


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """Errors of what is sent, of the server and of files become sentences and exit codes."""
    from pydantic import ValidationError

    from gonogo.client import errors

    try:
        yield
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        fail(f"{where}: {first['msg']}", "Nothing was sent for it; put it right and try again.", EXIT_USAGE)
    except errors.AuthenticationError as error:
        fail(str(error), error.next_step, EXIT_NO_CREDENTIAL)
    except errors.NetworkError as error:
        from gonogo.embedded.transport import CANNOT_OPEN

        _, here, why = str(error).partition(CANNOT_OPEN)
        if here:
            fail(here + why, "Make room or give yourself the folder, or set GONOGO_HOME to another.")
        fail(str(error), error.next_step, EXIT_UNREACHABLE)
    except errors.GonogoClientError as error:
        fail(str(error), error.next_step, EXIT_REFUSED)
    except KeyboardInterrupt:
        fail("stopped; what was done so far is kept", code=130)
    except BrokenPipeError:  # `gonogo … | head`: whoever read has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(EXIT_FAILED) from None
    except OSError as error:
        fail_file(error)
