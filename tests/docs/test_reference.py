"""What the manual lists is what the program has: variables, exit codes, settings, keys of a theme, commands."""

from __future__ import annotations

import dataclasses
import re
import shlex
from pathlib import Path

import pytest

from gonogo.cli.main import COMMANDS, cli
from gonogo.cli.support import exit_codes
from gonogo.desk.core.settings import KEYMAPS, PICTURE_MODES, ServerProfile, Settings, plain_settings
from gonogo.tui.theme_files import COLORS, DRAWING
from tests.cli.test_help import ALL
from tests.docs.commands_page import commands_page
from tests.docs.licences_page import packages, unnamed

REPO = Path(__file__).parents[2]
SOURCE = REPO / "src" / "gonogo"
PAGES = [REPO / "README.md", *sorted((REPO / "docs").rglob("*.md"))]
TEXTS = {page: page.read_text("utf-8") for page in PAGES}
MANUAL = "\n".join(TEXTS.values())
SETTINGS = TEXTS[REPO / "docs" / "settings.md"]
SHELL = ("", "sh", "console")
THEMES = sorted((REPO / "themes").glob("*.toml"))


def rows(text: str, *heads: str) -> dict[str, str]:
    """First cell → rest, of the table under the heading `heads[0]` whose head line begins with `heads[1]`."""
    section = text.split(f"\n## {heads[0]}\n")[1].split("\n## ")[0]
    table = section.split(f"\n| {heads[1]} |")[1].split("\n\n")[0].splitlines()[2:]
    return {line.split(" | ")[0].strip("| `"): line.split(" | ", 1)[1] for line in table}


def test_every_variable_of_the_environment_is_in_the_manual_and_none_besides() -> None:
    read = {
        name
        for path in SOURCE.rglob("*.py")
        for name in re.findall(r"(?<!_)\b(?:GONOGO|CENTAUR|ARCNM)_[A-Z_]+\b", path.read_text("utf-8"))
    }
    looked_up = {
        name
        for path in SOURCE.rglob("*.py")
        for name in re.findall(r'environ(?:ment)?(?:\.get\(|\[)"([A-Z][A-Z_]+)"', path.read_text("utf-8"))
    }
    read |= looked_up - {"XDG_CACHE_HOME"}  # set for the child process, never read
    table = SETTINGS.split("\n## Environment\n")[1].split("\n## ")[0]
    documented = set(re.findall(r"`([A-Z_]+)`", table))
    assert read - documented == set()
    assert set(re.findall(r"\b(?:GONOGO|CENTAUR|ARCNM)_[A-Z_]+\b", MANUAL)) - read == {"GONOGO_COMPLETE"} & read


def test_every_exit_code_is_in_the_manual_and_in_help() -> None:
    codes = {value for name, value in vars(exit_codes).items() if name.startswith("EXIT_")}
    assert {int(code) for code in rows(SETTINGS, "Exit codes", "code")} == codes | {0}
    for code in codes - {exit_codes.EXIT_INTERRUPTED}:
        assert re.search(rf"\b{code} [a-z]", cli.epilog or ""), code


def test_every_setting_is_in_the_manual_with_its_default() -> None:
    table = rows(SETTINGS, "Settings", "key")
    assert set(table) == {setting.name for setting in plain_settings(Settings())}
    for setting in plain_settings(Settings()):
        shown = table[setting.name].split(" | ")[0].strip("` ")
        word = str(setting.value).lower() if isinstance(setting.value, bool) else setting.value
        assert shown.strip('"') in (str(word), f"{word:g}" if isinstance(word, float) else word), setting.name
    for setting_name, words in (("picture_mode", PICTURE_MODES), ("keymap", KEYMAPS)):
        assert {word for word in words if f"`{word}`" not in table[setting_name].replace('"', "")} == set()
    for field in dataclasses.fields(ServerProfile):
        assert field.name == "name" or f"`{field.name}`" in SETTINGS


def test_every_theme_and_every_key_of_a_theme_is_in_the_manual() -> None:
    assert {path.stem for path in THEMES if f"`{path.stem}`" not in rows(SETTINGS, "Settings", "key")["theme"]} == set()
    table = rows(SETTINGS, "Themes", "key")
    assert set(re.findall(r"`([a-z]+)`", table["[colors]"])) == set(COLORS)
    assert set(re.findall(r"`([a-z]+)`", table["[drawing]"])) == set(DRAWING)


def test_the_page_of_commands_is_the_command_line() -> None:
    page = TEXTS[REPO / "docs" / "commands.md"]
    assert page == commands_page(), "python -m tests.docs.commands_page > docs/commands.md"
    assert "` |  |" not in page, "an option without a help text"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_commands_that_a_page_names_exist_with_their_options(page: Path) -> None:
    text = TEXTS[page]
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ") for kind, block in blocks if kind in SHELL for line in block.splitlines()]
    shown = [line for line in lines if line.startswith("gonogo ")]
    shown += [line for line in re.findall(r"`(gonogo [^`\n]+)`", text) if "…" not in line]
    for line in shown:
        words = shlex.split(re.split(r" [|>&]|  #", line)[0])[1:]
        if not words or words[0].startswith("-") or words[0].isupper():
            continue  # an option of every command; a word that stands for any command
        path = tuple(words[:2]) if tuple(words[:2]) in ALL else tuple(words[:1])
        assert path in ALL, f"`{line}`: there is no such command"
        assert path[0] in COMMANDS, f"`{line}`: an earlier name"
        known = {name for option in ALL[path].params for name in (*option.opts, *option.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= known | {"--help"}, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_benchmarks_that_a_page_names_can_be_run_so(page: Path) -> None:
    from tests.benchmarks.__main__ import BENCHMARKS

    for name in re.findall(r"python -m\s+tests\.benchmarks\.([a-z_]+)", TEXTS[page]):
        assert (REPO / "tests" / "benchmarks" / f"{name}.py").exists(), name
    for words in re.findall(r"python -m\s+tests\.benchmarks ([a-z_ ]+)`", TEXTS[page]):
        assert set(words.split()) <= set(BENCHMARKS), words


def test_every_package_stands_on_the_page_of_licences() -> None:
    page = TEXTS[REPO / "docs" / "licences.md"]
    assert unnamed(page, packages()) == [], "python -m tests.docs.licences_page > docs/licences.md"
    assert "psycopg" in page
    assert "certifi" in page


def test_no_other_package_than_the_page_names_has_a_copyleft_licence() -> None:
    assert {part.name for part in packages() if "GPL" in part.licence or "MPL" in part.licence} == {
        *("certifi", "psycopg", "psycopg-binary")
    }


def _anchor(heading: str) -> str:
    """The heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_links_to_a_heading_lead_to_one(page: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)\s]*#[^)\s]+)\)", TEXTS[page]):
        target, _, anchor = link.partition("#")
        if "://" not in target:
            headings = re.findall(
                r"^#+ (.*)$", TEXTS[(page.parent / target).resolve() if target else page], re.MULTILINE
            )
            dead += [link] if anchor not in map(_anchor, headings) else []
    assert dead == []


def test_the_index_leads_to_every_page() -> None:
    index = TEXTS[REPO / "docs" / "index.md"]
    pages = [
        path.name for path in (REPO / "docs").iterdir() if path.suffix in (".md", ".html") and path.stem != "index"
    ]
    assert [name for name in pages if f"]({name})" not in index] == []
