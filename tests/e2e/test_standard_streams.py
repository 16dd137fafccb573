"""Standard streams that are closed, full or foreign, and arguments that act on a terminal: a sentence, and its code."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest

from gonogo.cli.main import cli
from tests.e2e.conftest import GONOGO, Cli
from tests.support import other_platforms
from tests.support.pty_command import run_in_terminal

pytestmark = pytest.mark.slow
PROGRAM = " ".join(GONOGO)
NEEDS_TERMINAL = "the workstation needs a terminal"


def shell(cli: Cli, line: str, **more: str) -> tuple[int, str]:
    """Exit code and what was said anywhere, of a line of sh."""
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, env={**cli.env, **more}, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (f"{PROGRAM} <&-", 2, NEEDS_TERMINAL),
        (f"{PROGRAM} 2>&-", 2, NEEDS_TERMINAL),
        (f"{PROGRAM} >&-", 2, NEEDS_TERMINAL),
        (f"{PROGRAM} annotate nothing </dev/null", 2, NEEDS_TERMINAL),
        (f"{PROGRAM} campaign list <&-", 0, "There is no campaign yet"),
        (f"{PROGRAM} campaign list 2>&-", 0, ""),
        (f"{PROGRAM} campaign list >&-", 2, "standard output is closed"),
        (f"{PROGRAM} keys list --json >/dev/full", 1, "No space left on device"),
        (f"{PROGRAM} --help >/dev/full", 1, "No space left on device"),
        (f"{PROGRAM} --help | head -1", 0, "Usage"),
        (f"{PROGRAM} audit verify", 1, "there is no database at"),
        (f"{PROGRAM} audit head", 1, "there is no database at"),
        (f"{PROGRAM} db prune --yes", 1, "there is no database at"),
    ],
)
def test_a_sentence_and_the_documented_code(lead: Cli, line: str, code: int, said: str) -> None:
    ended, text = shell(lead, line)
    assert ended == code
    assert said in text


def test_looking_at_a_database_makes_none(lead: Cli) -> None:
    lead("audit", "verify", code=1)
    assert not lead.home.exists()


def test_links_in_a_circle_are_a_bad_line(lead: Cli, tmp_path: Path) -> None:
    (tmp_path / "loop.png").symlink_to("loop.png")
    line = {"part": "p", "drawing": "loop.png", "predicted_value": {"text": "1"}, "target_kind": "pmi"}
    (tmp_path / "in.jsonl").write_text(json.dumps(line))
    lead("import", str(tmp_path / "in.jsonl"), "--campaign", "c", code=1)
    assert "Links that lead in a circle" in lead.err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_cannot_draw_takes_no_answers(lead: Cli, encoding: str) -> None:
    env = {**lead.env, "TERM": "xterm-256color", "PYTHONIOENCODING": encoding}
    lead("demo", "--prepare")
    code, output = run_in_terminal([*GONOGO, "demo"], env, b"a")
    assert code == 2
    assert b"can't show drawings" in output
    assert not (lead.home / "state" / "outbox.sqlite").exists()


def test_without_termios_the_bare_program_says_what_it_needs(lead: Cli, tmp_path: Path) -> None:
    env = lead.env | other_platforms.environment(other_platforms.WINDOWS, tmp_path / "site")
    done = subprocess.run(GONOGO, capture_output=True, text=True, env=env, timeout=60, check=False)
    assert done.returncode == 2
    assert NEEDS_TERMINAL in done.stderr


@pytest.mark.parametrize("address", ["http://a\x1b[31m", "https://a\nb", "https://a\x7f", "https://\u202ea"])
def test_an_address_with_control_characters_is_refused(lead: Cli, address: str) -> None:
    lead("campaign", "list", env={"GONOGO_BASE_URL": address, "GONOGO_API_KEY": "ak_live_x"}, code=2)
    assert "not the address of a server" in lead.err
    assert lead.err.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "arguments", [("\x1b]0;title\x07",), ("campaign", "list", "\x9b31m"), ("keys", "create", "--name", "a\x1b[2Jb"),
                  ("import", "/no/\x1b[31m", "--campaign", "c"), ("export", "\u202enope"), ("--\x1b[1m",)]
)  # fmt: skip
def test_arguments_never_act_on_a_terminal(lead: Cli, arguments: tuple[str, ...]) -> None:
    _, output = run_in_terminal([*GONOGO, *arguments], {**lead.env, "NO_COLOR": "1"})
    text = output.decode().replace("\r\n", "\n").replace("\n", "")
    assert text
    assert all(character.isprintable() or character == "\t" for character in text), ascii(text)


SECRET = "ak_live_QX7pcanary_s3cr3tTHATnobodyMAYread0123456789"


@pytest.mark.parametrize(
    "arguments", [("login", SECRET), ("login", "--key", SECRET), (SECRET,), ("login", f"https://x.example/#token={SECRET}"),
                  ("annotate", "--sign-in", "x", SECRET), ("login", SECRET.removeprefix("ak_live_"))]
)  # fmt: skip
def test_a_secret_typed_as_an_argument_is_not_repeated(lead: Cli, arguments: tuple[str, ...]) -> None:
    assert lead(*arguments, code=2) == ""
    assert "canary" not in lead.err
    assert lead.err


HOSTILE = "R5 \x1b]52;c;aGk=\x07\x1b]0;title\x07\x9b31m\x7f\u202e\u200b end"


@pytest.fixture
def hostile(lead: Cli, tmp_path: Path) -> Cli:
    """A campaign whose data acts on terminals."""
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    line = {"part": "p", "drawing": "a.png", "target_kind": "pmi", "prompt": HOSTILE, "field_name": HOSTILE}
    value = {"predicted_value": {"text": HOSTILE, HOSTILE: 1}}
    (tmp_path / "in.jsonl").write_text(json.dumps({**line, **value}))
    lead("import", str(tmp_path / "in.jsonl"), "--campaign", "c")
    return lead


@pytest.mark.parametrize("form", ["jsonl", "csv", "labelstudio"])
def test_an_export_is_clean_on_a_terminal_and_exact_in_a_pipe(hostile: Cli, form: str) -> None:
    command = [*GONOGO, "export", "c", "--format", form]
    code, output = run_in_terminal(command, hostile.env)
    assert code == 0, output
    text = output.decode().replace("\r\n", "\n")
    assert "R5" in text
    assert not set("\x1b\x07\x9b\x7f\u202e\u200b") & set(text)
    piped = subprocess.run(command, capture_output=True, env=hostile.env, timeout=60, check=True).stdout.decode()
    if form == "csv":
        assert HOSTILE in piped
    else:
        assert not set("\x1b\x07\x9b\x7f\u202e\u200b") & set(piped)
        assert HOSTILE in _strings(piped, form)


def _strings(piped: str, form: str) -> list[str]:
    """All strings of an export."""
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            for key, item in value.items():
                walk(key)
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    for document in piped.splitlines() if form == "jsonl" else [piped]:
        walk(json.loads(document))
    return found


def commands(command: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command under `command` that does something, with the words that call it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None and not found.hidden:
            yield from commands(found, *path, name)


def arguments_of(command: click.Command) -> list[str]:
    """Something for each argument and option that it cannot do without."""
    needed = [parameter for parameter in command.params if parameter.required]
    options = [word for each in needed if isinstance(each, click.Option) for word in (each.opts[0], "1")]
    return [*options, *("1" for each in needed if isinstance(each, click.Argument))]


@pytest.mark.parametrize("streams", ["<&- >&- 2>&-", "</dev/null >/dev/full 2>&1"], ids=["closed", "full"])
def test_every_command_ends_in_order_without_its_streams(lead: Cli, tmp_path: Path, streams: str) -> None:
    """With a documented code, not the interpreter's own 120; those that go on until they are stopped are left out."""
    calls = {
        " ".join([*path, *arguments_of(command)])
        for path, command in commands(cli)
        if path not in {("serve",), ("demo",), ("web",), ("campaigns", "watch"), ("config", "edit")}
    }

    def code(call: str) -> int:
        line = f"exec {PROGRAM} {call} {streams}"
        return subprocess.run(["sh", "-c", line], env=lead.env, cwd=tmp_path, timeout=120, check=False).returncode

    with ThreadPoolExecutor(4) as side_by_side:
        ended = dict(zip(calls, side_by_side.map(code, calls), strict=True))
    assert {call: number for call, number in ended.items() if number not in range(6)} == {}
