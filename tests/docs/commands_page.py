"""Generator of the manual's page on commands: `python -m tests.docs.commands_page > docs/commands.md`."""

from __future__ import annotations

import re
import sys
import textwrap

import click

from gonogo.cli.main import COMMANDS, cli

_INTRO = """\
# Commands

Made from the command line itself by `python -m tests.docs.commands_page`; do not edit by hand.

`gonogo` alone opens the workstation. `gonogo COMMAND -h` prints what stands here, with examples. Results go to standard
output, everything else to standard error. `--json` prints JSON for programs. Exit codes, variables and settings:
[Settings](settings.md).
"""
_BAR = re.compile(r"(?<!\\)\|")


def commands_page() -> str:
    """The page as Markdown: a section a command, a table of its options."""
    context = click.Context(cli, info_name="gonogo")
    parts = [_INTRO, *_options_of(cli, context)]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        parts += [f"## gonogo {name}\n", *_section(command, click.Context(command, context, name), 3)]
    return "\n".join(parts)


def _section(command: click.Command, context: click.Context, level: int) -> list[str]:
    parts = [_prose(command.help or "") + "\n"]
    if not isinstance(command, click.Group):
        parts.append(f"`{' '.join(command.get_usage(context).split()).removeprefix('Usage: ')}`\n")
    parts += _options_of(command, context)
    if command.epilog:
        parts.append(f"```text\n{textwrap.dedent(command.epilog.removeprefix(chr(8)).strip(chr(10)))}\n```\n")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            inner_context = click.Context(inner, context, name)
            parts += [f"{'#' * level} {inner_context.command_path}\n", *_section(inner, inner_context, level + 1)]
    return parts


def _options_of(command: click.Command, context: click.Context) -> list[str]:
    records = [
        record
        for option in command.get_params(context)
        if isinstance(option, click.Option)
        and "--help" not in option.opts
        and (record := option.get_help_record(context)) is not None
    ]
    if not records:
        return []
    rows = [f"| `{_cell(names)}` | {_cell(' '.join(text.split()))} |" for names, text in records]
    return ["\n".join(["| option | |", "|---|---|", *rows]) + "\n"]


def _prose(text: str) -> str:
    """Paragraphs of a help text, each on one line; a paragraph marked `\\b` keeps its lines."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(
        f"```text\n{part.removeprefix(chr(8)).strip(chr(10))}\n```" if part.startswith("\b") else " ".join(part.split())
        for part in paragraphs
    )


def _cell(text: str) -> str:
    return _BAR.sub(r"\\|", text)


if __name__ == "__main__":
    sys.stdout.write(commands_page())
