"""`gonogo results`: read a results API."""

from __future__ import annotations

import click


@click.group(epilog="\b\nExample:\n  gonogo results list --task 1234")
def results() -> None:
    """Results as Centaur's API has them: a Task is a campaign, a Case one of its tasks."""
