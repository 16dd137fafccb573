"""Texts of the model screen: its report as lines, and one wrong prediction of those that were surest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from gonogo.desk.core.models import DeskTask
from gonogo.report.model import report_lines
from gonogo.tui.presenters.common.format import field_line, percent, value_text
from gonogo.tui.text import one_line, plain, styled

if TYPE_CHECKING:
    from gonogo.schemas.model_report import ModelError, ModelReport

NO_PROJECT = "This campaign belongs to no project, so there is no model to report on."


class ModelPage:
    """Entry of the list: the whole report, or one of its surest errors."""

    def __init__(self, error: ModelError | None = None) -> None:
        self.error = error

    @property
    def key(self) -> str:
        return "" if self.error is None else self.error.prediction_id


def pages(report: ModelReport) -> list[ModelPage]:
    """The report, then its surest errors."""
    return [ModelPage(), *(ModelPage(error) for error in report.errors)]


def entry(page: ModelPage) -> Content:
    """Entry of a page: what was read instead of what."""
    if page.error is None:
        return Content.assemble(("report\n", "bold $foreground"), ("  accuracy, thresholds, audits", "$quiet"))
    read, truth = value_text(page.error.predicted_value, 24), value_text(page.error.truth, 24) or "not known"
    sure = "" if page.error.confidence is None else f"sure {percent(page.error.confidence)}"
    facts = " · ".join(filter(None, (sure, one_line(page.error.part or "", 22))))
    return Content.assemble(
        ("✗ ", "bold $incorrect"), styled(f"{read} for {truth}", "$foreground"), "\n  ", styled(facts, "$quiet")
    )


def report_text(report: ModelReport) -> Content:
    """The report, line by line; its errors are in the list."""
    return Content("\n").join(
        [_styled(plain(line.replace("\n", " "), 400)) for line in report_lines(report, with_errors=False)]
    )


def _styled(line: str) -> Content:
    if line.startswith(("predictions", "accuracy")):
        return Content.styled(line, "bold $strong")
    if line.startswith("→"):
        return Content.styled(line, "$accent")
    return Content.styled(line, "$warning" if line.lstrip().startswith("!") else "$foreground")


def error_text(error: ModelError) -> Content:
    """A wrong prediction: what was read, what is right, why, and how sure the model was."""
    fields = [
        ("read", value_text(error.predicted_value)),
        ("right", value_text(error.truth) or "not known: people only said that it is wrong"),
        ("why", error.reason),
        ("sure", percent(error.confidence)),
        ("by", error.source or "–"),
        ("part", error.part or "–"),
        ("field", error.field_name or error.kind or "–"),
    ]
    return Content("\n").join([field_line(name, styled(one_line(text, 200), "$foreground")) for name, text in fields])


def task_of(error: ModelError, campaign_id: str) -> DeskTask:
    """The place of a wrong prediction, as the drawing is asked for it."""
    box = tuple(error.drawing_bbox) if error.drawing_bbox else None
    return DeskTask(
        id=error.task_id or error.prediction_id,
        campaign_id=campaign_id,
        prompt=error.prompt or "",
        predicted_value=error.predicted_value,
        detail_kind=error.kind or "",
        field_name=error.field_name or "",
        bbox=box,
        part_revision_id=error.part_revision_id,
        links=(("part", error.part),) if error.part else (),
    )
