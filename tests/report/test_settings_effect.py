"""Effect of new settings as lines of text."""

from __future__ import annotations

import pytest

from gonogo.report.settings_effect import settings_effect_lines
from gonogo.schemas.gonogo_api import SettingsEffect


@pytest.mark.parametrize(
    ("counts", "resettle", "lines"),
    [
        ((9, 0, 0, 0, 0), False, ["No task changes by this."]),
        ((9, 1, 0, 0, 0), False, ["1 task will be settled by this."]),
        (
            (312, 0, 31, 20, 0),
            False,
            [
                "31 of 312 settled tasks are not safe by these settings, and stay settled. "
                "With --resettle 20 go back to voters, 11 to review."
            ],
        ),
        (
            (312, 4, 31, 0, 0),
            True,
            [
                "4 tasks will be settled by this.",
                "31 of 312 settled tasks are not safe by these settings: 31 go to review.",
            ],
        ),
        (
            (312, 0, 1, 1, 1),
            False,
            [
                "1 of 312 settled tasks is not safe by these settings; the values of 1 differ now, "
                "so that only --resettle can change this: 1 goes back to voters."
            ],
        ),
    ],
)
def test_a_lead_reads_what_a_change_does(
    counts: tuple[int, int, int, int, int], resettle: bool, lines: list[str]
) -> None:
    names = ("n_settled", "n_newly_settled", "n_resettled", "n_reopened", "n_not_kept")
    effect = SettingsEffect(**dict(zip(names, counts, strict=True)))
    assert settings_effect_lines(effect, resettle=resettle) == lines
