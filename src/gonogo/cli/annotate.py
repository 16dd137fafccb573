"""`gonogo annotate`, and what bare `gonogo` does: open the workstation."""

from __future__ import annotations

import asyncio
import sys

import click

from gonogo.cli.common import EXIT_USAGE, current_home, fail


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


def open_workstation(
    *, campaign_id: str | None = None, embedded: bool = False, sign_in: bool = False, review: bool = False
) -> None:
    """Run the app in this terminal until the person leaves it."""
    if not sys.stdin.isatty() or not sys.stderr.isatty():
        fail(
            "the workstation needs a terminal",
            "Run it in one; `gonogo --help` lists what works in scripts.",
            EXIT_USAGE,
        )
    from gonogo.cli.compose import make_services
    from gonogo.tui.app import Start, make_app

    services = make_services(current_home())
    start: Start = "sign_in" if sign_in else "embedded" if embedded else "review" if review else "auto"
    app = make_app(services, start=start, campaign_id=campaign_id)
    try:
        app.run()
    finally:
        asyncio.run(services.aclose())
    if app.return_code:
        raise SystemExit(app.return_code)
