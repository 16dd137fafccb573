"""Root command `gonogo`: finds the subcommand and imports it when it runs, so `--help` loads neither Textual nor
FastAPI.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import os

import click

from gonogo import __version__
from gonogo.cli.support.exit_codes import EXIT_FAILED, echo_err
from gonogo.cli.support.pager import pager_option
from gonogo.cli.support.standard_streams import drop_output, flush_output, prepare_streams
from gonogo.cli.workstation import open_workstation

# name → (module below `gonogo.cli.commands`, attribute, line of `gonogo --help`, which loads no command)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("work.demo", "demo", "Try it: a sample project, no account, no network."),
    "annotate": ("work.annotate", "annotate", "Answer questions about drawings, one key each."),
    "review": (
        "work.review",
        "review",
        "Rule on what annotators disagree on, worst expected harm first.",
    ),
    "login": ("work.login", "login", "Sign in with a magic link or an API key."),
    "logout": ("work.login", "logout", "Forget the credential and the cached drawings."),
    "import": (
        "import_",
        "import_",
        "Make a campaign from a file of predictions and a folder of drawings.",
    ),
    "export": (
        "export",
        "export",
        "Write a campaign's results: JSON Lines, CSV, Parquet, Label Studio, COCO.",
    ),
    "projects": ("projects", "projects", "Projects: list, show, create, generate."),
    "models": ("models", "models", "Quality of a model's predictions: report."),
    "campaigns": (
        "campaigns.campaigns",
        "campaigns",
        "Campaigns: list, show, create, people, watch, close, quality, promote.",
    ),
    "assign": (
        "people.assign",
        "assign",
        "Invite one person, or all of a CSV; prints each link once.",
    ),
    "revoke": ("people.assign", "revoke", "Remove someone from a campaign at once."),
    "annotators": (
        "people.annotators",
        "annotators",
        "People of a campaign: list, pause, resume, discount, restore, reopen, settings.",
    ),
    "keys": ("server.keys", "keys", "API keys: create, list, revoke."),
    "webhooks": (
        "server.webhooks",
        "webhooks",
        "Signed messages to your programs: list, add, show, test, deliveries, replay.",
    ),
    "results": ("results", "results", "Read a results API, Centaur's or gonogo's: list, get."),
    "outbox": (
        "work.outbox",
        "outbox",
        "Verdicts that have not reached the server: list, send, requeue, history, export, drop.",
    ),
    "web": ("work.web", "web", "The workstation in a browser, for the person at this machine."),
    "serve": ("server.serve", "serve", "Run the labeling server for a team."),
    "db": ("server.db", "db", "A server's database: upgrade, backup, restore."),
    "audit": ("server.audit", "audit", "A server's log of changes: verify, head."),
    "config": ("config", "config", "Your settings: list, get, set, reset, edit, path."),
    "doctor": ("doctor.doctor", "doctor", "Look at terminal, keyring, folders, server, versions."),
}

ALIASES = {"campaign": "campaigns", "project": "projects", "model": "models"}
"""Earlier names of commands; they work and are not shown."""

EPILOG = """\b
Examples:
  gonogo demo                                  try it on sample drawings
  gonogo import predictions.jsonl --drawings scans/ --campaign "batch 12"
  gonogo annotate                              go on where you stopped
  gonogo serve --port 8000                     a server for your team
  gonogo assign "batch 12" ana@example.com     invite an annotator
  gonogo export "batch 12" > results.jsonl

\b
Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 no credential,
            4 refused by the server, 5 server not reached.
Environment: GONOGO_HOME, GONOGO_BASE_URL, GONOGO_API_KEY, GONOGO_DATABASE_URL,
             GONOGO_CA_FILE, HTTPS_PROXY, NO_PROXY.
Completion:  bash  eval "$(_GONOGO_COMPLETE=bash_source gonogo)"    in ~/.bashrc
             zsh   eval "$(_GONOGO_COMPLETE=zsh_source gonogo)"     in ~/.zshrc
             fish  _GONOGO_COMPLETE=fish_source gonogo | source     in ~/.config/fish/config.fish
"""


class LazyGroup(click.Group):
    """Command group that imports a command only when it runs or shows its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if (name := ALIASES.get(cmd_name, cmd_name)) not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[name]
        command: click.Command = getattr(importlib.import_module(f"gonogo.cli.commands.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = ALIASES.get(args[0], args[0])
        if name not in COMMANDS and not name.startswith("-"):
            import difflib  # 3 ms, for a wrong command only

            near = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f" Did you mean `gonogo {near[0]}`?" if near else " `gonogo --help` lists them."
            raise click.UsageError(f"There is no command `{name}`.{hint}", ctx)
        return super().resolve_command(ctx, [name, *args[1:]])


@click.command(
    cls=LazyGroup, invoke_without_command=True, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, "-V", "--version", message="gonogo %(version)s")
@click.option(
    "--ca-file",
    envvar="GONOGO_CA_FILE",
    show_envvar=True,
    metavar="FILE",
    help="Certificates (PEM) of your organisation, trusted beside the system's.",
)
@pager_option
@click.pass_context
def cli(ctx: click.Context, ca_file: str | None) -> None:
    """Check what machines read off engineering drawings: a question, a value, a place on the sheet, one key.

    Without a command the workstation opens.
    """
    if ca_file:
        os.environ["GONOGO_CA_FILE"] = ca_file  # every connection of this process, and of those it starts
    if ctx.invoked_subcommand is None:
        open_workstation()


def main(args: list[str] | None = None) -> None:
    """Runs the command line; an error that a command doesn't handle ends it with a sentence."""
    prepare_streams()
    gc.set_threshold(50_000, 50, 100)  # what imports make stays; figures of both in docs/design/performance.md
    atexit.register(gc.freeze)  # the interpreter's last collections would walk all that, for nothing
    try:
        code = cli.main(args=args, prog_name="gonogo", standalone_mode=False)
        flush_output()
    except click.ClickException as error:
        show_error(error)
        raise SystemExit(error.exit_code) from None
    except click.Abort:
        echo_err("Aborted.")
        raise SystemExit(EXIT_FAILED) from None
    except Exception as error:  # noqa: BLE001 - the last handler; above it is only the interpreter
        from gonogo.cli.support.crash_report import end_after_error  # for errors only

        if isinstance(error, OSError):
            drop_output()
        end_after_error(error)
    if isinstance(code, int) and code:  # of `Context.exit`
        raise SystemExit(code)


def show_error(error: click.ClickException) -> None:
    """Prints an error of the arguments, which are data: nothing of them acts on a terminal."""
    shown = io.StringIO()
    error.show(file=shown)
    echo_err(shown.getvalue().rstrip("\n"))
