"""The registry of actions, and keys of a person's own."""

from __future__ import annotations

import pytest

from gonogo.tui import actions
from gonogo.tui.actions import ACTIONS, ANNOTATE, BY_ID, EDIT, EVERYWHERE
from gonogo.tui.app import GonogoApp
from gonogo.tui.screens.common.choose_campaign import ChooseCampaignScreen
from gonogo.tui.screens.expert.adjudicate import AdjudicateScreen
from gonogo.tui.screens.expert.cluster_sheet import ClusterSheetScreen
from gonogo.tui.screens.expert.contact_sheet import ContactSheetScreen
from gonogo.tui.screens.expert.review import ReviewScreen
from gonogo.tui.screens.lead.annotators import AnnotatorsScreen
from gonogo.tui.screens.lead.campaign_dashboard import CampaignDashboardScreen
from gonogo.tui.screens.lead.campaign_settings import CampaignSettingsScreen
from gonogo.tui.screens.lead.gold_candidates import GoldCandidatesScreen
from gonogo.tui.screens.lead.model import ModelScreen
from gonogo.tui.screens.lead.quality import QualityScreen
from gonogo.tui.screens.results.case import CaseScreen
from gonogo.tui.screens.results.cases import ResultsScreen
from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.screens.work.equal_values import EqualValuesScreen
from gonogo.tui.screens.work.history import HistoryScreen
from gonogo.tui.screens.work.practice import PracticeScreen
from gonogo.tui.screens.work.tour import TourScreen
from gonogo.tui.screens.work.whole_sheet import WholeSheetScreen
from gonogo.tui.widgets.task.task_pane import TaskPane

OWNERS: dict[actions.Scope, type] = {
    EVERYWHERE: GonogoApp,
    ANNOTATE: AnnotateScreen,
    EDIT: AnnotateScreen,
    actions.CHOOSE: ChooseCampaignScreen,
    actions.HISTORY: HistoryScreen,
    actions.EQUAL: EqualValuesScreen,
    actions.SHEET: WholeSheetScreen,
    actions.REVIEW: ReviewScreen,
    actions.ADJUDICATE: AdjudicateScreen,
    actions.CONTACT: ContactSheetScreen,
    actions.CLUSTER: ClusterSheetScreen,
    actions.QUALITY: QualityScreen,
    actions.MODEL: ModelScreen,
    actions.CANDIDATES: GoldCandidatesScreen,
    actions.ANNOTATORS: AnnotatorsScreen,
    actions.PRACTICE: PracticeScreen,
    actions.TOUR: TourScreen,
    actions.LEAD: CampaignDashboardScreen,
    actions.SETTINGS: CampaignSettingsScreen,
    actions.RESULTS: ResultsScreen,
    actions.CASE: CaseScreen,
}


def test_ids_are_unique_and_every_action_can_be_called() -> None:
    assert len(BY_ID) == len(ACTIONS)
    for scope, owner in OWNERS.items():
        for action in scope.actions:
            called = action.call.removeprefix("pane('").removeprefix("app.").split("(")[0].removesuffix("')")
            node = {"pane": TaskPane, "app.": GonogoApp}.get(action.call[:4], owner)
            assert hasattr(node, "action_" + called), action.id
            assert action.help.endswith(".")
            assert len(action.help) <= 54, "one row of the help screen"
    assert set(OWNERS) == set(actions.SCOPES)


@pytest.mark.parametrize("scope", [scope for scope in OWNERS if scope != EVERYWHERE], ids=lambda scope: scope.name)
def test_no_two_actions_of_a_scope_share_a_key(scope: actions.Scope) -> None:
    keys = [key for action in actions.in_scope(scope, EVERYWHERE) for key in action.keys]
    assert len(keys) == len(set(keys))
