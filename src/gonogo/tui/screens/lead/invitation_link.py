"""Invitation link screen: shows a new link on one line, this once, and copies it by a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from gonogo.tui.text import content, one_line, styled

if TYPE_CHECKING:
    from gonogo.schemas.labeling import CampaignAssignmentCreated

MAX_LINK = 2_000
EMBEDDED_HOST = "embedded.localhost"
"""Host of links that the workspace inside this program makes: no other computer reaches it."""


class InvitationLinkScreen(ModalScreen[None]):
    """Link of a new invitation. `c` puts it into the clipboard by OSC 52, which terminals pass on over ssh, too."""

    CSS_PATH = "invitation_link.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "copy", show=False),
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
            yield Static(Content.styled(one_line(self._link, MAX_LINK), "$accent"), id="link", markup=False)
            yield Static(content(f"Send it to this person only. It is shown this once{once}.{here}"), markup=False)
            yield Static(_keys("copies it"), id="hint", markup=False)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._link)
        self.hint.update(_keys("copies it again", "Sent to the clipboard; some terminals refuse it.   "))


def _keys(copy: str, before: str = "") -> Content:
    return Content.assemble(
        (before, "$correct"), ("c", "bold $accent"), (f" {copy}   ", "$quiet"),
        ("Esc", "bold $accent"), (" closes", "$quiet"),
    )  # fmt: skip
