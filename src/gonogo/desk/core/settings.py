"""Settings of one person: a TOML file, validated as a whole, never a reason not to start.

A value that cannot be used is replaced by its default and named in `notices`, with the file, the key and the nearest
known key. The file is written only when a person changes a setting, and keeps their comments.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.paths import AppPaths, private_folder
from gonogo.schemas.verdicts import VERDICTS, Verdict
from gonogo.sheets.picture_modes import PictureMode

PICTURE_MODES = ("auto", *(mode.value for mode in PictureMode), "none")
KEYMAPS = ("default", "right", "prodigy", "numeric")
VERDICT_WORDS = {word: word for word in VERDICTS} | {"fix": Verdict.INCORRECT.value}
"""The word each verdict action sends, by action; the reference says only "string"."""


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """A labeling server this person knows. Redeem path and field are for servers that chose another way to sign in."""

    base_url: str
    name: str = ""
    redeem_path: str = "/api/v1/gonogo/sessions"
    redeem_field: str = "magic_link_token"


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default. Times in the unit of their name; `prefetch` is the most tasks held ahead.

    `keys` is the keymap as it was written; whoever owns the actions validates it. `path` is the file it came from.
    """

    theme: str = "dark"
    guard_ms: int = 200
    burst_ms: int = 80
    undo_seconds: float = 3.0
    idle_seconds: float = 60.0
    prefetch: int = 5
    picture_mode: str = "auto"
    show_pace: bool = True
    keymap: str = "default"
    drawing_folders: tuple[Path, ...] = ()
    verdicts: dict[str, str] = field(default_factory=lambda: dict(VERDICT_WORDS))
    servers: tuple[ServerProfile, ...] = ()
    keys: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None
    notices: tuple[str, ...] = ()

    @property
    def base_url(self) -> str | None:
        """The server to offer when none is named: of the environment, else the first in the settings."""
        return environment().base_url or (self.servers[0].base_url if self.servers else None)

    def server(self, base_url: str) -> ServerProfile:
        """What the settings say of the server at `base_url`, or its defaults."""
        wanted = base_url.rstrip("/")
        return next((one for one in self.servers if one.base_url == wanted), ServerProfile(wanted))


Check = Callable[[Any], Any]


def _number(low: float, high: float, *, whole: bool = True) -> Check:
    def check(value: Any) -> Any:
        good = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        if not good or (whole and value != int(value)):
            raise ValueError(f"must be {'a whole number' if whole else 'a number'} from {low:g} to {high:g}")
        return int(value) if whole else float(value)

    return check


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 1000:
        raise ValueError("must be a text that is not empty")
    return value


def _one_of(*allowed: str) -> Check:
    def check(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return str(value)

    return check


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _folders(value: Any) -> tuple[Path, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError("must be a list of folder names")
    return tuple(Path(item).expanduser() for item in value)


_PLAIN: dict[str, Check] = {
    "theme": _text,
    "guard_ms": _number(0, 5000),
    "burst_ms": _number(40, 1000),  # under 40 ms a terminal's answers pass as keys
    "undo_seconds": _number(0, 60, whole=False),
    "idle_seconds": _number(5, 3600, whole=False),
    "prefetch": _number(1, 5),
    "picture_mode": _one_of(*PICTURE_MODES),
    "show_pace": _yes_no,
    "keymap": _one_of(*KEYMAPS),
    "drawing_folders": _folders,
}
_SERVER: dict[str, Check] = {"base_url": _text, "redeem_path": _text, "redeem_field": _text}
_TABLES = ("verdicts", "servers", "keys")


def load_profile(home: AppPaths) -> Settings:
    """The settings of one person; see `load`."""
    return load(home.settings_file())


def load(path: Path) -> Settings:
    """The settings in the file at `path`; defaults for what is missing or cannot be used. Never raises."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Settings(path=path)
    except OSError as error:
        return Settings(path=path, notices=(f"{path}: cannot be read ({error.strerror}); the defaults are used.",))
    import tomllib

    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return Settings(path=path, notices=(f"{path}: is not valid TOML ({error}); the defaults are used.",))
    return replace(parse(data, str(path)), path=path)


def parse(data: dict[str, Any], source: str) -> Settings:
    """The settings in `data`; `source` names the file in the notices."""
    notices: list[str] = []
    found = _checked(data, _PLAIN, source, "", notices, extra=_TABLES)
    verdicts = _table(data, "verdicts", source, notices)
    chosen = _checked(verdicts, dict.fromkeys(VERDICT_WORDS, _text), source, "verdicts.", notices)
    servers = _servers(_table(data, "servers", source, notices), source, notices)
    keys = _table(data, "keys", source, notices)
    return Settings(**found, verdicts=VERDICT_WORDS | chosen, servers=servers, keys=keys, notices=tuple(notices))


def _servers(tables: dict[str, Any], source: str, notices: list[str]) -> tuple[ServerProfile, ...]:
    servers = []
    for name, table in tables.items():
        if not isinstance(table, dict):
            notices.append(f"{source}: servers.{name} must be a table with a base_url; it is left out.")
            continue
        found = _checked(table, _SERVER, source, f"servers.{name}.", notices)
        if "base_url" not in found:
            notices.append(f"{source}: servers.{name} has no usable base_url; it is left out.")
            continue
        servers.append(ServerProfile(**(found | {"base_url": found["base_url"].rstrip("/"), "name": name})))
    return tuple(servers)


def _table(data: dict[str, Any], name: str, source: str, notices: list[str]) -> dict[str, Any]:
    table = data.get(name, {})
    if isinstance(table, dict):
        return table
    notices.append(f"{source}: {name} must be a table ([{name}]); it is left out.")
    return {}


def _checked(
    data: dict[str, Any],
    known: dict[str, Check],
    source: str,
    prefix: str,
    notices: list[str],
    extra: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The usable values of `data`; a notice for each of the others."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        if key in extra:
            continue
        if key not in known:
            near = difflib.get_close_matches(key, [*known, *extra], n=1)
            hint = f"; did you mean {prefix}{near[0]}?" if near else "."
            notices.append(f"{source}: {prefix}{key} is not a setting{hint}")
            continue
        try:
            found[key] = known[key](value)
        except ValueError as error:
            notices.append(f"{source}: {prefix}{key} {error}; the default is used.")
    return found


def save_setting(path: Path, key: str, value: Any) -> None:
    """Write one plain setting into the file at `path`, keeping everything else in it as it is.

    Raises:
        DeskError: the setting is unknown, the value unusable, or the file cannot be read or written.
    """
    if key not in _PLAIN:
        raise DeskError(f"{key} is not a setting.", f"The settings are {', '.join(_PLAIN)}.")
    try:
        _PLAIN[key](value)
    except ValueError as error:
        raise DeskError(f"{key} {error}.", "Choose another value.") from error
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
        document[key] = value
        private_folder(path.parent)
        fresh = path.with_suffix(".new")
        fresh.write_text(tomlkit.dumps(document), encoding="utf-8")
        fresh.replace(path)
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise DeskError(
            f"{path} could not be changed: {error}.", "Correct the file by hand, then try again."
        ) from error


@dataclass(frozen=True, slots=True)
class Environment:
    """What the environment overrides. The key never shows itself."""

    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)


def environment() -> Environment:
    """`GONOGO_BASE_URL`, and `GONOGO_API_KEY` or `ARCNM_API_KEY`; empty values count as not set."""
    key = os.environ.get("GONOGO_API_KEY") or os.environ.get("ARCNM_API_KEY") or None
    base = (os.environ.get("GONOGO_BASE_URL") or "").strip().rstrip("/")
    return Environment(base or None, key)
