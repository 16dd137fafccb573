"""`gonogo doctor`: checks terminal, keyring, folders, server and versions of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import locale
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

import click

from gonogo import __version__
from gonogo.cli.commands.doctor.check import Check
from gonogo.cli.commands.doctor.drawing_check import check_drawing
from gonogo.cli.commands.doctor.place_check import check_drawing_place
from gonogo.cli.support.exit_codes import EXIT_FAILED, echo_err, fail
from gonogo.cli.support.options import json_option, server_option
from gonogo.cli.support.output import print_json
from gonogo.cli.support.tables import Fit, TableColumn, print_table
from gonogo.client.errors import GonogoClientError, NotFoundError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.transport.retry import ONCE
from gonogo.desk.account.credentials import CredentialStore, StorageKind
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import load_profile
from gonogo.sheets.picture_modes import CELL_MODES, PIXEL_MODES
from gonogo.transfer.exporting.registry import export_formats
from gonogo.tui.terminal.capabilities import NO_PICTURES, TERMINALS, TerminalCapabilities, ask_tmux, window_cell
from gonogo.tui.terminal.probe import Probe

ANSWER_SECONDS = 1.0
MODES = ("auto", *(mode.value for mode in (*PIXEL_MODES, *CELL_MODES)))
MARKS = {"ok": "ok", "note": "-- note", "bad": "!! bad"}
PACKAGES = ("textual", "httpx", "pydantic", "keyring", "fastapi", "sqlalchemy", "pypdfium2", "pillow")
EXTRAS = {
    "psycopg": "PostgreSQL",
    **{item.package: f"{item.title} export" for item in export_formats().values() if item.package},
    "obstore": "drawings in an object store",
    "ezdxf": "DXF",
    "resvg-py": "SVG",
    "textual-serve": "browser",
    "prometheus-client": "metrics",
}


_COLUMNS = (TableColumn("state"), TableColumn("check"), TableColumn("found", Fit.FOLD))


@click.command(
    epilog="""\b
Examples:
  gonogo doctor   look at everything, then choose how drawings are drawn
  gonogo doctor --no-card   look only
  # draw so in this terminal from now on, without the card
  gonogo doctor --mode sextant
  gonogo doctor --mode auto   let the terminal say how
  gonogo doctor --base-url https://label.example.com --json
"""
)
@server_option
@click.option("--card/--no-card", default=True, help="Show the test card of ways to draw and ask which is best.")
@click.option("--mode", type=click.Choice(MODES), help="Draw so in this terminal from now on; `auto` forgets a choice.")
@json_option
def doctor(base_url: str | None, card: bool, mode: str | None, as_json: bool) -> None:
    """Look at terminal, colours, pictures, keyring, folders, server and versions.

    On a terminal it then shows one piece of a drawing in each way to draw and asks which one is best here. The answer
    is kept for this terminal; nothing else is changed. A report (--json, or into a file) has no card.
    """
    terminal = _probe_terminal()
    if mode is not None:
        _choose_mode(terminal, mode)
    checks = [
        *_check_terminal(),
        _check_pictures(terminal),
        _check_drawing(),
        *_check_folders(),
        asyncio.run(_check_keyring()),
        asyncio.run(_check_server(base_url)),
        *([] if base_url else check_drawing_place()),
    ]
    checks += _check_versions()
    bad = [check for check in checks if check.state == "bad"]
    if as_json:
        print_json({"ok": not bad, "checks": [asdict(check) for check in checks]})
    else:
        cells = [[MARKS[check.state], check.name, check.found] for check in checks]
        steps = [[f"→ {check.next_step}"] if check.next_step else [] for check in checks]
        print_table(_COLUMNS, cells, notes_head="next_step", notes=steps)
        echo_err(
            "Everything gonogo needs is there."
            if not bad
            else f"{len(bad)} in the way: {', '.join(c.name for c in bad)}."
        )
        if card and mode is None:
            _choose_mode(terminal)
    if bad:
        raise SystemExit(EXIT_FAILED)


def _probe_terminal() -> TerminalCapabilities:
    """Capabilities of this terminal, with its answers to the probe within a second."""
    answers = None
    if sys.stdin.isatty():
        # The keyboard's terminal is asked even if the report goes elsewhere: a choice is kept under its reply.
        probe = Probe(os.environ, target=2 if sys.stderr.isatty() else 0)
        try:
            probe.ask()
            answers = probe.collect(ANSWER_SECONDS)
        finally:
            probe.end()
    return TerminalCapabilities(
        os.environ, AppPaths().state() / TERMINALS, answers=answers, pixels=window_cell, tmux=ask_tmux
    )


def _choose_mode(terminal: TerminalCapabilities, mode: str | None = None) -> None:
    """Keeps `mode` for this terminal; without one shows the test card, where it fits, and asks."""
    from gonogo.cli.commands.doctor import mode_card  # the renderer and numpy, which a report does without

    def write(text: str) -> None:
        click.echo(text, file=sys.__stdout__, nl=False, color=True)  # control sequences of our own, and no data

    try:
        if mode is not None:
            echo_err(mode_card.choose(terminal, mode))
        elif not mode_card.can_show():
            write("\n")
            echo_err(mode_card.show_card(terminal, os.environ, write=write, ask=mode_card.typed))
    except ValueError as error:
        fail(f"drawings cannot be {mode} here: {error}", "gonogo doctor shows what this terminal draws.")
    except OSError as error:
        fail(
            f"the choice could not be kept ({error.strerror})", "Make room or give yourself the folder, then try again."
        )


def _check_terminal() -> list[Check]:
    term, lines = os.environ.get("TERM", ""), shutil.get_terminal_size()
    where = f"{term or 'no TERM'}, {lines.columns}×{lines.lines}"
    if not sys.stdin.isatty() or not sys.stderr.isatty():
        checks = [
            Check("terminal", "note", f"{where}; not attached", "The workstation needs a terminal; scripts do not.")
        ]
    elif term in ("", "dumb"):
        checks = [Check("terminal", "bad", where, "Set TERM to what your terminal is, for example xterm-256color.")]
    elif lines.columns < 80 or lines.lines < 24:
        checks = [Check("terminal", "note", where, "Below 80×24 parts of the screen are left out.")]
    else:
        checks = [Check("terminal", "ok", where)]
    encoding = locale.getencoding()
    if encoding.lower().replace("-", "") == "utf8":
        checks.append(Check("encoding", "ok", encoding))
    else:
        checks.append(
            Check("encoding", "note", encoding, "⌀ and ± need UTF-8: set LANG=C.UTF-8, or your own language.")
        )
    return [*checks, _check_colours(term)]


def _check_colours(term: str) -> Check:
    if os.environ.get("NO_COLOR"):
        return Check("colours", "ok", "none, because NO_COLOR is set")
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return Check("colours", "ok", "always, because FORCE_COLOR is set")
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return Check("colours", "ok", "16 million")
    if "256color" in term or "kitty" in term:
        return Check("colours", "ok", "256; COLORTERM=truecolor says that there are more")
    return Check("colours", "note", "16", "Drawings are clearer with 256 colours or more: TERM=xterm-256color.")


def _check_pictures(terminal: TerminalCapabilities) -> Check:
    """The mode in which drawings are drawn, and the reason."""
    setting = load_profile(AppPaths()).picture_mode
    if setting == NO_PICTURES and not terminal.remembered:
        return Check("pictures", "note", "none: drawings are turned off in the settings (picture_mode)")
    mode, why = terminal.chosen(setting, color=not os.environ.get("NO_COLOR"))
    return Check("pictures", "ok", f"{mode.value}: {why}")


def _check_drawing() -> Check:
    """Draws one sheet for real; names the limits for hostile files that this system refuses."""
    try:
        result = check_drawing()
    except (OSError, subprocess.SubprocessError) as error:
        return Check("drawings", "bad", f"the viewer doesn't start: {error}", "Make room or install gonogo again.")
    if not result.ok:
        return Check("drawings", "bad", result.sentence, result.next_step)
    if result.refused_limits:
        missing = ", ".join(result.refused_limits)
        return Check(
            "drawings",
            "note",
            f"{result.sentence}; no limits here on: {missing}",
            "Drawings are shown. Open only those whose source you trust.",
        )
    return Check("drawings", "ok", f"{result.sentence}, sealed off from network, files and programs")


def _check_folders() -> list[Check]:
    home = AppPaths()
    return [
        _check_folder(name, path)
        for name, path in (
            ("config", home.config()),
            ("data", home.data()),
            ("state", home.state()),
            ("cache", home.cache()),
        )
    ]


def _check_folder(name: str, path: Path) -> Check:
    """Checks that the folder can be written; it is not made, so for a missing one its nearest parent counts."""
    existing = path
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Check(
            name, "bad", f"{path} cannot be written", "Give yourself the folder, or set GONOGO_HOME to another."
        )
    free = shutil.disk_usage(existing).free
    if free < 100_000_000:
        return Check(name, "bad", f"{path}, {free // 1_000_000} MB free", "Verdicts are written here first: make room.")
    return Check(name, "ok", f"{path}{'' if path.exists() else ' (made when needed)'}")


async def _check_keyring() -> Check:
    store = CredentialStore()
    stored = await store.put("doctor", "probe")
    await store.drop("doctor")
    if stored.where == StorageKind.KEYRING:
        return Check("keyring", "ok", "keeps a secret and gives it back")
    return Check(
        "keyring", "note", stored.note or "none", "A sign-in lasts for one run; for scripts set GONOGO_API_KEY."
    )


async def _check_server(base_url: str | None) -> Check:
    if not base_url:
        file = AppPaths().data() / "workspace.db"
        return Check(
            "server", "ok", f"workspace on this machine: {file}" + ("" if file.exists() else " (not made yet)")
        )
    try:
        profile = load_profile(AppPaths()).server(base_url)
        async with GonogoClient(base_url, retry=ONCE, network=profile.network) as client:
            way = f", through the proxy {client.proxy}" if client.proxy else ""
            capabilities = await client.capabilities()
            if capabilities is None:
                return Check("server", "ok", f"{base_url}: an ARCNM server without gonogo's extensions{way}")
            with contextlib.suppress(NotFoundError):  # behind a proxy that lets only the API through
                await client.readiness()
    except GonogoClientError as error:
        return Check("server", "bad", str(error), error.next_step)
    return Check("server", "ok", f"{base_url}: {capabilities.server} {capabilities.version}{way}")


def _check_versions() -> list[Check]:
    checks = [Check("gonogo", "ok", f"{__version__}, Python {platform.python_version()}, {platform.system()}")]
    missing = [name for name in PACKAGES if _version(name) is None]
    known = ", ".join(f"{name} {_version(name)}" for name in PACKAGES if name not in missing)
    if missing:
        checks.append(Check("packages", "bad", f"missing: {', '.join(missing)}", "Install gonogo again."))
    else:
        checks.append(Check("packages", "ok", known))
    extras = [f"{what} ({name} {_version(name)})" for name, what in EXTRAS.items() if _version(name)]
    return [*checks, Check("extras", "ok", ", ".join(extras) or "none installed")]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
