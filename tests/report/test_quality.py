"""Quality report as lines of text."""

from __future__ import annotations

from typing import Any

from gonogo.report.quality import COLUMN_LEGEND, gauge, report_lines, sparkline
from tests.server.review.conftest import Bench
from tests.server.web import LABELING


async def test_the_text_says_what_the_numbers_mean(bench: Bench) -> None:
    for verdict in ("correct", "incorrect", "correct"):
        await bench.vote(await bench.task(detail_kind="thread"), ann="correct", bob=verdict)
    await bench.vote(await bench.task(detail_kind="gdt"), ann="incorrect", bob="incorrect")
    async with bench.api() as api:
        report = (await api.campaign_quality(bench.campaign)).model_dump()
    text = "\n".join(report_lines(report, {bench.ids["ann"]: "Ana", bench.ids["bob"]: "Bob"}))
    assert "not accepted" in text
    assert "8 submissions on 4 tasks" in text
    assert "not known below 10 gold answers" in text
    for words in ("Ana", "Bob", "pmi · thread", "Krippendorff", "→ "):
        assert words in text
    assert max(map(len, text.splitlines())) < 200
    assert "\x1b" not in text


def test_a_share_stands_behind_its_numbers() -> None:
    share = {"share": 0.0, "interval": [0.0, 0.5615], "k": 0, "n": 3}
    details = {"false_accept": share, "false_reject": None}
    plain = {"alpha": 0.5, "acceptance_alpha": 0.8, "accepted": False, "n_tasks": 1, "n_submissions": 2}
    text = "\n".join(report_lines({**plain, "annotators": [], "gonogo": details}))
    assert "0 of 3 (0 %, 95 % range 0–56 %)" in text


async def test_an_empty_campaign_and_a_plain_server(bench: Bench) -> None:
    path = f"{LABELING}/campaigns/{bench.campaign}/quality"
    empty = (await bench.web.lead.get(path)).json()
    text = "\n".join(report_lines(empty))
    assert "alpha  not known yet" in text
    assert "Nobody has voted yet." in text
    plain = {"alpha": 0.5, "acceptance_alpha": 0.8, "accepted": False, "n_tasks": 1, "n_submissions": 2, "gonogo": None}
    assert "0.500" in "\n".join(report_lines({**plain, "annotators": None}))


def test_the_gauge_puts_everything_in_its_place() -> None:
    assert gauge(0.5, (0.25, 0.75), 0.8, 21) == "0 ├─────━━━━━●━━━━━┊────┤ 1"
    assert gauge(None, None, 0.8, 21) == "0 ├────────────────┊────┤ 1"
    assert gauge(-0.3, (-0.5, 0.1), 0.0, 21).startswith("0 ├⊙━━")
    assert sparkline([1, 1]) == "▄▄"
    assert sparkline([0, 5, 10]) == "▁▄█"


def test_a_confusion_matrix_that_is_too_wide_becomes_the_most_frequent_confusions() -> None:
    matrix = {"verdicts": ["correct", "incorrect", "unsure"], "counts": [[9, 1, 0], [4, 7, 2], [0, 0, 3]]}
    report = {"alpha": None, "annotators": None, "gonogo": {"confusion": matrix}}
    assert any("given →" in line for line in report_lines(report, width=120))
    narrow = report_lines(report, width=40)
    head = next(index for index, line in enumerate(narrow) if line.startswith("Known answer"))
    rows = [line.split() for line in narrow[head + 1 : head + 4]]
    assert rows == [["incorrect", "correct", "4"], ["incorrect", "unsure", "2"], ["correct", "incorrect", "1"]]


def test_the_legend_explains_the_columns_that_are_shown() -> None:
    person = {"annotator_user_id": "u", "n_submissions": 3, "trust": 0.9, "gold_accuracy": 0.9}
    person |= {"reliability": 0.9, "consensus_agreement": 0.9}
    report: dict[str, Any] = {"alpha": None, "annotators": [person], "gonogo": {}}
    for width, shown in ((50, {"trust"}), (200, set(COLUMN_LEGEND))):
        lines = report_lines(report, {"u": "ana@works.example"}, width)
        head = next(line for line in lines if line.startswith("annotator"))
        text = " ".join(" ".join(lines).split())
        assert shown <= {column for column in COLUMN_LEGEND if column in head}
        for column, meaning in COLUMN_LEGEND.items():
            assert (f"{column} = {meaning}" in text) == (column in head)


def test_a_row_by_kind_is_one_line_at_80_columns() -> None:
    kinds = [
        {"name": name, "n_tasks": 30, "n_paired": 9, "n_split": 5, "alpha": alpha}
        for name, alpha in (("title_block · general_tolerance_of_the_title_block", None), ("pmi · gdt", 0.28))
    ]
    lines = report_lines({"alpha": None, "annotators": [], "gonogo": {"by_kind": kinds}}, width=76)
    assert max(map(len, lines)) <= 76
    (row,) = (line for line in lines if line.startswith("title block · general tol"))
    assert row.split()[-4:] == ["30", "9", "5", "–"]
