"""Settings file of one person: reads and validates the TOML file; a bad value gets its default and a notice.

A value that cannot be used is replaced by its default and named in `notices`, with the file, the key and the nearest
known key. The file is written only when a person changes a setting, and keeps their comments.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.paths import AppPaths, private_folder
from gonogo.network import NetworkOptions
from gonogo.schemas.verdicts import VERDICTS, Verdict
from gonogo.sheets.picture_modes import PictureMode

PICTURE_MODES = ("auto", *(mode.value for mode in PictureMode), "none")
KEYMAPS = ("default", "right", "prodigy", "numeric")
VERDICT_WORDS = {word: word for word in VERDICTS} | {"fix": Verdict.INCORRECT.value}
"""The word each verdict action sends, by action; the reference says only "string"."""


Check = Callable[[object], object]
"""Function that returns the usable value, or raises `ValueError` with a reason."""
T = TypeVar("T")


def _whole_number(low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
        if number is None or not low <= number <= high or number != int(number):
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(number)

    return check


def _number(low: float, high: float) -> Callable[[object], float]:
    def check(value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise ValueError(f"must be a number from {low:g} to {high:g}")

    return check


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 1000:
        raise ValueError("must be a text that is not empty")
    return value


def _one_of(*allowed: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return str(value)

    return check


def _yes_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _folders(value: object) -> tuple[Path, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError("must be a list of folder names")
    return tuple(Path(item).expanduser() for item in value)


def _setting(default: T, check: Callable[[object], T], meaning: str) -> T:
    """Declares a plain setting with the check of its value and a sentence about it."""
    return field(default=default, metadata={"check": check, "meaning": meaning})


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """Labeling server known by name."""

    base_url: str
    """Address of the server, without a slash at the end."""
    name: str = ""
    """Name of its table in the settings."""
    redeem_path: str = "/api/v1/gonogo/sessions"
    """Path where a magic link token is exchanged for a session, on servers that chose another."""
    redeem_field: str = "magic_link_token"
    """Name of the token in that request's body."""
    proxy: bool = True
    """Whether the proxy that `HTTPS_PROXY` names is used for this server."""

    @property
    def network(self) -> NetworkOptions:
        """Options of every connection to this server."""
        return NetworkOptions(proxy=self.proxy)


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings with their defaults. Times are in the unit of their name."""

    theme: str = _setting(
        "auto",
        _text,
        "Name of the theme: a shipped one, a file in the themes folder, or `auto`: dark or light as the terminal is.",
    )
    guard_ms: int = _setting(
        200, _whole_number(0, 5000), "Time after the first paint of a question in which verdict keys do not count."
    )
    burst_ms: int = _setting(
        80,
        _whole_number(40, 1000),
        "Least time between two keys of a person; faster ones are pasted text or a key held down.",
    )  # under 40 ms a terminal's replies pass as keys
    undo_seconds: float = _setting(
        3.0, _number(0, 60), "Least time for which the last verdict can be taken back before it is sent."
    )
    idle_seconds: float = _setting(
        60.0, _number(5, 3600), "Time without a key beyond which the rest does not count as work."
    )
    prefetch: int = _setting(5, _whole_number(1, 5), "Most tasks held ahead.")
    picture_mode: str = _setting(
        "auto", _one_of(*PICTURE_MODES), "How drawings are shown in the terminal; `auto` asks it."
    )
    show_pace: bool = _setting(True, _yes_no, "Whether the status line shows the pace and the time left.")
    keymap: str = _setting("default", _one_of(*KEYMAPS), "Preset of the keys.")
    drawing_folders: tuple[Path, ...] = _setting((), _folders, "Folders in which drawings are looked for by part.")
    verdicts: dict[str, str] = field(default_factory=lambda: dict(VERDICT_WORDS))
    """The server's words for the verdict actions."""
    servers: tuple[ServerProfile, ...] = ()
    """Known servers, by name."""
    keys: dict[str, object] = field(default_factory=dict)
    """Own keys as they were written; the registry of actions validates them."""
    path: Path | None = None
    """File that the settings came from."""
    notices: tuple[str, ...] = ()
    """Sentences about values that could not be used."""

    @property
    def base_url(self) -> str | None:
        """Server to offer when none is named: the environment's, else the first in the settings."""
        return environment().base_url or (self.servers[0].base_url if self.servers else None)

    def server(self, base_url: str) -> ServerProfile:
        """Returns the profile of the server at `base_url`, or the defaults."""
        address = base_url.rstrip("/")
        return next((server for server in self.servers if server.base_url == address), ServerProfile(address))


class SettingInfo(NamedTuple):
    """Plain setting: its value, whether that is the default, and what it means."""

    name: str
    value: object
    is_default: bool
    meaning: str


def plain_settings(settings: Settings) -> list[SettingInfo]:
    """Returns the plain settings in the order of their definition."""
    rows = []
    for item in fields(Settings):
        if "check" in item.metadata:
            value = getattr(settings, item.name)
            shown = [str(path) for path in value] if isinstance(value, tuple) else value
            rows.append(SettingInfo(item.name, shown, value == item.default, item.metadata["meaning"]))
    return rows


_CHECKS: dict[str, Check] = {item.name: item.metadata["check"] for item in fields(Settings) if "check" in item.metadata}
_SERVER_CHECKS: dict[str, Check] = {"base_url": _text, "redeem_path": _text, "redeem_field": _text, "proxy": _yes_no}
_TABLES = ("verdicts", "servers", "keys")


def load_profile(home: AppPaths) -> Settings:
    """Returns the settings of one person; see `load`."""
    return load(home.settings_file())


def load(path: Path) -> Settings:
    """Returns the settings in the file at `path`; defaults for what is missing or unusable. Never raises."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Settings(path=path)
    except OSError as error:
        return Settings(path=path, notices=(f"{path}: cannot be read ({error.strerror}); the defaults are used.",))
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return Settings(path=path, notices=(f"{path}: is not valid TOML ({error}); the defaults are used.",))
    return replace(parse(data, str(path)), path=path)


def parse(data: Mapping[str, object], source: str) -> Settings:
    """Returns the settings in `data`; `source` names the file in the notices."""
    notices: list[str] = []
    values = _checked(data, _CHECKS, source, "", notices, extra=_TABLES)
    verdicts = _table(data, "verdicts", source, notices)
    words = _checked(verdicts, dict.fromkeys(VERDICT_WORDS, _text), source, "verdicts.", notices)
    servers = _servers(_table(data, "servers", source, notices), source, notices)
    keys = _table(data, "keys", source, notices)
    return Settings(**values, verdicts=VERDICT_WORDS | words, servers=servers, keys=keys, notices=tuple(notices))


def _servers(tables: Mapping[str, object], source: str, notices: list[str]) -> tuple[ServerProfile, ...]:
    servers = []
    for name, table in tables.items():
        if not isinstance(table, dict):
            notices.append(f"{source}: servers.{name} must be a table with a base_url; it is left out.")
            continue
        values = _checked(table, _SERVER_CHECKS, source, f"servers.{name}.", notices)
        if "base_url" not in values:
            notices.append(f"{source}: servers.{name} has no usable base_url; it is left out.")
            continue
        servers.append(ServerProfile(**(values | {"base_url": values["base_url"].rstrip("/"), "name": name})))
    return tuple(servers)


def _table(data: Mapping[str, object], name: str, source: str, notices: list[str]) -> dict[str, object]:
    table = data.get(name, {})
    if isinstance(table, dict):
        return table
    notices.append(f"{source}: {name} must be a table ([{name}]); it is left out.")
    return {}


def _checked(
    data: Mapping[str, object],
    known: dict[str, Check],
    source: str,
    prefix: str,
    notices: list[str],
    extra: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Returns the usable values of `data`; adds a notice for each of the others."""
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key in extra:
            continue
        if key not in known:
            near = difflib.get_close_matches(key, [*known, *extra], n=1)
            hint = f"; did you mean {prefix}{near[0]}?" if near else "."
            notices.append(f"{source}: {prefix}{key} is not a setting{hint}")
            continue
        try:
            values[key] = known[key](value)
        except ValueError as error:
            notices.append(f"{source}: {prefix}{key} {error}; the default is used.")
    return values


def save_setting(path: Path, key: str, value: object) -> None:
    """Writes one plain setting into the file at `path`, and keeps everything else in it.

    Raises:
        DeskError: the setting is unknown, the value unusable, or the file cannot be read or written.
    """
    require_setting(key)
    try:
        _CHECKS[key](value)
    except ValueError as error:
        raise DeskError(f"{key} {error}.", "Choose another value.") from error
    _rewrite(path, {key: value})


def reset_setting(path: Path, key: str) -> None:
    """Removes one plain setting from the file at `path`, so that its default applies. Raises as `save_setting`."""
    require_setting(key)
    if path.exists():
        _rewrite(path, {key: None})


def require_setting(key: str) -> None:
    """Raises `DeskError` for a name that no plain setting has."""
    if key not in _CHECKS:
        near = difflib.get_close_matches(key, _CHECKS, n=1)
        hint = f"Is {near[0]} meant?" if near else f"The settings are {', '.join(_CHECKS)}."
        raise DeskError(f"{key} is not a setting.", hint)


def _rewrite(path: Path, changes: Mapping[str, object]) -> None:
    """Changes keys of the file, or removes those whose value is `None`; the rest stays as it is written."""
    import tomlkit  # deferred: needed for writing only

    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
        for key, value in changes.items():
            if value is None:
                document.pop(key, None)
            else:
                document[key] = value
        private_folder(path.parent)
        fresh = path.with_suffix(".new")
        fresh.write_text(tomlkit.dumps(document), encoding="utf-8")
        fresh.replace(path)
    except (OSError, UnicodeDecodeError, tomlkit.exceptions.TOMLKitError) as error:
        raise DeskError(
            f"{path} could not be changed: {error}.", "Correct the file by hand, then try again."
        ) from error


@dataclass(frozen=True, slots=True)
class Environment:
    """Overrides of the environment. The key is not part of the `repr`."""

    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)


def environment() -> Environment:
    """Returns `GONOGO_BASE_URL`, and `GONOGO_API_KEY` or `ARCNM_API_KEY`; empty values count as not set."""
    key = os.environ.get("GONOGO_API_KEY") or os.environ.get("ARCNM_API_KEY") or None
    base = (os.environ.get("GONOGO_BASE_URL") or "").strip().rstrip("/")
    return Environment(base or None, key)
