"""Textual app: loads themes and keys, handles signals, and shows notices; `navigation` chooses the screens."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual import on
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.events import Key
from textual.filter import LineFilter
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.settings import save_setting
from gonogo.tui import actions
from gonogo.tui import theme_files as themes
from gonogo.tui.crash_report import crash_report
from gonogo.tui.first_frame import attach
from gonogo.tui.navigation import Navigator, Start
from gonogo.tui.palette import ActionCommands
from gonogo.tui.screens.common.choice import ChoiceScreen
from gonogo.tui.screens.common.error_details import ErrorDetailsScreen
from gonogo.tui.screens.common.help import HelpScreen
from gonogo.tui.startup_shortcuts import FIRST_SCREEN_STYLES, ParsedTheme, exempt_startup_objects
from gonogo.tui.terminal.capabilities import TERMINALS, TerminalCapabilities, ask_tmux, window_cell
from gonogo.tui.text import CleanFilter, plain
from gonogo.tui.widgets.key_footer import refuse_under_dialog
from gonogo.tui.widgets.task.task_pane import TaskPane

if TYPE_CHECKING:
    from textual.driver import Driver

    from gonogo.client.errors import GonogoClientError
    from gonogo.desk.account.account_service import Account
    from gonogo.desk.review.models import Draft
    from gonogo.tui.first_frame import FirstFrame
    from gonogo.tui.terminal.probe import Probe

NOTICE_SECONDS = 1.5
"""Time in which a notice can't have been read, so that the next one comes beside it."""
THEME_SECONDS = 1.0
"""Seconds between two looks at a person's theme files."""


class GonogoApp(App[None]):
    """Textual application. `services` opens sessions; network and disk stay behind it."""

    CSS_PATH: ClassVar[Any] = FIRST_SCREEN_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [*actions.EVERYWHERE.bindings()]
    COMMANDS = {ActionCommands}
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    TITLE = "gonogo"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (64, "-normal"), (104, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (14, "-short"), (20, "-medium"), (32, "-tall")]

    def __init__(
        self,
        services: Account,
        *,
        start: Start = "auto",
        campaign_id: str | None = None,
        campaign: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        theme_folders: Sequence[Path] | None = None,
        first: FirstFrame | None = None,
        terminal: TerminalCapabilities | None = None,
        probe: Probe | None = None,
    ) -> None:
        self.services = services
        self.terminal = terminal or TerminalCapabilities(os.environ, services.home.state() / TERMINALS)
        self.probe = probe
        self.clock = clock
        self._clean = CleanFilter()
        self._theme_files, self._theme_problems = self._load_themes(theme_folders)
        self.keymap_problems: tuple[str, ...] = ()
        self.own_keys: dict[str, str] = {}
        self._has_painted = False
        self._notices: list[tuple[float, str]] = []
        self.drafts: dict[str, str] = {}
        """Unsent corrections by task id; they outlive a screen, so signing in again loses nothing."""
        self.ruling_drafts: dict[str, Draft] = {}
        """Notes, error types and gold proposals of rulings to come, by task id."""
        super().__init__()
        if first is not None:
            attach(self, first)
        self.navigator = Navigator(
            self, services, self.show_notice, clock=clock, start=start, campaign_id=campaign_id, campaign=campaign
        )
        for theme_file in self._theme_files.values():
            self.register_theme(theme_file.theme())
        self._theme_states = themes.saved_states(services.home.themes())
        self._theme_setting = self._first_theme()
        self.show_theme(self._theme_setting)
        self._parsed_theme = ParsedTheme(self)

    # --- themes ----------------------------------------------------------------------------------------

    def _load_themes(self, folders: Sequence[Path] | None) -> tuple[dict[str, themes.ThemeFile], list[str]]:
        if folders is None:
            folders = [themes.themes_folder(), self.services.home.themes()]
        files, problems = themes.load_themes(folders)
        if themes.FALLBACK not in files:
            files[themes.FALLBACK] = themes.emergency_theme()
        return files, problems

    def _first_theme(self) -> str:
        name = self.services.profile.theme
        if name in self._theme_files or name == themes.AUTOMATIC:
            return name
        if name:
            self._theme_problems.append(f"There is no usable theme named {plain(name, 40)}; dark is shown.")
        return themes.FALLBACK

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return next(iter(self._theme_files.values())).variables() if self._theme_files else {}

    def get_driver_class(self) -> type[Driver]:
        driver = super().get_driver_class()
        if driver.__name__ != "LinuxDriver":
            return driver
        from gonogo.tui.terminal.driver import TerminalDriver  # Unix only

        return TerminalDriver

    def refresh_css(self, animate: bool = True) -> None:
        if self._parsed_theme.has_changed(self):
            super().refresh_css(animate)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [self._clean, *super().get_line_filters()]

    @property
    def theme_files(self) -> list[themes.ThemeFile]:
        return [self._theme_files[name] for name in sorted(self._theme_files)]

    def action_themes(self) -> None:
        def keep(name: str | None) -> None:
            if name is None:
                self.show_theme(self._theme_setting)
            else:
                self.choose_theme(name)

        if not isinstance(self.screen, ChoiceScreen):
            names = [(each.name, each.title) for each in self.theme_files]
            entries = [(themes.AUTOMATIC, "As the terminal: dark or light"), *names]
            self.push_screen(ChoiceScreen("Theme", entries, self._theme_setting, preview=self.show_theme), keep)

    def show_theme(self, name: str) -> None:
        """Shows theme `name` until another is shown; `auto` is light on a light terminal, else dark."""
        if name == themes.AUTOMATIC:
            name = (
                themes.LIGHT if self.terminal.answers.light and themes.LIGHT in self._theme_files else themes.FALLBACK
            )
        self.theme = name

    def choose_theme(self, name: str) -> None:
        """Shows theme `name` now and at the next start."""
        self._theme_setting = name
        self.show_theme(name)
        self.remember("theme", name)

    def _terminal_answered(self) -> None:
        """Follows the background of a terminal that answered late, unless a theme was chosen."""
        if self._theme_setting == themes.AUTOMATIC:
            self.show_theme(themes.AUTOMATIC)

    def _reload_saved_themes(self) -> None:
        """Shows a person's theme anew when its file is saved; of a broken file the last usable state stays."""
        states = themes.saved_states(self.services.home.themes())
        if states == self._theme_states:
            return
        self._theme_states = states
        files, problems = themes.load_themes([self.services.home.themes()])
        for problem in problems:
            self.show_notice(problem, warning=True)
        for name, theme_file in files.items():
            if self._theme_files.get(name) != theme_file:
                self._theme_files[name] = theme_file
                self.register_theme(theme_file.theme())
                if name == self.theme:
                    self._repaint()

    def _repaint(self) -> None:
        """Applies the present theme again to every widget, whose styles Textual keeps by the theme's name."""
        self.refresh_css(animate=False)
        for screen in self.screen_stack:
            for widget in screen.walk_children(Widget, with_self=True):
                widget.notify_style_update()
                widget.refresh(repaint=True)

    def remember(self, setting: str, value: object) -> None:
        """Saves a setting for the next start; shows a notice if that fails."""
        try:
            save_setting(self.services.home.settings_file(), setting, value)
        except DeskError as error:
            self.show_notice(f"{error} {error.next_step}", warning=True)

    # --- start ------------------------------------------------------------------------------------------

    async def on_mount(self) -> None:
        self.terminal.subscribe(self._terminal_answered)
        self._use_keymap()
        for problem in [*self.services.profile.notices, *self._theme_problems, *self.keymap_problems]:
            self.show_notice(problem, warning=True, seconds=10)
        self.set_interval(THEME_SECONDS, self._reload_saved_themes)
        await self.navigator.show_first_screen()

    @on(TaskPane.Painted)
    def _task_painted(self) -> None:
        if not (self.is_headless or self._has_painted):  # a test shares its process with other apps
            self._has_painted = True
            exempt_startup_objects()

    def _use_keymap(self) -> None:
        profile, path = self.services.profile, self.services.home.config() / "keys.toml"
        if profile.keymap == "default" and not profile.keys and not path.exists():
            return
        from gonogo.tui.keymaps import load_keymap  # deferred: 2 ms, and most starts have the default keys

        keymap = load_keymap(path, profile.keymap, profile.keys)
        self.keymap_problems = keymap.problems
        self.own_keys = dict(keymap.keys)
        self.set_keymap(keymap.for_textual())

    async def on_unmount(self) -> None:
        await self.navigator.close_session()
        await self.services.aclose()

    def on_key(self, event: Key) -> None:
        """Says under a dialog that an answer key does not count."""
        if isinstance(self.screen, ModalScreen) and len(self.screen_stack) > 1:
            refuse_under_dialog(self.screen_stack[-2], event.key)

    def on_app_focus(self) -> None:
        if self.navigator.session is not None:
            self.navigator.session.focused(True)

    def on_app_blur(self) -> None:
        if self.navigator.session is not None:
            self.navigator.session.focused(False)

    async def action_sign_out(self) -> None:
        await self.navigator.close_session()
        await self.services.sign_out()
        self.navigator.show_sign_in("You are signed out.")

    async def action_review(self) -> None:
        await self.navigator.show_review()

    def action_whole_sheet(self) -> None:
        self.navigator.show_whole_sheet()

    def action_switch(self) -> None:
        self.navigator.show_switch()

    def action_practice(self) -> None:
        self.navigator.show_practice()

    def action_lead(self) -> None:
        self.navigator.show_campaigns()

    def action_results(self) -> None:
        self.navigator.show_results()

    def action_keys(self) -> None:
        if not isinstance(self.screen, HelpScreen):
            scopes = getattr(self.screen, "ACTION_SCOPES", (actions.ANNOTATE,))
            self.push_screen(HelpScreen(self.own_keys, scopes))

    def action_error_details(self) -> None:
        if not isinstance(self.screen, ErrorDetailsScreen):
            self.push_screen(ErrorDetailsScreen(self.services.last_error))

    # --- notices ---------------------------------------------------------------------------------------

    def show_notice(self, text: str, *, warning: bool = False, error: bool = False, seconds: float = 5) -> None:
        """Shows a short notice in place of the one before; with it, if that was a warning a moment ago.

        The only caller of `notify`: its text is never markup.
        """
        now = self.clock()
        self._notices = [(at, words) for at, words in self._notices if now - at < NOTICE_SECONDS and words != text]
        severity: Literal["information", "warning", "error"] = (
            "error" if error else "warning" if warning else "information"
        )
        shown = " ".join([*(words for _, words in self._notices), text])
        if warning or error:
            self._notices.append((now, text))
        self.notify(plain(shown, 600), severity=severity, timeout=seconds, markup=False)

    def show_error(self, error: DeskError | GonogoClientError) -> None:
        """Shows what happened and what to do now, long enough to be read."""
        self.show_notice(f"{error} {error.next_step}", error=True, seconds=15)

    def on_notify(self) -> None:
        """Takes the notice away that is shown, before Textual adds the new one, and keeps it off the value."""
        self.clear_notifications()
        self.screen.query("ToastRack").set_class(bool(self.screen.query("TaskPane.-below")), "-top")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Returns no command of Textual: the palette shows our registry, and no screenshot of a drawing is saved."""
        return ()

    def _fatal_error(self) -> None:
        # Textual's own version prints the local variables of every frame, tokens included, and there is no public
        # way to replace it; a test holds this name against the framework. `panic` shows ours after the screen.
        self.panic(crash_report(sys.exc_info()[1], self.services.home.log_file()))


def make_app(
    services: Account,
    *,
    start: Start = "auto",
    campaign_id: str | None = None,
    campaign: str | None = None,
    first: FirstFrame | None = None,
    probe: Probe | None = None,
) -> GonogoApp:
    """Application as the command line starts it; `first` is the frame already on the screen.

    `probe` has sent its questions to the terminal.
    """
    answers = probe.collect() if probe is not None else None
    terminal = TerminalCapabilities(
        os.environ, services.home.state() / TERMINALS, answers=answers, pixels=window_cell, tmux=ask_tmux
    )
    return GonogoApp(
        services,
        start=start,
        campaign_id=campaign_id,
        campaign=campaign,
        first=first,
        terminal=terminal,
        probe=probe,
    )
