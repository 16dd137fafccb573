"""Sign-in screen: an invitation link or token, an API key, or the workspace on this computer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import Paste
from textual.screen import Screen
from textual.widgets import Button, Input, Static

from gonogo.client.errors import GonogoClientError
from gonogo.client.magic_link_parser import link_in
from gonogo.desk.account.identity import THIS_RUN
from gonogo.desk.core.errors import DeskError
from gonogo.tui.app_protocol import app_of
from gonogo.tui.screens.common.confirm import ConfirmScreen
from gonogo.tui.text import content

if TYPE_CHECKING:
    from gonogo.desk.account.account_service import Account
    from gonogo.desk.account.identity import SignedIn


class LinkInput(Input):
    """Field of an invitation link. Pasted text may be a whole mail with a link in it, which signs in at once."""

    def on_paste(self, event: Paste) -> None:
        """Takes the paste instead of `Input`, which keeps the first line of it alone."""
        event.prevent_default()
        event.stop()
        self.take(event.text)

    def take(self, text: str) -> None:
        """Puts pasted `text` into the field, and submits it if it is a link."""
        link = link_in(text)
        self.value = link or " ".join(text.split())
        if link:
            self.call_next(self.action_submit)


class SignInScreen(Screen[None]):
    """Sign-in form. Credentials go to `services` alone; the fields are emptied after use."""

    CSS_PATH = "sign_in.tcss"
    AUTO_FOCUS = "#link"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", show=False)]

    link = getters.query_one("#link", LinkInput)
    key = getters.query_one("#key", Input)
    server = getters.query_one("#server", Input)
    message = getters.query_one("#message", Static)

    def __init__(self, reason: str = "", *, embedded: bool = False, back: bool = False) -> None:
        super().__init__()
        self._back = back
        self._embedded = embedded
        self._reason = reason
        self._busy = False
        self._first_start = False

    @property
    def services(self) -> Account:
        return app_of(self).services

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="form", can_focus=False):
            yield Static(Content.assemble(("gonogo", "bold $accent"), ("   sign in", "$foreground")), markup=False)
            yield Static("Invitation link or token", classes="label", markup=False)
            yield LinkInput(id="link", placeholder="paste it here", password=True, max_length=4_000)
            yield Static("or an API key", classes="label", markup=False)
            yield Input(id="key", placeholder="ak_live_…", password=True, max_length=500)
            yield Static("Server", classes="label", markup=False)
            yield Input(self.services.profile.base_url or "", id="server", placeholder="https://…", max_length=2_000)
            with Horizontal(classes="buttons"):
                yield Button("Sign in", id="go")
                yield Button("Try it on sample drawings", id="demo")
                yield Button("Open this computer's workspace", id="here")
            yield Static(content(self._reason), id="message", markup=False)

    def on_mount(self) -> None:
        services = self.services
        self.query_one("#here", Button).display = services.has_workspace
        self.query_one("#demo", Button).display = services.demo_available
        self._first_start = services.demo_available and not (services.has_login or services.has_workspace)
        if self._first_start and not self._reason:
            hint = "No link? Press Enter to try gonogo on sample drawings: no account, no network."
            self.message.update(Content.styled(hint, "$quiet"))
        if self._embedded:
            self.add_class("-opening")  # the form only shows if this fails
            self._sign_in_here()

    async def action_back(self) -> None:
        """Returns to the login that is open, if the form was opened from there."""
        signed = self.services.remembered() if self._back and not self._busy else None
        if signed is not None:
            await app_of(self).navigator.open_after_sign_in(signed)

    @on(Button.Pressed, "#here")
    def _sign_in_here(self) -> None:
        self._start(self.services.sign_in_embedded, "Opening the workspace on this computer …")

    def on_paste(self, event: Paste) -> None:
        """Takes a link that is pasted while no field has the focus."""
        event.stop()
        self.link.focus()
        self.link.take(event.text)

    @on(Button.Pressed, "#demo")
    def _sign_in_demo(self) -> None:
        self._start(partial(self.services.sign_in_demo, self._show_progress), "Making the sample project …")

    def _show_progress(self, text: str) -> None:
        """Shows a step of the demo, from the thread that makes it."""
        self.app.call_from_thread(self.message.update, Content.styled(text, "$quiet"))

    @on(Input.Submitted)
    @on(Button.Pressed, "#go")
    def _sign_in(self) -> None:
        link, key, server = self.link.value.strip(), self.key.value.strip(), self.server.value.strip()
        if link:
            self._start(partial(self.services.sign_in_link, link, server or None), "Signing in …")
        elif key and server:
            self._start(partial(self.services.sign_in_key, key, server), "Signing in …")
        elif key:
            self._show_problem(
                "An API key needs its server's address.", "Type it in the third field, then press Enter."
            )
            self.server.focus()
        elif self._first_start:
            self._sign_in_demo()
        else:
            self._show_problem("There is nothing to sign in with yet.", "Paste the link you were sent, or an API key.")
            self.link.focus()

    def _start(self, sign_in: Callable[[], Awaitable[SignedIn]], message: str) -> None:
        if self._busy:
            return
        self._busy = True
        self.message.update(Content.styled(message, "$quiet"))
        self.run_worker(self._finish(sign_in), group="sign-in", exit_on_error=True)

    async def _finish(self, sign_in: Callable[[], Awaitable[SignedIn]]) -> None:
        try:
            signed = await sign_in()
        except (GonogoClientError, DeskError) as error:
            self._show_problem(str(error), error.next_step)
        except OSError as error:
            self._show_problem(f"This did not work: {error.strerror or error}", "Try again.")
        else:
            self.link.value = self.key.value = ""
            gonogo = app_of(self)
            gonogo.clear_notifications()  # those of earlier attempts
            if signed.storage == THIS_RUN:
                signed = await self._offer_file(signed)
            await gonogo.navigator.open_after_sign_in(signed)
        finally:
            self._busy = False
            self.remove_class("-opening")

    async def _offer_file(self, signed: SignedIn) -> SignedIn:
        """Asks whether to keep a session in a file where there is no keyring; Esc keeps it for this run only."""
        path = self.services.home.credential_file()
        card = Content("\n\n").join(
            [
                Content.styled("Stay signed in on this computer?", "bold $strong"),
                content(
                    f"{signed.note} gonogo can keep your session in a file that only your account can read, {path}. "
                    "Whoever reads it can answer in your name until the session ends.",
                    900,
                ),
                Content("Type yes to keep it. Esc: you'll need a new link next time."),
            ]
        )
        answer = await self.app.push_screen_wait(ConfirmScreen(card, _only_yes))
        if answer is None:
            return signed
        kept = await self.services.keep_in_file(signed)
        if kept.storage == THIS_RUN:
            app_of(self).show_notice(f"{path} can't be written; you're signed in for this run.", warning=True)
        return kept

    def _show_problem(self, problem: str, next_step: str) -> None:
        parts = [Content.assemble(("! ", "bold $error"), content(problem, 600))]
        if next_step:
            parts.append(content(next_step, 400))
        self.message.update(Content("\n").join(parts))


def _only_yes(text: str) -> str:
    """Returns the problem of an answer; empty for yes."""
    return "" if text.casefold() in ("yes", "y") else "Type yes, or press Esc."
