"""Shell completion: suggests names of campaigns, projects, runs, keys, webhooks and people, from the database of the
workspace on this machine.

A server is not asked: completion must never wait for a network or prompt for a key.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sqlite3
from collections.abc import Callable

import click

from gonogo.desk.core.paths import AppPaths

Complete = Callable[[click.Context, click.Parameter, str], list[str]]
_MAX_NAMES = 200
_SPECIAL = re.compile(r"""([\s'"\\$`!*?()\[\]{}<>|&;#~^])""")


def _from_workspace(query: str) -> Complete:
    """Returns a completer from the first column of `query`, which sorts the newest first."""

    def complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        if os.environ.get("GONOGO_BASE_URL") or os.environ.get("GONOGO_DATABASE_URL"):
            return []
        file = AppPaths().data() / "workspace.db"
        if not file.exists():
            return []
        try:
            with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=0.2)) as database:
                rows = database.execute(f"{query} LIMIT {_MAX_NAMES}").fetchall()
        except sqlite3.Error:  # busy, or of another release: no names, and no message in the middle of a prompt
            return []
        return [for_shell(name) for name in dict.fromkeys(name for (name,) in rows) if name.startswith(incomplete)]

    return complete


def for_shell(name: str) -> str:
    """`name` quoted for bash, which inserts it as it is; zsh and fish quote it themselves."""
    if os.environ.get("_GONOGO_COMPLETE") != "bash_complete" or _in_quotes(os.environ.get("COMP_WORDS", "")):
        return name
    return _SPECIAL.sub(r"\\\\\1", name)  # click's script uses `read`, which removes one of the two


def _in_quotes(words: str) -> bool:
    try:
        shlex.split(words)
    except ValueError:
        return True
    return False


complete_campaign = _from_workspace("SELECT name FROM campaigns ORDER BY number DESC")
complete_project = _from_workspace("SELECT name FROM projects ORDER BY number DESC")
complete_run = _from_workspace("SELECT run FROM calculations GROUP BY run ORDER BY MAX(number) DESC")
complete_key = _from_workspace("SELECT name FROM api_keys WHERE revoked_at IS NULL ORDER BY number DESC")
complete_webhook = _from_workspace("SELECT url FROM webhooks WHERE removed_at IS NULL ORDER BY number DESC")
complete_person = _from_workspace("SELECT email FROM annotator_accounts ORDER BY email")
