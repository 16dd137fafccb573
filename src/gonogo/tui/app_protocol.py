"""Protocols of the application and its navigator for screens, widgets and the palette.

Screens import this module instead of `app`, which imports them: the imports of `tui` run one way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from textual.dom import DOMNode

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    from gonogo.client.errors import GonogoClientError
    from gonogo.desk.account.account_service import Account
    from gonogo.desk.account.identity import SignedIn
    from gonogo.desk.annotate.session import AnnotateSession
    from gonogo.desk.core.errors import DeskError
    from gonogo.desk.review.models import Draft
    from gonogo.desk.review.session import ReviewSession
    from gonogo.tui.terminal.capabilities import TerminalCapabilities
    from gonogo.tui.theme_files import ThemeFile


class NavigatorProtocol(Protocol):
    """Navigator as screens see it; see `navigation.Navigator`."""

    session: AnnotateSession | ReviewSession | None
    campaign_id: str
    reviewing: bool
    standalone_screen: Callable[[], Screen[None]] | None

    def show_sign_in(self, reason: str = "", *, embedded: bool = False, back: bool = False) -> None: ...
    async def switch_login(self, signed: SignedIn) -> None: ...
    async def open_workspace(self) -> None: ...
    async def show_review(self) -> None: ...
    async def open_after_sign_in(self, signed: SignedIn) -> None: ...
    async def open_campaign(self, signed: SignedIn, campaign_id: str) -> None: ...
    async def look_in_workspace(self, campaign: str) -> bool: ...
    async def open_review(self, signed: SignedIn, campaign_id: str, task_id: str = "") -> None: ...
    def show_practice(self) -> None: ...
    def show_campaigns(self) -> None: ...
    def show_annotators(self, signed: SignedIn, campaign_id: str, name: str) -> None: ...
    def show_candidates(self, signed: SignedIn, campaign_id: str, name: str) -> None: ...
    def show_model(self, signed: SignedIn, campaign_id: str, name: str) -> None: ...


class AppProtocol(Protocol):
    """Application as screens and widgets see it: services, settings, notices; see `app.GonogoApp`."""

    services: Account
    terminal: TerminalCapabilities
    navigator: NavigatorProtocol
    clock: Callable[[], float]
    own_keys: dict[str, str]
    drafts: dict[str, str]
    ruling_drafts: dict[str, Draft]

    @property
    def theme_files(self) -> list[ThemeFile]: ...
    def show_notice(self, text: str, *, warning: bool = False, error: bool = False, seconds: float = 5) -> None: ...
    def show_error(self, error: DeskError | GonogoClientError) -> None: ...
    def remember(self, setting: str, value: object) -> None: ...
    def show_theme(self, name: str) -> None: ...
    def choose_theme(self, name: str) -> None: ...
    def clear_notifications(self) -> None: ...


class AppGetter:
    """Descriptor that returns the typed application of a node: `textual.getters.app` for a protocol."""

    def __get__(self, node: DOMNode, owner: type[DOMNode]) -> AppProtocol:
        return app_of(node)


class HasApp(Protocol):
    """Node of Textual's tree, or a command provider."""

    @property
    def app(self) -> App[object]: ...


def app_of(node: HasApp) -> AppProtocol:
    """Returns the application that `node` belongs to."""
    return cast(AppProtocol, node.app)
