"""Effect of new settings as lines of text."""

from __future__ import annotations

import pytest

from gonogo.report.settings_effect import settings_effect_lines
from gonogo.schemas.gonogo_api import SettingsEffect


@pytest.mark.parametrize(
    ("counts", "resettle", "lines"),
    [
        ((9, 0, 0), False, ["No task changes by this."]),
        ((9, 1, 0), False, ["1 task will be settled by this."]),
        (
            (312, 0, 31),
            False,
            ["31 of 312 settled tasks are not safe by these settings, and stay settled; --resettle changes that."],
        ),
        (
            (312, 4, 31),
            True,
            [
                "4 tasks will be settled by this.",
                "31 of 312 settled tasks are not safe by these settings, and go back to voters or to review.",
            ],
        ),
    ],
)
def test_a_lead_reads_what_a_change_does(counts: tuple[int, int, int], resettle: bool, lines: list[str]) -> None:
    n_settled, n_newly_settled, n_resettled = counts
    effect = SettingsEffect(n_settled=n_settled, n_newly_settled=n_newly_settled, n_resettled=n_resettled)
    assert settings_effect_lines(effect, resettle=resettle) == lines
