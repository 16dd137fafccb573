"""`gonogo audit`: checks that a server's audit log was not altered, and prints the last entry of each hash chain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from gonogo.cli.support.database import database_option, with_store
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import json_option
from gonogo.cli.support.output import print_json
from gonogo.schemas.counted_nouns import counted
from gonogo.server.store import audit as audit_log
from gonogo.server.store.engine import Store


@click.group(epilog="\b\nExample:\n  gonogo audit verify")
def audit() -> None:
    """The log of all changes: every row is chained to the one before it, so that no change to it goes unseen."""


@audit.command(
    epilog="""\b
Examples:
  gonogo audit verify
  gonogo audit head > heads.json        keep it on another machine
  gonogo audit verify --since heads.json
  gonogo audit verify --since results.manifest.json
"""
)
@database_option
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Heads kept elsewhere, whose rows must still be there: of `gonogo audit head`, a manifest, or a server's log.",
)
@json_option
def verify(database: str | None, since: Path | None, as_json: bool) -> None:
    """Read the whole log; exit 1 and name the first row that is not what was written."""
    known_heads = _read_heads(since) if since is not None else {}

    def work(store: Store) -> audit_log.VerifyResult:
        with store.read() as connection:
            return audit_log.verify(connection, known_heads)

    result = with_store(database, work)
    if as_json:
        broken = None if result.broken is None else vars(result.broken)
        print_json({"rows": result.n_rows, "broken": broken})
    if result.broken is not None:
        row = result.broken
        name = f"row {row.number}" if row.number is not None else "a row that is gone"
        fail(
            f"the audit log is broken at {name} (chain {row.chain}, place {row.seq}): {row.reason}",
            "Somebody changed the database behind the server. Compare with a backup before you trust its results.",
        )
    if not as_json:
        echo_err(f"{counted(result.n_rows, 'row')}, all as they were written.")


@audit.command(epilog="\b\nExample:\n  gonogo audit head > heads.json")
@database_option
@json_option
def head(database: str | None, as_json: bool) -> None:
    """Print the last row of each chain, always as JSON; kept elsewhere, it shows rows cut off the end."""

    def work(store: Store) -> audit_log.Heads:
        with store.read() as connection:
            return audit_log.heads(connection)

    heads = with_store(database, work)
    print_json(audit_log.heads_as_json(heads))


def _read_heads(path: Path) -> audit_log.Heads:
    """Heads of a file: of each chain those furthest on, because a server's log has them once a day."""
    known: audit_log.Heads = {}
    try:
        for heads in _heads_in(path.read_text("utf-8")):
            for chain, (seq, digest) in heads.items():
                known[int(chain)] = max((int(seq), str(digest)), known.get(int(chain), (0, "")))
    except (OSError, ValueError, TypeError, AttributeError):
        known = {}
    if not known:
        what = "what `gonogo audit head` printed, an export's manifest, or a server's log"
        fail(f"{path} holds no heads of an audit log: give {what}", code=EXIT_USAGE)
    return known


def _heads_in(text: str) -> Iterator[dict[str, tuple[int, str]]]:
    """Heads of `gonogo audit head`, of a manifest, or of each line of a log that has them."""
    try:
        whole = json.loads(text)
    except ValueError:
        for line in text.splitlines():
            if "audit_heads" in line:
                yield json.loads(line)["audit_heads"]
        return
    if "audit_heads" in whole:
        yield whole["audit_heads"]
    else:
        yield whole["audit"]["heads"] if "audit" in whole else whole
