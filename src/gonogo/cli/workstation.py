"""Entry point of the console script, and the way from any command into the workstation (the Textual app).

Imports little: every command comes through this module.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from gonogo.tui.navigation import Start

SIGNS = "▀▛⌀±°"
"""Characters that every terminal of the workstation must show: a cell of a drawing, and signs of a value."""


class CampaignOpening(NamedTuple):
    """Campaign to open: by its known id, or by a name (or id) to look up; neither means the last one."""

    id: str | None = None
    name: str | None = None


def main() -> None:
    """Entry point of the console script: bare `gonogo` opens the workstation, anything else is a command.

    A shell that completes asks bare `gonogo`, too; its request is in the environment.
    """
    if len(sys.argv) == 1 and "_GONOGO_COMPLETE" not in os.environ:
        open_workstation()
        return
    from gonogo.cli.main import main as run_command  # click, which a first frame does without

    run_command()


def open_workstation(
    *,
    campaign_id: str | None = None,
    campaign: str | None = None,
    embedded: bool = False,
    sign_in: bool = False,
    review: bool = False,
    practice: bool = False,
) -> None:
    """Runs the app in this terminal until the person leaves it.

    `campaign_id` is opened as it is; `campaign` is a name or an id that is looked up, first at the login's server.
    """
    _require_terminal()
    start: Start = "sign_in" if sign_in else "embedded" if embedded else "review" if review else "auto"
    start = "practice" if practice else start
    from gonogo.cli.show_workstation import show_workstation  # the terminal probe, which commands do without

    resumes = not (sign_in or review or practice or campaign)
    show_workstation(CampaignOpening(campaign_id, campaign), start, resumes=resumes)


def _require_terminal() -> None:
    """Ends the program where there is no terminal, or one that can't show what is judged."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        _refuse("the workstation needs a terminal", "Run it in one; `gonogo --help` lists what works in scripts.")
    try:
        SIGNS.encode(sys.stderr.encoding)
    except UnicodeEncodeError:
        _refuse(
            f"this terminal's text is {sys.stderr.encoding}: it can't show drawings, nor signs such as ⌀, so nothing "
            "can be judged here",
            "Set a UTF-8 locale (LC_ALL=C.UTF-8), or PYTHONIOENCODING=utf-8 where the terminal takes UTF-8.",
        )


def _refuse(message: str, next_step: str) -> NoReturn:
    from gonogo.cli.support import exit_codes, standard_streams  # click, which a first frame does without

    standard_streams.prepare_streams(prints=False)
    exit_codes.fail(message, next_step, exit_codes.EXIT_USAGE)
