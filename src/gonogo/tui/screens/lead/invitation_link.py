"""Invitation link screen: shows a new link on one line, this once; keys copy it or write it into a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from gonogo.desk.core.paths import private_file
from gonogo.tui.app_protocol import app_of
from gonogo.tui.text import content, one_line, styled

if TYPE_CHECKING:
    from gonogo.schemas.labeling import CampaignAssignmentCreated

MAX_LINK = 2_000
EMBEDDED_HOST = "embedded.localhost"
"""Host of links that the workspace inside this program makes: no other computer reaches it."""


class LinkLine(Static):
    """Link on one line: a link that is wider than the screen is shortened in its middle."""

    def __init__(self, link: str) -> None:
        super().__init__(id="link", markup=False)
        self._link = link

    def render(self) -> Content:
        return Content.styled(shortened(self._link, self.size.width), "$accent")


def shortened(link: str, width: int) -> str:
    """Returns `link` in at most `width` characters: its first and last ones, with `…` between."""
    if len(link) <= width:
        return link
    tail = max(width // 4, 1)
    return f"{link[: max(width - tail - 1, 0)]}…{link[-tail:]}"


class InvitationLinkScreen(ModalScreen[None]):
    """Link of a new invitation. `c` puts it into the clipboard by OSC 52, which terminals pass on over ssh, too."""

    CSS_PATH = "invitation_link.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "copy", show=False),
        Binding("w", "write", "write", show=False),
        Binding("escape", "dismiss(None)", show=False),
    ]

    hint = getters.query_one("#hint", Static)

    def __init__(self, invitation: CampaignAssignmentCreated, address: str) -> None:
        super().__init__()
        self._link = one_line(invitation.magic_link_url or invitation.magic_link_token, MAX_LINK)
        self._is_link = bool(invitation.magic_link_url)
        self._address = address
        host = urlsplit(self._link).hostname if self._is_link else None
        self._only_here = host == EMBEDDED_HOST

    def compose(self) -> ComposeResult:
        kind = "link" if self._is_link else "token"
        once = " and works once" if self._is_link else "; your server decides how long it works"
        here = " It works in gonogo on this computer only: a team needs `gonogo serve`." if self._only_here else ""
        with Vertical(id="invited"):
            yield Static(styled(f"{kind.capitalize()} for {self._address}", "bold $strong"), markup=False)
            yield LinkLine(self._link)
            yield Static(content(f"Send it to this person only. It is shown this once{once}.{here}"), markup=False)
            yield Static(_keys(), id="hint", markup=False)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._link)
        self.hint.update(_keys(Content.styled("Sent to the clipboard; some terminals refuse it.", "$correct")))

    async def action_write(self) -> None:
        """Writes the link into a file that only this account can read; the next one replaces it."""
        path = app_of(self).services.home.state() / "invitation-link.txt"
        try:
            await asyncio.to_thread(_write, path, self._link)
        except OSError as error:
            self.hint.update(_keys(content(f"{path} can't be written: {error.strerror or error}.")))
        else:
            self.hint.update(_keys(content(f"Written to {path}; delete it when the link is sent.")))


def _write(path: Path, link: str) -> None:
    private_file(path).write_text(link + "\n", encoding="utf-8")


def _keys(before: Content | None = None) -> Content:
    keys = Content.assemble(
        ("c", "bold $accent"), (" copies it   ", "$quiet"),
        ("w", "bold $accent"), (" writes it to a file   ", "$quiet"),
        ("Esc", "bold $accent"), (" closes", "$quiet"),
    )  # fmt: skip
    return keys if before is None else Content("\n").join([before, keys])
