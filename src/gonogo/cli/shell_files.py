"""Files for the shell, made from the commands: the man page, and completions for bash, zsh and fish.

`python -m gonogo.cli.shell_files docs/shell` writes them; the wheel installs them below `share/`. Completions ask
`gonogo` itself, so they know each command and the names of the workspace.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from gonogo.cli.main import cli

COMPLETIONS = {"bash": "gonogo.bash", "zsh": "_gonogo", "fish": "gonogo.fish"}
MAN_PAGE = "gonogo.1"


def shell_files() -> dict[str, str]:
    """Returns the files by name."""
    return {MAN_PAGE: man_page(), **{name: completion(shell) for shell, name in COMPLETIONS.items()}}


def completion(shell: str) -> str:
    """Returns the script that completes `gonogo` in bash, zsh or fish."""
    kind = get_completion_class(shell)
    assert kind is not None, shell
    complete = kind(cli, {}, "gonogo", "_GONOGO_COMPLETE")
    return f"{(complete.source_template % complete.source_vars()).strip()}\n"


def man_page() -> str:
    """Returns `gonogo.1`: each command with its options and examples."""
    context = click.Context(cli, info_name="gonogo")
    lines = [
        '.TH GONOGO 1 "" "gonogo" "User Commands"',
        ".SH NAME",
        "gonogo \\- check what machines read off engineering drawings",
        ".SH SYNOPSIS",
        ".B gonogo",
        "[OPTIONS] [COMMAND] [ARGUMENTS]",
        ".SH DESCRIPTION",
        *_paragraphs(cli.help or ""),
        ".SH OPTIONS",
        *_options(cli, context),
        ".SH COMMANDS",
        *_commands(cli, context),
        ".SH EXAMPLES, EXIT CODES, ENVIRONMENT",
        *_paragraphs(cli.epilog or ""),
    ]
    return "\n".join(lines) + "\n"


def _commands(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, context, name)
        arguments = [piece for piece in command.collect_usage_pieces(inner) if piece != "[OPTIONS]"]
        yield f".SS {_text(' '.join([inner.command_path, *arguments]))}"
        yield from _paragraphs(command.help or "")
        yield from _options(command, inner)
        yield from _paragraphs(command.epilog or "")
        if isinstance(command, click.Group):
            yield from _commands(command, inner)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for option in command.get_params(context):
        record = option.get_help_record(context) if isinstance(option, click.Option) else None
        if record is not None and "--help" not in option.opts:
            yield from (".TP", f".B {_text(record[0])}", _text(" ".join(record[1].split())))


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs in troff; one that is marked with `\\b` keeps its lines."""
    for paragraph in filter(None, (part.strip("\n") for part in text.split("\n\n"))):
        if paragraph.startswith("\b"):
            yield from (".PP", ".nf", *map(_text, paragraph[1:].strip("\n").splitlines()), ".fi")
        else:
            yield from (".PP", _text(" ".join(paragraph.split())))


def _text(line: str) -> str:
    """A line of text in which troff finds no request and no escape."""
    escaped = line.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    for name, content in shell_files().items():
        (Path(sys.argv[1]) / name).write_text(content, encoding="utf-8")
