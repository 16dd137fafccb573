"""Names for the shell's completion: those of the workspace on this machine, read from its file in a moment.

A server is not asked: completion must never wait for a network or prompt for a key.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable

import click

Complete = Callable[[click.Context, click.Parameter, str], list[str]]
_NEWEST = 200
_SPECIAL = re.compile(r"""([\s'"\\$`!*?()\[\]{}<>|&;#~^])""")


def _from_workspace(query: str) -> Complete:
    """A completer of the first column of `query`, whose last rows are the newest."""

    def complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        if os.environ.get("GONOGO_BASE_URL"):
            return []
        import sqlite3

        from gonogo.desk.core.paths import AppPaths

        file = AppPaths().data() / "workspace.db"
        if not file.exists():
            return []
        try:
            with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=0.2)) as database:
                rows = database.execute(f"{query} LIMIT {_NEWEST}").fetchall()
        except sqlite3.Error:  # busy, or of another release: no names, and nothing in the middle of somebody's prompt
            return []
        return [for_shell(name) for name in dict.fromkeys(name for (name,) in rows) if name.startswith(incomplete)]

    return complete


def for_shell(name: str) -> str:
    """`name` as it must stand on the command line: bash puts it there as it is, zsh and fish quote it themselves."""
    if os.environ.get("_GONOGO_COMPLETE") != "bash_complete" or _in_quotes(os.environ.get("COMP_WORDS", "")):
        return name
    return _SPECIAL.sub(r"\\\\\1", name)  # click's script reads it with `read`, which takes one of the two away


def _in_quotes(words: str) -> bool:
    import shlex

    try:
        shlex.split(words)
    except ValueError:
        return True
    return False


complete_campaign = _from_workspace("SELECT name FROM campaigns ORDER BY number DESC")
complete_project = _from_workspace("SELECT name FROM projects ORDER BY number DESC")
complete_run = _from_workspace("SELECT run FROM calculations GROUP BY run ORDER BY MAX(number) DESC")
complete_key = _from_workspace("SELECT name FROM api_keys WHERE revoked_at IS NULL ORDER BY number DESC")
complete_person = _from_workspace("SELECT email FROM annotator_accounts ORDER BY email")
