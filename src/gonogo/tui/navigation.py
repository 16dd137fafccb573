"""Navigation between screens: sign-in, a campaign's tasks or its review queue, practice, the screens for leads."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from textual.app import App

from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.startup_shortcuts import size_classes
from gonogo.tui.widgets.task.task_pane import TaskPane

if TYPE_CHECKING:
    from textual.screen import Screen

    from gonogo.desk.account.account_service import Account
    from gonogo.desk.account.identity import SignedIn
    from gonogo.desk.annotate.session import AnnotateSession
    from gonogo.desk.practice.tour import Lesson
    from gonogo.desk.review.session import ReviewSession
    from gonogo.tui.screens.lead_and_results import LeadScreenFactory

Start = Literal["auto", "sign_in", "annotate", "embedded", "review", "practice"]
"""`auto` and `annotate` resume the last login, `review` its review queue, `practice` practises before the work;
`embedded` opens the workspace on this computer."""
CLOSE_SECONDS = 1.5
"""Limit for closing a session; a signal must end the program within two seconds."""


class Notice(Protocol):
    """Callback that shows a short notice; see `GonogoApp.show_notice`."""

    def __call__(self, text: str, *, seconds: float = 5) -> None: ...


class Navigator:
    """Navigator: owns the open session and decides which screen follows.

    The annotate screen is on the path to the first frame; the other screens are imported when they are first shown.
    """

    def __init__(
        self,
        app: App[None],
        services: Account,
        notice: Notice,
        *,
        clock: Callable[[], float],
        start: Start = "auto",
        campaign_id: str | None = None,
        campaign: str | None = None,
    ) -> None:
        """`campaign_id` is opened as it is; `campaign` is a name or an id to look up at the login's server."""
        self._app = app
        self._services = services
        self._notice = notice
        self._clock = clock
        self._start = start
        self._campaign_id = campaign_id
        self._campaign_name = campaign
        self._practising = start == "practice"
        self.session: AnnotateSession | ReviewSession | None = None
        self.reviewing = start == "review"
        self.campaign_id = campaign_id or ""
        """Id of the campaign opened last."""
        self.standalone_screen: Callable[[], Screen[None]] | None = None
        """Factory of a screen shown alone, without a login; leaving it ends the program."""

    async def show_first_screen(self) -> None:
        """Shows the first screen of the requested start."""
        if self.standalone_screen is not None:
            self._replace_screen(self.standalone_screen())
            return
        signed = None if self._start == "sign_in" else self._services.remembered()
        workspace_only = self._services.has_workspace and not self._services.has_login and self._start != "sign_in"
        if self._start == "embedded" and (signed is None or signed.kind != "embedded"):
            self.show_sign_in(embedded=True)
        elif signed is None:
            self.show_sign_in(embedded=workspace_only)  # what was imported here needs no sign-in
        else:
            await self.open_after_sign_in(signed)

    def show_sign_in(self, reason: str = "", *, embedded: bool = False, back: bool = False) -> None:
        """Shows the sign-in form; `back` lets Esc return to the login that is open."""
        from gonogo.tui.screens.common.sign_in import SignInScreen  # loaded when first shown

        self._replace_screen(SignInScreen(reason, embedded=embedded, back=back))

    def show_switch(self) -> None:
        """Shows where else one can work: campaigns, the review queue, other logins."""
        signed = self._services.remembered()
        if signed is None:
            self._notice("Sign in first.")
            return
        from gonogo.tui.screens.common.switch import SwitchScreen  # loaded when first shown

        if not isinstance(self._app.screen, SwitchScreen):
            self._app.push_screen(SwitchScreen(signed))

    async def switch_login(self, signed: SignedIn) -> None:
        """Goes on under another known login, in its last campaign."""
        await self.close_session()
        self._services.switch_login(signed)
        self.reviewing = False
        await self.open_after_sign_in(signed)

    async def open_workspace(self) -> None:
        """Opens the workspace on this computer; the login of before stays known."""
        await self.close_session()
        self.show_sign_in(embedded=True)

    async def open_after_sign_in(self, signed: SignedIn) -> None:
        """Opens the campaign of the login, the one that was asked for by name, or the choice of campaigns."""
        name, self._campaign_name = self._campaign_name, None
        if name:
            self._replace_screen(self._choice(signed, name))
            return
        campaign_id, self._campaign_id = self._campaign_id or signed.campaign_id, None
        if campaign_id and not self.reviewing:
            await self.open_campaign(signed, campaign_id)
            return
        self._replace_screen(self._choice(signed, campaign_id or ""))

    async def look_in_workspace(self, campaign: str) -> bool:
        """Looks for a campaign in the workspace on this computer; returns false if there is no workspace."""
        signed = self._services.remembered()
        if not self._services.has_workspace or signed is None or signed.kind == "embedded":
            return False
        self._replace_screen(self._choice(await self._services.sign_in_embedded(), campaign))
        return True

    def _choice(self, signed: SignedIn, preferred: str) -> Screen[None]:
        from gonogo.tui.screens.common.choose_campaign import ChooseCampaignScreen  # loaded when first shown

        return ChooseCampaignScreen(signed, preferred)

    async def open_campaign(self, signed: SignedIn, campaign_id: str) -> None:
        """Opens the campaign's tasks, or its review queue when reviewing; practice first if it was requested."""
        self.campaign_id = campaign_id
        if self.reviewing:
            await self.open_review(signed, campaign_id)
            return
        if self._practising:
            self._practising = False
            self._replace_screen(self._practice(signed, campaign_id, lambda: self.open_campaign(signed, campaign_id)))
            return
        await self.close_session()
        if lessons := self._services.tour_lessons(campaign_id):
            self._replace_screen(self._tour(signed, campaign_id, lessons))
            return
        self.session = self._services.open_desk(signed, campaign_id)
        self._replace_screen(AnnotateScreen(self.session, clock=self._clock, profile=self._services.profile))

    def _tour(self, signed: SignedIn, campaign_id: str, lessons: Sequence[Lesson]) -> Screen[None]:
        """The tour of the demo; the campaign follows."""
        from gonogo.tui.screens.work.tour import TourScreen  # once in a home's life

        async def go_on(notice: str) -> None:
            await self.open_campaign(signed, campaign_id)
            self._notice(notice, seconds=8)

        session = self._services.open_tour(signed, campaign_id, lessons)
        self.session = session
        return TourScreen(session, lessons, clock=self._clock, profile=self._services.profile, then=go_on)

    async def open_review(self, signed: SignedIn, campaign_id: str, task_id: str = "") -> None:
        """Opens the campaign's review queue; with `task_id`, that task as soon as the queue lists it."""
        from gonogo.tui.screens.expert.review import ReviewScreen  # loaded when first shown

        await self.close_session()
        session = self._services.open_review(signed, campaign_id)
        self.reviewing, self.session = True, session
        self._replace_screen(ReviewScreen(session, signed, campaign_id, task_id))

    async def show_review(self) -> None:
        """Opens the review queue of the campaign that was opened last, or from there its questions."""
        signed = self._services.remembered()
        if signed is None:
            self.show_sign_in("Sign in to review.")
            return
        self.reviewing = not self.reviewing
        if self.campaign_id:
            await self.open_campaign(signed, self.campaign_id)
        else:
            await self.open_after_sign_in(signed)

    def show_practice(self) -> None:
        """Opens practice in the current campaign; leaving it returns to the screen below."""
        signed = self._services.remembered()
        campaign_id = self.campaign_id or (signed.campaign_id if signed is not None else None)
        if signed is None or not campaign_id:
            self._notice("Open a campaign first; practice is on its items.")
            return
        self._app.push_screen(self._practice(signed, campaign_id), self._after_practice)

    def _practice(
        self, signed: SignedIn, campaign_id: str, then: Callable[[], Awaitable[None]] | None = None
    ) -> Screen[None]:
        from gonogo.tui.screens.work.practice import PracticeScreen  # loaded when first shown

        visit = self._services.visiting(signed, campaign_id)
        return PracticeScreen(visit, clock=self._clock, profile=self._services.profile, then=then)

    def _after_practice(self, _: object) -> None:
        if self.session is not None:
            self.session.retry_now()  # passing the practice may have opened the queue

    def show_whole_sheet(self) -> None:
        """Opens the whole drawing of the question on the screen; leaving it shows the question as it was."""
        from gonogo.tui.screens.work.whole_sheet import WholeSheetScreen  # loaded when first shown

        pane = next(iter(self._app.screen.query(TaskPane)), None)
        if pane is not None and pane.current is not None and not pane.editing:
            self._app.push_screen(WholeSheetScreen(pane, pane.current))

    def show_campaigns(self) -> None:
        """Opens the lead's dashboard."""
        signed = self._services.remembered()
        if signed is None:
            self.show_sign_in("Sign in to see your campaigns.")
            return
        self._app.push_screen(self._lead_screens().dashboard(signed))

    def show_results(self) -> None:
        """Opens the results of the login's server."""
        signed = self._services.remembered()
        if signed is None:
            self.show_sign_in("Sign in to see results.")
            return
        self._app.push_screen(self._lead_screens().results(signed))

    def show_annotators(self, signed: SignedIn, campaign_id: str, name: str) -> None:
        """Opens the annotators of a campaign and a lead's actions on them."""
        self._app.push_screen(self._lead_screens().annotators(signed, campaign_id, name))

    def show_candidates(self, signed: SignedIn, campaign_id: str, name: str) -> None:
        """Opens the gold candidates of a campaign."""
        self._app.push_screen(self._lead_screens().candidates(signed, campaign_id, name))

    def show_model(self, signed: SignedIn, campaign_id: str, name: str) -> None:
        """Opens the model report of a campaign's project."""
        self._app.push_screen(self._lead_screens().model(signed, campaign_id, name))

    def _lead_screens(self) -> LeadScreenFactory:
        from gonogo.tui.screens.lead_and_results import LeadScreenFactory  # loaded when first shown

        return LeadScreenFactory(self._services, self._clock)

    def _replace_screen(self, screen: Screen[None]) -> None:
        """Shows `screen` in place of the current one and of those below it."""
        screen.add_class(*size_classes(self._app))
        while len(self._app.screen_stack) > 2:
            self._app.pop_screen()
        if len(self._app.screen_stack) > 1:
            self._app.switch_screen(screen)
        else:
            self._app.push_screen(screen)

    async def close_session(self) -> None:
        """Closes the open session after at most `CLOSE_SECONDS` of sending; the outbox keeps the rest on disk."""
        session, self.session = self.session, None
        if session is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(session.close(), CLOSE_SECONDS)
