"""`gonogo annotate`: the workstation, by name."""

from __future__ import annotations

import click

from gonogo.cli.workstation import open_workstation


@click.command(
    epilog="""\b
Examples:
  gonogo annotate                 go on where you stopped, or sign in
  gonogo annotate --sign-in       sign in as somebody else
"""
)
@click.option("--sign-in", is_flag=True, help="Begin with the sign-in screen.")
def annotate(sign_in: bool) -> None:
    """Answer questions about drawings, one key each."""
    open_workstation(sign_in=sign_in)
