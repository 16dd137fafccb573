"""Which screen comes when: signing in, a campaign's questions or its review queue, practice, what leads look at."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from textual.app import App

if TYPE_CHECKING:
    from textual.screen import Screen

    from gonogo.desk.account.sign_in import Account, SignedIn
    from gonogo.desk.annotate.session import AnnotateSession
    from gonogo.desk.review.session import ReviewSession

CLOSE_SECONDS = 1.5
"""How long leaving may take; a signal must end the program within two seconds."""


class Navigator(App[None]):
    """The part of the application that goes from screen to screen; each screen is loaded when it is first shown."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (64, "-normal"), (104, "-wide")]
    VERTICAL_BREAKPOINTS = [
        (0, "-low"),
        (14, "-short"),
        (20, "-medium"),
        (32, "-tall"),
    ]

    services: Account
    clock: Callable[[], float]
    desk: AnnotateSession | ReviewSession | None
    reviewing: bool
    _practising: bool
    _working_in: str
    _campaign_id: str | None
    _opened: str

    def say(self, text: str, *, warning: bool = False, error: bool = False, seconds: float = 5) -> None:
        raise NotImplementedError

    def show_sign_in(self, reason: str = "", *, embedded: bool = False) -> None:
        from gonogo.tui.screens.common.sign_in import SignInScreen

        self._only(SignInScreen(reason, embedded=embedded))

    async def go_on(self, signed: SignedIn) -> None:
        """Signed in: to the campaign's questions, or to the choice of campaigns."""
        chosen = self._campaign_id or signed.campaign_id
        if chosen and not self.reviewing:
            await self.open_campaign(signed, chosen)
            return
        from gonogo.tui.screens.common.choose_campaign import ChooseCampaignScreen

        self._only(ChooseCampaignScreen(signed, chosen or ""))

    async def open_campaign(self, signed: SignedIn, campaign_id: str) -> None:
        """Its questions, or, when reviewing, its review queue; practice before them when that was asked for."""
        self._working_in = campaign_id
        if self.reviewing:
            await self.open_review(signed, campaign_id)
            return
        if self._practising:
            self._practising = False
            self._only(self._practice(signed, campaign_id, lambda: self.open_campaign(signed, campaign_id)))
            return
        from gonogo.tui.screens.work.annotate import AnnotateScreen

        await self.close_desk()
        self.desk, self._opened = self.services.open_desk(signed, campaign_id), campaign_id
        self._only(AnnotateScreen(self.desk, clock=self.clock, profile=self.services.profile))

    async def open_review(self, signed: SignedIn, campaign_id: str, task_id: str = "") -> None:
        """The campaign's review queue; with `task_id` on to that task, once it is there."""
        from gonogo.tui.screens.work.review import ReviewScreen

        await self.close_desk()
        desk = self.services.open_review(signed, campaign_id)
        self.reviewing, self.desk = True, desk
        self._only(ReviewScreen(desk, signed, campaign_id, task_id))

    async def action_review(self) -> None:
        """From wherever one is to the review queue of the campaign worked in."""
        signed = self.services.remembered()
        if signed is None:
            self.show_sign_in("Sign in to review.")
            return
        self.reviewing = True
        await self.go_on(signed)

    def action_practice(self) -> None:
        """Practice in the campaign worked in; leaving comes back here."""
        signed = self.services.remembered()
        campaign_id = self._working_in or (signed.campaign_id if signed is not None else None)
        if signed is None or not campaign_id:
            self.say("Open a campaign first; practice is on its items.")
            return
        self.push_screen(self._practice(signed, campaign_id), self._practised)

    def _practice(
        self, signed: SignedIn, campaign_id: str, then: Callable[[], Awaitable[None]] | None = None
    ) -> Screen[None]:
        from gonogo.desk.practice.session import PracticeSession
        from gonogo.tui.screens.work.practice import PracticeScreen

        practice = PracticeSession(self.services.visiting(signed, campaign_id))
        return PracticeScreen(practice, clock=self.clock, profile=self.services.profile, then=then)

    def _practised(self, _: object) -> None:
        if self.desk is not None:
            self.desk.retry_now()  # the queue may be open now

    def action_lead(self) -> None:
        signed = self.services.remembered()
        if signed is None:
            self.show_sign_in("Sign in to see your campaigns.")
            return
        from gonogo.tui.screens.lead.campaign_dashboard import CampaignDashboardScreen

        self.push_screen(CampaignDashboardScreen(signed))

    def action_results(self) -> None:
        signed = self.services.remembered()
        if signed is None:
            self.show_sign_in("Sign in to see results.")
            return
        from gonogo.desk.results.source import of_login
        from gonogo.tui.screens.results.cases import ResultsScreen

        self.push_screen(ResultsScreen(of_login(self.services, signed)))

    def show_annotators(self, signed: SignedIn, campaign_id: str, name: str) -> None:
        """Who votes in a campaign, and what a lead may do about it."""
        from gonogo.tui.screens.lead.annotators import AnnotatorsScreen

        self.push_screen(AnnotatorsScreen(signed, campaign_id, name))

    def show_candidates(self, signed: SignedIn, campaign_id: str, name: str) -> None:
        """The rulings of a campaign that are proposed as gold."""
        from gonogo.desk.practice.browse import CampaignBrowser
        from gonogo.tui.screens.lead.gold_candidates import GoldCandidatesScreen

        visit = CampaignBrowser(self.services.visiting(signed, campaign_id))
        self.push_screen(GoldCandidatesScreen(visit, name, self.clock, self.services.profile))

    def _size_classes(self) -> list[str]:
        """The classes Textual gives a screen of this size after its first layout, which is then not done again."""
        steps_of = (self.HORIZONTAL_BREAKPOINTS or [], self.VERTICAL_BREAKPOINTS or [])
        sizes = zip(steps_of, self.size, strict=True)
        return [[name for least, name in steps if size >= least][-1] for steps, size in sizes]

    def _only(self, screen: Any) -> None:
        """Make `screen` the one that is shown: what lies under it is not kept."""
        screen.add_class(*self._size_classes())
        if len(self.screen_stack) > 1:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    async def close_desk(self) -> None:
        """Send what may be sent in a short time, and close. The outbox keeps the rest for the next start."""
        desk, self.desk = self.desk, None
        if desk is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(desk.close(), CLOSE_SECONDS)
