"""Settings: a mistake is named and costs nothing but itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import Settings, environment, load, load_profile, parse, save_setting


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_means_defaults_and_nothing_is_made(tmp_path: Path) -> None:
    home = AppPaths(tmp_path / "new")
    assert load_profile(home).undo_seconds == 3.0
    assert load_profile(home).notices == ()
    assert not (tmp_path / "new").exists()


def test_settings_are_read(tmp_path: Path) -> None:
    text = """
theme = "paper"
undo_seconds = 1.5
prefetch = 3
drawing_folders = ["/drawings"]
[verdicts]
correct = "ok"
[servers.work]
base_url = "https://labels.example.com/"
redeem_path = "/sign-in"
[keys]
"annotate.correct" = "y"
"""
    profile = load(write(tmp_path / "settings.toml", text))
    assert profile.notices == ()
    assert (profile.theme, profile.undo_seconds, profile.prefetch) == ("paper", 1.5, 3)
    assert profile.verdicts["correct"] == "ok"
    assert profile.verdicts["unsure"] == "unsure"
    assert profile.base_url == "https://labels.example.com"
    assert profile.server("https://labels.example.com").redeem_path == "/sign-in"
    assert profile.keys == {"annotate.correct": "y"}


def test_each_mistake_is_named_with_file_and_key(tmp_path: Path) -> None:
    text = 'theme = 5\nguard_msec = 100\nprefetch = 9\nundo_seconds = 2\nverdicts = 3\n[servers.a]\nname = "x"\n'
    path = write(tmp_path / "settings.toml", text)
    profile = load(path)
    assert profile.theme == Settings().theme
    assert profile.undo_seconds == 2.0
    assert all(notice.startswith(str(path)) for notice in profile.notices)
    said = " ".join(profile.notices)
    for words in (
        "theme must be",
        "did you mean guard_ms?",
        "prefetch must be",
        "verdicts must be",
        "servers.a has no",
    ):
        assert words in said


@pytest.mark.parametrize("raw", [b"theme = ", b"\xff\xfe", b"[" * 5000])
def test_a_file_that_is_no_toml_falls_back(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(raw)
    profile = load(path)
    assert profile.theme == Settings().theme
    assert "defaults are used" in profile.notices[0]


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
KEYS = st.sampled_from(["theme", "guard_ms", "prefetch", "verdicts", "servers", "keys", "show_pace"]) | st.text(
    max_size=5
)


@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_whatever_is_in_the_file_a_profile_comes_out(data: dict[str, Any]) -> None:
    profile = parse(data, "settings.toml")
    assert 1 <= profile.prefetch <= 5
    assert set(profile.verdicts) == {"correct", "incorrect", "fix", "unsure"}


def test_a_setting_is_written_and_comments_stay(tmp_path: Path) -> None:
    path = write(tmp_path / "settings.toml", '# mine\ntheme = "dark" # for the evening\n')
    save_setting(path, "theme", "paper")
    assert path.read_text(encoding="utf-8") == '# mine\ntheme = "paper" # for the evening\n'
    with pytest.raises(DeskError, match="not a setting"):
        save_setting(path, "themes", "x")
    with pytest.raises(DeskError, match="prefetch must be"):
        save_setting(path, "prefetch", 99)


def test_the_environment_overrides_and_hides_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONOGO_BASE_URL", "https://env.example.com/")
    monkeypatch.setenv("ARCNM_API_KEY", "ak_live_secret")
    env = environment()
    assert env.base_url == "https://env.example.com"
    assert env.api_key == "ak_live_secret"
    assert "secret" not in repr(env)
    monkeypatch.setenv("GONOGO_API_KEY", "ak_live_ours")
    assert environment().api_key == "ak_live_ours"
    assert Settings().base_url == "https://env.example.com"


def test_one_variable_moves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONOGO_HOME", str(tmp_path / "h"))
    home = AppPaths()
    assert {home.config().parent, home.data().parent, home.state().parent, home.cache().parent} == {tmp_path / "h"}
    monkeypatch.delenv("GONOGO_HOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert AppPaths().config() == tmp_path / "xdg" / "gonogo"
