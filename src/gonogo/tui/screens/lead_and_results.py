"""Import seam of the lead's and results screens: loads them together, after the first frame."""

from __future__ import annotations

from collections.abc import Callable

from gonogo.desk.account.account_service import Account
from gonogo.desk.account.identity import SignedIn
from gonogo.desk.results.results_login import of_login
from gonogo.desk.session.campaign_access import CampaignAccess
from gonogo.tui.screens.lead.annotators import AnnotatorsScreen
from gonogo.tui.screens.lead.campaign_dashboard import CampaignDashboardScreen
from gonogo.tui.screens.lead.gold_candidates import GoldCandidatesScreen
from gonogo.tui.screens.lead.model import ModelScreen
from gonogo.tui.screens.results.cases import ResultsScreen


class LeadScreenFactory:
    """Factory of the screens of leads and of results."""

    def __init__(self, services: Account, clock: Callable[[], float]) -> None:
        self._services = services
        self._clock = clock

    def dashboard(self, signed: SignedIn) -> CampaignDashboardScreen:
        return CampaignDashboardScreen(signed)

    def results(self, signed: SignedIn) -> ResultsScreen:
        return ResultsScreen(of_login(self._services, signed))

    def annotators(self, signed: SignedIn, campaign_id: str, name: str) -> AnnotatorsScreen:
        return AnnotatorsScreen(signed, campaign_id, name)

    def candidates(self, signed: SignedIn, campaign_id: str, name: str) -> GoldCandidatesScreen:
        browser = CampaignAccess(self._services.visiting(signed, campaign_id))
        return GoldCandidatesScreen(browser, name, self._clock, self._services.profile)

    def model(self, signed: SignedIn, campaign_id: str, name: str) -> ModelScreen:
        browser = CampaignAccess(self._services.visiting(signed, campaign_id))
        return ModelScreen(browser, name, self._services.profile)
